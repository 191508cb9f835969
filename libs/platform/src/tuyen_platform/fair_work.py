"""A pool of workers for items in a collection that several processes share; organizations take
turns (R9.5)."""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from tuyen_events.ids import OrganizationId
from tuyen_platform.clock import Clock
from tuyen_platform.retry import retry

_AT_ONCE = 8
_AT_ONCE_OF_ORGANIZATION = 2
"""Items that one process works on at the same time."""

_POLL_S = 0.5


class WaitingItem(Protocol):
    """Something to be done for an organization: a frozen `msgspec.Struct`, whose `id` is encoded as
    `_id`. Nobody works on it before `due`; `attempts` were made so far."""

    @property
    def id(self) -> str: ...
    @property
    def organization(self) -> OrganizationId: ...
    @property
    def due(self) -> datetime: ...
    @property
    def attempts(self) -> int: ...


_Item = TypeVar("_Item", bound=WaitingItem)


class WaitingItems(Protocol[_Item]):
    """What waits, shared by all processes. Every method may raise PyMongoError while the database
    is unavailable."""

    async def add(self, items: Sequence[_Item]) -> Sequence[_Item]:
        """Adds those that do not wait already, but none of an organization for which too many wait.
        Returns all that were not left out so: nothing remains to be done for them here."""
        ...

    async def organizations(self, now: datetime) -> Sequence[OrganizationId]:
        """Those for which something is due."""
        ...

    async def claim(
        self, organization: OrganizationId, now: datetime, until: datetime
    ) -> _Item | None:
        """The one that has been due longest, with its attempts counted; nobody else gets it before
        `until`, which is when it is due again. None if nothing is due."""
        ...

    async def put_off(self, item: _Item, until: datetime) -> None:
        """Makes it due at that time, if it still waits."""
        ...

    async def remove(self, item: _Item) -> None:
        """It waits no more."""
        ...


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """How long an item waits between two attempts: `first`, and then each time twice as long, up to
    `longest`. It is given up when the next attempt would come more than `within` after its
    beginning."""

    first: timedelta
    longest: timedelta
    within: timedelta

    def find_next(self, item: WaitingItem, begun_at: datetime, now: datetime) -> datetime | None:
        """When the next attempt is due after one that failed; None: never."""
        doublings = min(max(item.attempts - 1, 0), 20)  # a timedelta has an end
        due = now + min(self.first * 2**doublings, self.longest)
        return due if due <= begun_at + self.within else None


class FairWorkers(Generic[_Item]):
    """Some workers in one process, for which organizations take turns.

    `work` gets an item that was claimed for `claimed_for`, within which it has to end, and removes
    it or puts it off. If it does neither, because of a crash or an error, the item is due again
    afterwards, here or in another process. So `work` must be repeatable. It raises only what
    `retry` waits for.
    """

    def __init__(
        self,
        clock: Clock,
        waiting: WaitingItems[_Item],
        work: Callable[[_Item], Awaitable[None]],
        *,
        claimed_for: timedelta,
        log_as: str,
    ) -> None:
        self._clock = clock
        self._waiting = waiting
        self._do = work
        self._claimed_for = claimed_for
        self._log_as = log_as
        self._turn: deque[OrganizationId] = deque()
        self._at_work: Counter[OrganizationId] = Counter()
        self._taking = asyncio.Lock()
        self._idle = asyncio.Lock()
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Works until cancelled; while Kafka or MongoDB is unavailable it waits."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(_AT_ONCE):
                tasks.create_task(self._work())

    async def _work(self) -> None:
        while True:
            await retry(self._work_once, log_as=self._log_as)

    async def _work_once(self) -> None:
        """Works on the next item. Of those that have nothing to do, one looks whether something is
        due, for all of them."""
        async with self._idle:
            while (item := await self._take()) is None:
                self._ended.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._ended.wait(), _POLL_S)
        await self._work_on(item)

    async def work_next(self) -> bool:
        """Works on the item whose turn it is; false if none is due."""
        item = await self._take()
        if item is None:
            return False
        await self._work_on(item)
        return True

    async def _work_on(self, item: _Item) -> None:
        try:
            await self._do(item)
        finally:
            self._at_work[item.organization] -= 1
            if not self._at_work[item.organization]:
                del self._at_work[item.organization]
            self._ended.set()

    async def _take(self) -> _Item | None:
        async with self._taking:
            return await self._claim_next()

    async def _claim_next(self) -> _Item | None:
        now = self._clock.now()
        if not self._turn:
            self._turn.extend(await self._waiting.organizations(now))
        while self._turn:
            organization = self._turn.popleft()
            if self._at_work[organization] >= _AT_ONCE_OF_ORGANIZATION:
                continue
            item = await self._waiting.claim(organization, now, now + self._claimed_for)
            if item is not None:
                self._at_work[organization] += 1
                return item
        return None
