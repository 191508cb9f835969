"""What visitors' requests contain: read strictly, with limits on every length (R9.5)."""

from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from tuyen_channels.bounds import Id, cut
from tuyen_events.ids import CHOSEN_ID_PATTERN
from tuyen_events.limits import (
    DETAIL_CHARACTERS,
    EXTERNAL_ID_CHARACTERS,
    NAME_CHARACTERS,
    URL_CHARACTERS,
)
from tuyen_events.visitor_limits import VISITOR_TEXT_CHARACTERS, VISITOR_WAIT_S
from tuyen_ingest.domain.visitors import WrittenMessage
from tuyen_ingest.errors import InvalidRequestError

_WHERE_CHARACTERS = 200

_ChosenId = Annotated[str, Meta(pattern=CHOSEN_ID_PATTERN)]
_ShortText = Annotated[str, Meta(max_length=EXTERNAL_ID_CHARACTERS)]
_Text = Annotated[str, Meta(max_length=VISITOR_TEXT_CHARACTERS)]
_Url = Annotated[str, Meta(max_length=URL_CHARACTERS)]


class SessionOpened(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a request for a token. `user_id` counts only with its `user_hash`."""

    user_id: Id | None = None
    user_hash: Annotated[str, Meta(max_length=128)] | None = None
    name: str | None = None


class MessageSent(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a request that writes a message; of a picture, the query has the same fields
    except the text."""

    client_id: _ChosenId
    text: _Text | None = None
    page_url: _Url | None = None
    department: _ShortText | None = None
    region: _ShortText | None = None

    def build(self, browser: str | None) -> WrittenMessage:
        """The message. Raises InvalidRequestError for a character that no text may contain."""
        for text in (self.text, self.page_url, self.department, self.region):
            if text is not None and not _is_text(text):
                raise InvalidRequestError("A text contains NUL or half a character.")
        return WrittenMessage(
            client_id=self.client_id,
            text=self.text,
            page_url=self.page_url,
            department=self.department,
            region=self.region,
            browser=cut(browser, DETAIL_CHARACTERS),
        )


class ReplySeen(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a request that says which reply the visitor has seen; with it, all before it."""

    message: _ShortText


class ThreadAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The query of a request for the thread: the `version` that the visitor sees, and for how many
    seconds the answer may wait for another one."""

    version: Annotated[str, Meta(max_length=64)] = ""
    wait: Annotated[float, Meta(ge=0, le=VISITOR_WAIT_S)] = 0.0


_BodyT = TypeVar("_BodyT", SessionOpened, MessageSent, ReplySeen)
_QueryT = TypeVar("_QueryT", MessageSent, ThreadAsked)


def read_json(body: bytes, kind: type[_BodyT]) -> _BodyT:
    """Raises InvalidRequestError."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequestError(f"The body cannot be read: {_describe(error)}") from None


def read_query(query: dict[str, str], kind: type[_QueryT]) -> _QueryT:
    """Raises InvalidRequestError."""
    try:
        return msgspec.convert(query, kind, strict=False)
    except msgspec.MsgspecError as error:
        raise InvalidRequestError(f"The query cannot be read: {_describe(error)}") from None


def clean_person(name: str | None) -> str | None:
    """The name that somebody says of themselves, as it can be shown; None if nothing is left."""
    shown = "".join(one for one in name or "" if one.isprintable()).strip()
    return shown[:NAME_CHARACTERS] or None


def _is_text(text: str) -> bool:
    """Whether it can be encoded, and has no NUL."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _describe(error: Exception) -> str:
    return str(error)[:_WHERE_CHARACTERS]
