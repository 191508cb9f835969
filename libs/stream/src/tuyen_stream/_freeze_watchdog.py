"""The guard against a process that was frozen, lost its partitions, and wakes up."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from tuyen_stream._fatal import end_process


def running_time() -> float:
    """Seconds, counting those that the machine slept where the system can tell."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class FreezeWatchdog:
    """Proves that the process was running all the time since its last heartbeat could be sent.

    While it is kept, no two looks at the clock lie further apart than the limit. The first look
    that does ends the process, and every request to a broker is preceded by a look, so a process
    that was frozen for longer says nothing any more. The limit is below the session timeout:
    until then no other worker owns the partitions.

    It does not see a worker that the network cut off while its clock ran on: see `Membership`.
    """

    def __init__(self, limit_s: float, clock: Callable[[], float] = running_time) -> None:
        self._limit_s = limit_s
        self._clock = clock
        self._looked_at: float | None = None

    def look(self) -> None:
        """End the process when it stood still; before the first `keep` there is nothing to lose."""
        if self._looked_at is None:
            return
        gap = self._clock() - self._looked_at
        if gap > self._limit_s:
            end_process(f"frozen for {gap:.1f} s, longer than the lease of {self._limit_s:.1f} s")

    async def keep(self) -> None:
        """Look again and again, in the thread that also sends the heartbeats."""
        while True:
            self.look()
            self._looked_at = self._clock()
            await asyncio.sleep(self._limit_s / 16)

    def guard(self, client: Any) -> None:
        """Put a look before every request of an aiokafka client."""
        send = client.send

        async def send_while_held(*args: Any, **kwargs: Any) -> Any:
            self.look()
            return await send(*args, **kwargs)

        client.send = send_while_held
