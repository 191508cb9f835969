"""The pace at which a loop takes what is new."""

import asyncio
import time


class Pacer:
    """Lets turns begin at least so far apart, and the first after a rest at once.

    A turn costs the same for one event as for a hundred: a fetch names all partitions of its
    reader, and whatever follows is written anew. Without a pace, a hundred events a second are as
    many turns in every service, and took both cores of a machine that handles nine hundred a second
    when they come all at once.
    """

    def __init__(self, apart_s: float) -> None:
        self._apart_s = apart_s
        self._begun_at = float("-inf")

    async def turn(self) -> None:
        """Returns when the next turn may begin."""
        rest_s = self._begun_at + self._apart_s - time.monotonic()
        if rest_s > 0:
            await asyncio.sleep(rest_s)
        self._begun_at = time.monotonic()
