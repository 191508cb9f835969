"""A caller's mistakes, and what cannot be done now: a small tree that knows nothing of HTTP.

`detail` is one sentence for the user: what is wrong, and what to do.
"""

from datetime import datetime

from tuyen_events.ids import AgentId, ContactId


class GatewayError(Exception):
    """The root; never raised itself."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class UnauthenticatedError(GatewayError):
    """The caller is unknown: no token, an expired token, a wrong password."""


class ForbiddenError(GatewayError):
    """The viewer is known and may not do this."""


class NotFoundError(GatewayError):
    """It does not exist, or the viewer may not see it (R7.2): the two cannot be distinguished."""


class MergedError(GatewayError):
    """The contact was merged into another one (C2), which the viewer sees."""

    def __init__(self, contact_id: ContactId, survivor: ContactId) -> None:
        super().__init__(f"This contact was merged into {survivor!r}: ask for that one.")
        self.contact_id = contact_id
        self.survivor = survivor


class ConflictError(GatewayError):
    """The request conflicts with the present state."""


class TakenError(GatewayError):
    """Another agent has it already (R6.6)."""

    def __init__(self, detail: str, agent_id: AgentId | None) -> None:
        super().__init__(detail)
        self.agent_id = agent_id


class InvalidError(GatewayError):
    """The request is well-formed and wrong. `field` is the name of the wrong field, with dots where
    one is part of another; empty if no single field is wrong."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field


class WindowClosedError(GatewayError):
    """The channel accepts no message to the customer any more, or none yet (P5). `ended_at` is when
    it stopped; null if it never began."""

    def __init__(self, detail: str, ended_at: datetime | None) -> None:
        super().__init__(detail)
        self.ended_at = ended_at


class InvalidCursorError(GatewayError):
    """A list cannot be continued from this cursor."""


class InvalidVersionError(GatewayError):
    """The expected version that a caller sent is not a version."""


class VersionPassedError(GatewayError):
    """Another change came first (R6.4). Contains the present version."""

    def __init__(self, detail: str, version: int, agent_id: AgentId | None) -> None:
        super().__init__(detail)
        self.version = version
        self.agent_id = agent_id


class TooLargeError(GatewayError):
    """What was sent is longer than allowed."""


class TooManyAttemptsError(GatewayError):
    """The next attempt is refused without being checked until `retry_after_s` seconds have
    passed."""

    def __init__(self, detail: str, retry_after_s: int) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class UnavailableError(GatewayError):
    """Temporarily unavailable: a table or a view is behind, or a server did not answer in time.
    Worth a retry."""


class ChannelUnavailableError(GatewayError):
    """A channel did not answer, or not as it should, or wants fewer calls. Worth a retry."""


class ChannelRefusedError(GatewayError):
    """A channel refused what it was asked, and would do so again. `code` and the sentences in
    Vietnamese and English are words of ours: a channel's own may contain what it was given."""

    def __init__(self, code: str, vi: str, en: str) -> None:
        super().__init__(en)
        self.code = code
        self.vi = vi
        self.en = en
