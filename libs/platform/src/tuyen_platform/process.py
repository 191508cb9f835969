"""Runs a service's process: one task group, one HTTP server, an orderly stop on a signal."""

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
from tuyen_platform.health import Health
from tuyen_platform.interruption import InterruptionMiddleware
from tuyen_platform.settings import ServiceSettings

CRASHED = 70
"""Exit status (EX_SOFTWARE) of a service that ended itself because it could not go on correctly."""

_GARBAGE = (50_000, 20, 50)
"""The thresholds of Python's cycle collector. A service has few cycles, and thousands of records in
memory at once: with Python's own thresholds (700, 10, 10) the collector took a fifth of the
router's time."""

_KEEP_ALIVE_S = 75
"""How long an idle connection is kept. Proxies close theirs after 60 s; the side that sends
requests has to close first, or a request meets a connection that is being closed and fails with
502."""

_log = structlog.get_logger()


async def serve(
    app: ASGIApp, host: str, port: int, stopping: asyncio.Event, *, trusted_proxies: str = ""
) -> None:
    """Serves `app` until `stopping` is set, then lets running requests end.

    They have at most 5 s: those that still run are then answered 503.

    `X-Forwarded-For` is used only if it comes from one of the `trusted_proxies`, addresses or
    networks separated by commas. Anybody else could claim any address.

    If the port is taken, or the application fails to start, that is logged and SystemExit is
    raised, which makes `run` end the process with status 70.
    """
    config = uvicorn.Config(
        InterruptionMiddleware(app),
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

    async def stop_on_signal() -> None:
        await stopping.wait()
        server.should_exit = True

    async with asyncio.TaskGroup() as tasks:
        watcher = tasks.create_task(stop_on_signal())
        await server._serve()  # `serve` would install signal handlers, which `run` does
        watcher.cancel()


async def serve_service(
    app: ASGIApp,
    health: Health,
    settings: ServiceSettings,
    stopping: asyncio.Event,
    *,
    trusted_proxies: str = "",
) -> None:
    """`serve` for a service: `app` on its port, and the operator's routes on the second one."""
    async with asyncio.TaskGroup() as tasks:
        if settings.metrics_port is not None:
            internal_app, host = health.build_internal_app(), settings.metrics_host
            tasks.create_task(serve(internal_app, host, settings.metrics_port, stopping))
        await serve(app, settings.host, settings.port, stopping, trusted_proxies=trusted_proxies)


def run(main: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Runs a service. `main` gets an event that is set on SIGTERM and SIGINT, and must return soon
    after.

    An exception that escapes `main` is logged and ends the process with status 70, so that the next
    process handles what was not acknowledged again. This is the process's one supervisor.
    """

    async def supervise() -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        await main(stopping)

    gc.freeze()  # imported objects stay: never scan them
    gc.set_threshold(*_GARBAGE)
    import uvloop  # noqa: PLC0415 - only a process that serves needs it

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(supervise())
    except BaseException:  # the one supervisor of the process
        _log.exception("service_crashed")
        sys.stdout.flush()
        os._exit(CRASHED)
