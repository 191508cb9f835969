"""Cutting a connection in place of an answer: the caller cannot tell what happened to its call."""

from collections.abc import Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_CUT = "tuyen.cut"
"""The ASGI extension: `close` closes the connection with nothing written to it."""


class CuttableHttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1, which offers the extension to the application."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {_CUT: {"close": self.transport.close}}


class CutConnection(Response):
    """A response of no byte: the caller sees that the connection ended, and cannot tell whether
    the call was carried out. On a server without the extension it raises KeyError."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        close: Callable[[], None] = scope["extensions"][_CUT]["close"]
        close()
        while (await receive())["type"] != "http.disconnect":
            pass
