"""The HTTP server of the doubles."""

import asyncio
import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from tuyen_doubles.bootstrap import Doubles
from tuyen_doubles.cutting import CuttableHttpProtocol
from tuyen_doubles.settings import DoublesSettings

_GRACE_S = 2
_KEEP_ALIVE_S = 75
"""Longer than clients keep idle connections: none is closed just as a call is sent on it."""


async def serve_doubles(
    doubles: Doubles,
    settings: DoublesSettings,
    stopping: asyncio.Event,
    listening: Callable[[int], None] = lambda _port: None,
) -> None:
    """Serves until `stopping` is set; `listening` is called with the port once calls are taken.

    Raises SystemExit if the port is taken.
    """
    server = _Server(_configure(doubles.app, settings), listening)

    async def stop_when_told() -> None:
        await stopping.wait()
        server.should_exit = True

    async with asyncio.TaskGroup() as tasks:
        others = [tasks.create_task(stop_when_told()), tasks.create_task(doubles.run())]
        await server._serve()  # `serve` would install signal handlers
        for task in others:
            task.cancel()


def _configure(app: ASGIApp, settings: DoublesSettings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=CuttableHttpProtocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )


class _Server(uvicorn.Server):
    """A server that says when it listens, and where."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[int], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for server in self.servers:
            for each in server.sockets:
                self._listening(int(each.getsockname()[1]))
