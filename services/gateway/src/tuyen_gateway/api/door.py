"""Checks requests before any route gets them (R9.5)."""

import re
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tuyen_events.limits import BODY_BYTES, LONG_BODY_BYTES, STRANGERS_BODY_BYTES
from tuyen_gateway.api.dependencies import is_known
from tuyen_gateway.api.problems import FieldProblem, problem_response
from tuyen_gateway.api.texts import unfit_field, unfit_place
from tuyen_gateway.gateway import Gateway
from tuyen_platform.bodies import (
    BODY_WITHIN_S,
    BodyRefusedError,
    BodyTooLargeError,
    CallerGoneError,
    read_body,
)

_LONG_LISTS = re.compile(r"/v1/(conversations/bulk|rules/[^/]+)")
"""Routes whose body may name thousands of conversations, pages or agents."""

_BEARER = re.compile(r"bearer +(\S.*)", re.IGNORECASE)


class Door:
    """ASGI middleware: a request is passed on once its whole body has arrived, and can be stored.

    Strangers may send only little: a body that is longer than a login's is read only with a valid
    token. Texts that cannot be stored (NUL, a lone surrogate) are answered `422`, with their place.
    """

    def __init__(self, app: ASGIApp, gateway: Gateway, within_s: float = BODY_WITHIN_S) -> None:
        self._app = app
        self._gateway = gateway
        self._within_s = within_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        place = unfit_place(scope["path"], scope["query_string"])
        if place is not None:
            await _unfit(place)(scope, receive, send)
            return
        try:
            body = await self._body(scope, receive)
        except CallerGoneError:
            return
        except BodyRefusedError as refused:
            await self._refused(scope, refused)(scope, receive, send)
            return
        field = unfit_field(body)
        if field is not None:
            await _unfit(field)(scope, receive, send)
            return
        whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive_whole() -> Message:
            return whole.pop() if whole else await receive()

        await self._app(scope, receive_whole, send)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        limit = STRANGERS_BODY_BYTES
        if _may_be_longer(scope, limit) and self._knows(scope):
            limit = LONG_BODY_BYTES if _LONG_LISTS.fullmatch(scope["path"]) else BODY_BYTES
        return await read_body(scope, receive, max_bytes=limit, within_s=self._within_s)

    def _knows(self, scope: Scope) -> bool:
        given = _BEARER.fullmatch(Headers(scope=scope).get("authorization", ""))
        return given is not None and is_known(self._gateway, given[1])

    def _refused(self, scope: Scope, refused: BodyRefusedError) -> Response:
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


def _unfit(place: str) -> Response:
    detail = "It contains a character that is not allowed (NUL, or a lone surrogate): remove it."
    shown = place.encode("ascii", "backslashreplace").decode()
    return problem_response(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"{shown}: {detail}",
        errors=[FieldProblem(field=shown, detail=detail)],
    )
