"""The bodies with which the Graph API refuses: callers decide on `code` and `error_subcode`."""

import base64
import secrets
from typing import Any

from tuyen_doubles.exchange import ChannelRefusalError, DoubleAnswer

_BAD_REQUEST = 400


def refuse(message: str, code: int, subcode: int | None = None) -> ChannelRefusalError:
    """A refusal as the Graph API words it."""
    error: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code}
    if subcode is not None:
        error["error_subcode"] = subcode
    error["fbtrace_id"] = "A" + base64.urlsafe_b64encode(secrets.token_bytes(16)).decode()[:22]
    return ChannelRefusalError(DoubleAnswer(_BAD_REQUEST, {"error": error}))


def refuse_parameter(message: str) -> ChannelRefusalError:
    return refuse(f"(#100) {message}", 100)


def no_token() -> ChannelRefusalError:
    return refuse("An access token is required to request this resource.", 104)


def dead_token() -> ChannelRefusalError:
    return refuse(
        "Error validating access token: Session has expired. The session has been invalidated "
        "because the user changed their password or Facebook has changed the session for security "
        "reasons.",
        190,
        463,
    )


def not_a_page_token() -> ChannelRefusalError:
    return refuse("(#190) This method must be called with a Page Access Token", 190)


def outside_window() -> ChannelRefusalError:
    return refuse(
        "(#10) This message is sent outside of allowed window. Learn more about the new policy "
        "here: https://developers.facebook.com/docs/messenger-platform/policy-overview",
        10,
        2018278,
    )


def bad_comment() -> ChannelRefusalError:
    return refuse("(#100) Invalid comment_id parameter", 100, 2018292)


def already_replied() -> ChannelRefusalError:
    return refuse("(#10900) Activity already replied to", 10900)


def no_permission() -> ChannelRefusalError:
    return refuse("(#200) Permissions error", 200)


def upload_mismatch() -> ChannelRefusalError:
    return refuse("(#100) Upload attachment failure.", 100, 2018047)


def no_object(method: str, identifier: str) -> ChannelRefusalError:
    return refuse(
        f"Unsupported {method.lower()} request. Object with ID '{identifier}' does not exist, "
        "cannot be loaded due to missing permissions, or does not support this operation. Please "
        "read the Graph API documentation at https://developers.facebook.com/docs/graph-api",
        100,
        33,
    )


def unknown_path(path: str) -> ChannelRefusalError:
    return refuse(f"Unknown path components: /{path}", 2500)
