"""Requests that a shutdown interrupts: the caller is asked to try again."""

import asyncio
from http import HTTPStatus

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tuyen_platform.problems import PROBLEM_TYPE, build_problem


class InterruptionMiddleware:
    """ASGI middleware: a request that is cancelled before its response began is answered 503.

    uvicorn cancels the requests that still run some time after a shutdown began, and would answer
    500 by itself, which would say that the service is faulty.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def send_noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except asyncio.CancelledError:
            if begun or scope["type"] != "http":
                raise
            await _answer_shutdown()(scope, receive, send)


def _answer_shutdown() -> JSONResponse:
    status = HTTPStatus.SERVICE_UNAVAILABLE
    detail = "The server is shutting down. Check whether the request took effect, then retry."
    return JSONResponse(
        build_problem(status, detail),
        status_code=status.value,
        headers={"Retry-After": "1", "Connection": "close"},
        media_type=PROBLEM_TYPE,
    )
