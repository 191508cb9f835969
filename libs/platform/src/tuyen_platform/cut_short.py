"""Requests that a service's end cuts short: they are told so, and to try again."""

import asyncio
from http import HTTPStatus

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class CutShort:
    """ASGI middleware: a request that is cancelled before its answer began is answered 503.

    uvicorn cancels what is still under way when a service has ended for long enough, and would
    answer 500 by itself: a mistake of ours, which it is not.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except asyncio.CancelledError:
            if begun or scope["type"] != "http":
                raise
            await _ends()(scope, receive, send)


def _ends() -> JSONResponse:
    status = HTTPStatus.SERVICE_UNAVAILABLE
    problem = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": "This server ends. It may have been done or not: look, then try again.",
    }
    return JSONResponse(
        problem,
        status_code=status.value,
        headers={"Retry-After": "1", "Connection": "close"},
        media_type="application/problem+json",
    )
