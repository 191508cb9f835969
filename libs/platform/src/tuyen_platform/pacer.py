"""Limits how often a loop fetches new records."""

import asyncio
import time


class Pacer:
    """Starts the turns of a loop at least so far apart; after a pause, the next turn starts at
    once.

    A turn costs nearly the same for one event as for a hundred: it begins with a fetch and ends
    with writes. Without this limit, a hundred events a second cause a
    hundred turns in every service; that used both cores of a machine which handles nine hundred a
    second when they come all at once.
    """

    def __init__(self, min_interval_s: float) -> None:
        self._min_interval_s = min_interval_s
        self._begun_at = float("-inf")

    async def turn(self) -> None:
        """Returns when the next turn may begin."""
        rest_s = self._begun_at + self._min_interval_s - time.monotonic()
        if rest_s > 0:
            await asyncio.sleep(rest_s)
        self._begun_at = time.monotonic()
