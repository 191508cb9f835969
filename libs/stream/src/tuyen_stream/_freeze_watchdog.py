"""Guards against a process that was frozen, lost its partitions meanwhile, and goes on."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from tuyen_stream._fatal import end_process


def running_time() -> float:
    """Seconds, including the time that the machine was suspended where the system can tell."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class FreezeWatchdog:
    """Proves that the process has been running without a pause since its last heartbeat could be
    sent.

    While `watch` runs, the clock is checked so often that two checks are never further apart than
    the limit. The first check that finds a longer gap ends the process, and every request to a
    broker is preceded by a check, so a process that was frozen for longer sends nothing any more.
    The limit is below the session timeout: until then no other worker owns the partitions.

    It does not detect a worker that the network cut off while its clock went on: see `Membership`.
    """

    def __init__(self, limit_s: float, clock: Callable[[], float] = running_time) -> None:
        self._limit_s = limit_s
        self._clock = clock
        self._checked_at: float | None = None

    def check(self) -> None:
        """End the process if it was frozen; before the first `watch` there is nothing to lose."""
        if self._checked_at is None:
            return
        gap = self._clock() - self._checked_at
        if gap > self._limit_s:
            end_process(f"frozen for {gap:.1f} s, longer than the limit of {self._limit_s:.1f} s")

    async def watch(self) -> None:
        """Check the clock again and again, in the thread that also sends the heartbeats."""
        while True:
            self.check()
            self._checked_at = self._clock()
            await asyncio.sleep(self._limit_s / 16)

    def guard(self, client: Any) -> None:
        """Check the clock before every request of an aiokafka client."""
        send = client.send

        async def send_if_running(*args: Any, **kwargs: Any) -> Any:
            self.check()
            return await send(*args, **kwargs)

        client.send = send_if_running
