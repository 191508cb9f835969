"""The skeleton of a service: every `bootstrap.build` returns one, and `start` runs it.

A service consists of an HTTP application, its health and metrics for the operator, and loops that
run beside the server (global tables, consumers, projections).
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import TypeVar

from starlette.types import ASGIApp

from tuyen_platform.clock import Clock, SystemClock
from tuyen_platform.health import Health
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.ports import Log
from tuyen_platform.logging import configure_logging
from tuyen_platform.process import run, serve_service
from tuyen_platform.settings import ServiceSettings

Loop = Callable[[], Coroutine[None, None, None]]
"""Runs until it is cancelled. An exception that it raises ends the process (exit status 70)."""

SettingsT = TypeVar("SettingsT", bound=ServiceSettings)


async def _finish_nothing() -> None:
    """A service whose loops can be cancelled at any time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service that is composed and does not run yet."""

    settings: ServiceSettings
    app: ASGIApp
    health: Health
    loops: Sequence[Loop]
    """They start together with the server, and are cancelled when `finish` has returned."""
    trusted_proxies: str = ""
    """The addresses whose `X-Forwarded-For` is believed (`process.serve`)."""
    stop: Callable[[], None] = lambda: None
    """Called when the service begins to stop: ends responses that would never end by themselves."""
    finish: Callable[[], Coroutine[None, None, None]] = _finish_nothing
    """Called when the server has ended, while the loops still run: returns once they may be
    cancelled. It has a limit of its own."""
    close: Callable[[], None] = lambda: None
    """Releases what `build` opened beside the log; called last."""

    async def run(self, stopping: asyncio.Event) -> None:
        """Serves until `stopping` is set. Raises what a loop raised."""

        async def stop_when_asked() -> None:
            await stopping.wait()
            self.stop()

        try:
            async with asyncio.TaskGroup() as tasks:
                running = [tasks.create_task(_run(loop)) for loop in self.loops]
                running.append(tasks.create_task(stop_when_asked()))
                await serve_service(
                    self.app,
                    self.health,
                    self.settings,
                    stopping,
                    trusted_proxies=self.trusted_proxies,
                )
                await self.finish()
                for task in running:
                    task.cancel()
        finally:
            self.close()


async def _run(loop: Loop) -> None:
    """Runs a loop. Raises RuntimeError if it ends as cancelled and nobody cancelled it: a library
    that it awaits may do so, and the process would go on without it."""
    try:
        await loop()
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise RuntimeError(f"{loop!r} was ended by itself") from None


def start(
    name: str,
    settings: SettingsT,
    build: Callable[[SettingsT, Log, Clock], Service],
    *,
    linger_ms: int = 0,
) -> None:
    """Runs a service as this process until SIGTERM or SIGINT; `python -m tuyen_NAME` calls it.

    `linger_ms` is how long the producer waits for more records before it sends a batch.
    """
    configure_logging(name, settings.log_format)

    async def serve(stopping: asyncio.Event) -> None:
        async with KafkaLog(settings.kafka, settings.topic_prefix, linger_ms=linger_ms) as log:
            await build(settings, log, SystemClock()).run(stopping)

    run(serve)
