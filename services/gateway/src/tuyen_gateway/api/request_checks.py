"""Checks requests before any route gets them (R9.5)."""

import re
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tuyen_events.file_limits import UPLOAD_BYTES, UPLOAD_WITHIN_S
from tuyen_events.limits import (
    BODY_BYTES,
    BODY_ELEMENTS,
    BODY_WITHIN_S,
    LONG_BODY_BYTES,
    LONG_BODY_ELEMENTS,
    PLACE_CHARACTERS,
    STRANGERS_BODY_BYTES,
    count_elements,
)
from tuyen_gateway.api.dependencies import is_known
from tuyen_gateway.api.problems import FieldProblem, problem_response
from tuyen_gateway.api.texts import find_unfit_field, find_unfit_place
from tuyen_gateway.gateway import Gateway
from tuyen_platform.bodies import (
    BodyRefusedError,
    BodyTooLargeError,
    CallerGoneError,
    limit_body,
    read_body,
)

_LONG_LISTS = re.compile(r"/v1/((conversations|contacts)/bulk|rules/[^/]+)")
"""Routes whose body may name thousands of conversations, contacts, pages or agents."""

_UPLOADS = frozenset({"/v1/attachments", "/v1/imports"})
"""The routes whose body is a file. They read it part by part."""

_UNFIT = "It contains a character that cannot be stored (NUL, or half a surrogate pair): remove it."

_BEARER = re.compile(r"bearer +(\S.*)", re.IGNORECASE)


class RequestChecks:
    """ASGI middleware that passes a request on once its whole body has arrived and can be stored.

    A file that is uploaded is passed on while it arrives. Without a valid token, a body may be no
    longer than that of a login. A body with more values
    than its route can need is answered `422` before it is decoded. So is a body with a text that
    cannot be stored (NUL, half a surrogate pair); the answer says where it is.
    """

    def __init__(
        self,
        app: ASGIApp,
        gateway: Gateway,
        within_s: float = BODY_WITHIN_S,
        upload_within_s: float = UPLOAD_WITHIN_S,
    ) -> None:
        self._app = app
        self._gateway = gateway
        self._within_s = within_s
        self._upload_within_s = upload_within_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        place = find_unfit_place(scope["path"], scope["query_string"])
        if place is not None:
            await _wrong(place, _UNFIT)(scope, receive, send)
            return
        if scope["method"] == "POST" and scope["path"] in _UPLOADS:
            await self._pass_upload(scope, receive, send)
            return
        try:
            body = await self._body(scope, receive)
        except CallerGoneError:
            return
        except BodyRefusedError as refused:
            await self._refuse(scope, refused)(scope, receive, send)
            return
        wrong = _wrong_body(scope["path"], body)
        if wrong is not None:
            await wrong(scope, receive, send)
            return
        whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive_whole() -> Message:
            return whole.pop() if whole else await receive()

        await self._app(scope, receive_whole, send)

    async def _pass_upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a file on while it arrives, from a caller with a valid token."""
        if not self._knows(scope):
            await self._refuse(scope, BodyTooLargeError(STRANGERS_BODY_BYTES))(scope, receive, send)
            return
        limited = limit_body(scope, receive, max_bytes=UPLOAD_BYTES, within_s=self._upload_within_s)
        try:
            await self._app(scope, limited, send)
        except ClientDisconnect:
            return
        except BodyRefusedError as refused:
            await self._refuse(scope, refused)(scope, receive, send)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        limit = STRANGERS_BODY_BYTES
        if _may_be_longer(scope, limit) and self._knows(scope):
            limit = LONG_BODY_BYTES if _LONG_LISTS.fullmatch(scope["path"]) else BODY_BYTES
        return await read_body(scope, receive, max_bytes=limit, within_s=self._within_s)

    def _knows(self, scope: Scope) -> bool:
        given = _BEARER.fullmatch(Headers(scope=scope).get("authorization", ""))
        return given is not None and is_known(self._gateway, given[1])

    def _refuse(self, scope: Scope, refused: BodyRefusedError) -> Response:
        """Closes the connection, on which the rest of the body may still arrive."""
        headers = {"Connection": "close"}
        stranger = isinstance(refused, BodyTooLargeError) and not self._knows(scope)
        if stranger and not scope["path"].startswith("/v1/auth/"):
            return problem_response(
                HTTPStatus.UNAUTHORIZED,
                f"Without a valid token, a body has at most {STRANGERS_BODY_BYTES} bytes: "
                "log in first.",
                headers={**headers, "WWW-Authenticate": "Bearer"},
            )
        return problem_response(refused.status, refused.detail, headers=headers)


def _may_be_longer(scope: Scope, limit: int) -> bool:
    """Whether the head allows that the body has more than `limit` bytes."""
    headers = Headers(scope=scope)
    size = headers.get("content-length", "")
    if size.isascii() and size.isdigit():
        return len(size) > len(str(limit)) or int(size) > limit
    return "transfer-encoding" in headers


def _wrong_body(path: str, body: bytes) -> Response | None:
    most = LONG_BODY_ELEMENTS if _LONG_LISTS.fullmatch(path) else BODY_ELEMENTS
    if count_elements(body) > most:
        return _wrong(
            "body", f"It contains more than {most} values: name fewer, in several requests."
        )
    field = find_unfit_field(body)
    return None if field is None else _wrong(field, _UNFIT)


def _wrong(place: str, detail: str) -> Response:
    shown = place.encode("ascii", "backslashreplace").decode()[:PLACE_CHARACTERS]
    return problem_response(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"{shown}: {detail}",
        errors=[FieldProblem(field=shown, detail=detail)],
    )
