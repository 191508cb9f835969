"""A process that was frozen for longer than the limit ends itself."""

import asyncio
from typing import Any, NoReturn

import pytest

from stream.worker_main import until
from tuyen_stream import _freeze_watchdog as module
from tuyen_stream._freeze_watchdog import FreezeWatchdog


class ProcessEndedError(Exception):
    """Is raised instead of ending the process."""


@pytest.fixture(autouse=True)
def _end(monkeypatch: pytest.MonkeyPatch) -> None:
    def end_process(reason: str) -> NoReturn:
        raise ProcessEndedError(reason)

    monkeypatch.setattr(module, "end_process", end_process)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Client:
    def __init__(self) -> None:
        self.requests: list[str] = []

    async def send(self, node: int, request: str) -> str:
        self.requests.append(request)
        return f"answer of {node}"


async def _watch(watchdog: FreezeWatchdog) -> asyncio.Task[None]:
    task = asyncio.create_task(watchdog.watch())
    await until(lambda: watchdog._checked_at is not None)
    return task


async def test_a_request_after_a_freeze_is_never_sent() -> None:
    clock, client = Clock(), Client()
    watchdog = FreezeWatchdog(4.0, clock)
    watchdog.guard(client)
    watching = await _watch(watchdog)
    clock.now = 3.9
    assert await client.send(1, "produce") == "answer of 1"
    clock.now = 8.0
    with pytest.raises(ProcessEndedError, match=r"frozen for"):
        await client.send(1, "produce again")
    assert client.requests == ["produce"]
    watching.cancel()


async def test_the_first_check_after_a_freeze_ends_the_process_whoever_checks() -> None:
    """The watch itself may run first: it must not take the process for one that was running."""
    clock = Clock()
    watchdog = FreezeWatchdog(0.16, clock)
    watching: Any = await _watch(watchdog)
    clock.now = 100.0
    with pytest.raises(ProcessEndedError):
        await watching


async def test_before_the_consumer_starts_there_is_nothing_to_lose() -> None:
    clock = Clock()
    watchdog = FreezeWatchdog(4.0, clock)
    clock.now = 100.0
    watchdog.check()
