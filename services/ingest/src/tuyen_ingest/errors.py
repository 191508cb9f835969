"""Why a visitor's request is refused. The routes decide how a caller is answered."""


class VisitorRefusedError(Exception):
    """A visitor's request is refused; `detail` is a sentence for whoever wrote the caller."""

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(detail)


class NoSuchPageError(VisitorRefusedError):
    """There is no such page, it is inactive, or its organization is suspended."""


class SiteNotAllowedError(VisitorRefusedError):
    """The request comes from a site that is not among the page's `sites`."""


class StrangeVisitorError(VisitorRefusedError):
    """The visitor's token is missing or invalid: a new session has to be opened."""


class WrongUserHashError(VisitorRefusedError):
    """The site did not sign this user's id."""


class NoSuchFileError(VisitorRefusedError):
    """The address of a file is invalid or has ended, or the file is gone."""


class InvalidRequestError(VisitorRefusedError):
    """The request cannot be read, or exceeds a limit."""


class PictureTooLargeError(VisitorRefusedError):
    """The picture has too many bytes."""


class TooOftenError(VisitorRefusedError):
    """The caller has to wait."""

    def __init__(self, detail: str, wait_s: float) -> None:
        super().__init__(detail)
        self.wait_s = wait_s


class RetryLaterError(VisitorRefusedError):
    """Something that is needed is unavailable at the moment: the same request may succeed soon."""
