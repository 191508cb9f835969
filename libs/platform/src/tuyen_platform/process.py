"""The frame of a service's process: one task group, one HTTP server, an orderly end on a signal."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable

import structlog
import uvicorn
from starlette.types import ASGIApp

from tuyen_platform.connections import BoundedHttpProtocol
from tuyen_platform.cut_short import CutShort
from tuyen_platform.health import Health
from tuyen_platform.settings import ServiceSettings

CRASHED = 70
"""Exit status (EX_SOFTWARE) of a service that ended itself because going on would be wrong."""

_GARBAGE = (50_000, 20, 50)
"""When Python looks for cycles. A service has few, and thousands of records under way at once: with
Python's own thresholds (700, 10, 10) the search took a fifth of the router's time."""

_KEEP_ALIVE_S = 75
"""How long an idle connection is kept. Proxies close theirs after 60 s: of the two, the one that
sends next has to be the first to close, or a request meets a closed door and fails with 502."""

_log = structlog.get_logger()


async def serve(
    app: ASGIApp, host: str, port: int, stopping: asyncio.Event, *, trusted_proxies: str = ""
) -> None:
    """Serves `app` until `stopping` is set, then lets requests under way end.

    For 5 s at most: what is still under way then is answered 503.

    `X-Forwarded-For` is believed of those `trusted_proxies` alone: addresses or networks separated
    by commas. Anybody else could say to be anybody.

    A port that is taken, or a startup of the application that fails, is logged and raises
    SystemExit, which `run` makes a crash of.
    """
    config = uvicorn.Config(
        CutShort(app),
        host=host,
        port=port,
        http=BoundedHttpProtocol,
        log_config=None,
        access_log=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=5,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=trusted_proxies,
    )
    server = uvicorn.Server(config)

    async def stop_when_told() -> None:
        await stopping.wait()
        server.should_exit = True

    async with asyncio.TaskGroup() as tasks:
        watcher = tasks.create_task(stop_when_told())
        await server._serve()  # `serve` would take the signals, which have one owner here
        watcher.cancel()


async def serve_service(
    app: ASGIApp,
    health: Health,
    settings: ServiceSettings,
    stopping: asyncio.Event,
    *,
    trusted_proxies: str = "",
) -> None:
    """`serve` for a service: `app` on its port, and what its operator may know on the other one."""
    async with asyncio.TaskGroup() as tasks:
        if settings.metrics_port is not None:
            insight, host = health.insight(), settings.metrics_host
            tasks.create_task(serve(insight, host, settings.metrics_port, stopping))
        await serve(app, settings.host, settings.port, stopping, trusted_proxies=trusted_proxies)


def run(main: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Runs a service: `main` gets an event that is set on SIGTERM and SIGINT, and ends soon after.

    Whatever escapes `main` is logged and ends the process with status 70, so that what was not
    acknowledged comes again to the next process. This is the process's one supervisor.
    """

    async def supervised() -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        await main(stopping)

    gc.freeze()  # what was imported stays
    gc.set_threshold(*_GARBAGE)
    import uvloop  # noqa: PLC0415 - only a process that serves needs it

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(supervised())
    except BaseException:  # the one supervisor of the process
        _log.exception("service_crashed")
        sys.stdout.flush()
        os._exit(CRASHED)
