"""The bodies with which Zalo refuses, all of them with status 200: callers decide on `error`."""

from tuyen_doubles.exchange import ChannelRefusalError, DoubleAnswer

_OK = 200


def refuse(code: int, message: str) -> ChannelRefusalError:
    return ChannelRefusalError(DoubleAnswer(_OK, {"error": code, "message": message}))


def dead_token() -> ChannelRefusalError:
    return refuse(-216, "Access token is invalid")


def bad_user() -> ChannelRefusalError:
    return refuse(-201, "user_id is invalid!")


def bad_parameter(name: str) -> ChannelRefusalError:
    return refuse(-201, f"{name} is invalid!")


def too_long(name: str) -> ChannelRefusalError:
    return refuse(-210, f"{name} is over limit")


def expired_attachment() -> ChannelRefusalError:
    return refuse(-100, "Attachment is expired")


def no_interaction() -> ChannelRefusalError:
    return refuse(-230, "User has not interacted with the OA in the past 7 days")


def unknown_api() -> ChannelRefusalError:
    return refuse(-404, "Empty api")


def refuse_token(code: int, name: str, description: str) -> ChannelRefusalError:
    """The OAuth host words its errors in another way."""
    body = {
        "error_name": name,
        "error_reason": "",
        "ref_doc": "https://developers.zalo.me/docs",
        "error_description": description,
        "error": code,
    }
    return ChannelRefusalError(DoubleAnswer(_OK, body))
