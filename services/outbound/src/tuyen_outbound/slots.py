"""Bounds the calls that are under way at the same time."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

CALLS_AT_ONCE = 256
"""How many calls of all organizations are under way at the same time."""

_OF_ORGANIZATION = 64
_OF_ACCOUNT = 32
_UPLOADS = 4
_UPLOADS_OF_ORGANIZATION = 2
_QUEUED_OF_ORGANIZATION = 2


class Slots:
    """At most 256 calls at the same time, of them 64 of one organization and 32 of one page: a site
    that answers slowly delays only its own page."""

    def __init__(self) -> None:
        self._all = asyncio.Semaphore(CALLS_AT_ONCE)
        self._by_name: dict[str, tuple[asyncio.Semaphore, int]] = {}
        self._uploads = asyncio.Semaphore(_UPLOADS)
        self._queued: Counter[str] = Counter()
        """By channel, how many calls are in its queue or wait for a place in it."""
        self._left: dict[str, asyncio.Event] = {}
        """By channel, what is set when its queue is empty."""

    @asynccontextmanager
    async def take(self, organization: str, account: str) -> AsyncIterator[None]:
        """Waits for a slot, which is free again when the block is left."""
        async with (
            self._take(f"account {account}", _OF_ACCOUNT),
            self._take(f"organization {organization}", _OF_ORGANIZATION),
            self._all,
        ):
            yield

    @asynccontextmanager
    async def take_upload(self, organization: str) -> AsyncIterator[None]:
        """The same for an upload, which has a whole file in memory: four at the same time, two of
        them of one organization."""
        async with (
            self._take(f"uploads {organization}", _UPLOADS_OF_ORGANIZATION),
            self._uploads,
        ):
            yield

    @asynccontextmanager
    async def queue(self, organization: str, channel: str) -> AsyncIterator[None]:
        """A place in the queue for what all organizations share at a channel. Each has two, so
        whatever it has waiting, the next call of another one comes soon."""
        self._queued[channel] += 1
        try:
            async with self._take(f"queue {channel} {organization}", _QUEUED_OF_ORGANIZATION):
                yield
        finally:
            self._queued[channel] -= 1
            if not self._queued[channel]:
                del self._queued[channel]
                if (left := self._left.pop(channel, None)) is not None:
                    left.set()

    @asynccontextmanager
    async def queue_low_priority(self, organization: str, channel: str) -> AsyncIterator[None]:
        """The same for what is less urgent: it has the place that `queue` leaves when nobody is in
        it, one call at a time, and organizations take turns there, too."""
        async with (
            self._take(f"behind {channel} {organization}", _QUEUED_OF_ORGANIZATION),
            self._take(f"behind {channel}", 1),
        ):
            while self._queued[channel]:
                await self._left.setdefault(channel, asyncio.Event()).wait()
            yield

    @asynccontextmanager
    async def _take(self, name: str, limit: int) -> AsyncIterator[None]:
        semaphore, users = self._by_name.get(name, (asyncio.Semaphore(limit), 0))
        self._by_name[name] = (semaphore, users + 1)
        try:
            async with semaphore:
                yield
        finally:
            semaphore, users = self._by_name[name]
            if users > 1:
                self._by_name[name] = (semaphore, users - 1)
            else:
                del self._by_name[name]
