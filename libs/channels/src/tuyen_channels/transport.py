"""HTTP as connectors use it: calls as values, and a distinction that decides about repeating.

A call that failed may have been carried out all the same. Only the transport knows whether the
channel can have received it.
"""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import msgspec


class FormFile(NamedTuple):
    """A file as a field of a multipart body."""

    field: str
    name: str
    content_type: str
    content: bytes


class HttpCall(msgspec.Struct, frozen=True, kw_only=True):
    """One call. It has at most one of `json`, `content` and `form`; with a `file`, `form` are the
    other fields of the multipart body."""

    method: str
    url: str
    query: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    json: object = None
    content: bytes | None = None
    form: Mapping[str, str] | None = None
    file: FormFile | None = None


class HttpAnswer(NamedTuple):
    """An answer. Header names are in lower case; the body is cut to a limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NotSentError(Exception):
    """The call was not sent: certainly nothing happened."""


class ForbiddenAddressError(NotSentError):
    """The address is one that must not be called."""


class AnswerLostError(Exception):
    """The call was sent, at least in part, and no complete answer arrived."""


class Transport(Protocol):
    """Makes calls. No redirect is followed."""

    async def send(self, call: HttpCall) -> HttpAnswer:
        """Returns the answer, whatever its status, within the transport's time limit.

        Raises NotSentError and AnswerLostError, whose texts contain neither address nor content.
        """
        ...
