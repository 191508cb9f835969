"""Organizations take turns, with one slice of work or one read at a time (R9.5)."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tuyen_events.ids import OrganizationId


@dataclass
class Turn:
    """The right to do one slice. `give_back` ends it early, for a slice that only waits; repeated,
    or after the end, it has no effect."""

    turns: "Turns"
    organization: OrganizationId
    held: bool = True

    def give_back(self) -> None:
        if self.held:
            self.held = False
            self.turns.end_turn(self.organization)


class Turns:
    """At most `at_once` slices at a time, and never more than `of_one` of one organization.

    Waiting slices are served round-robin over the organizations, and within an organization in the
    order in which they began to wait. So before each of its own slices a job waits for at most one
    slice of any other organization, however many jobs that organization has.
    """

    def __init__(self, at_once: int, of_one: int = 1) -> None:
        self._free = at_once
        self._of_one = of_one
        self._at_work: Counter[OrganizationId] = Counter()
        self._waiting: OrderedDict[OrganizationId, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, organization: OrganizationId) -> AsyncIterator[Turn]:
        """Waits for the organization's turn, and holds it while the block lasts."""
        await self._wait(organization)
        turn = Turn(self, organization)
        try:
            yield turn
        finally:
            turn.give_back()

    def count_at_work(self, organization: OrganizationId) -> int:
        """How many turns the organization holds."""
        return self._at_work[organization]

    def end_turn(self, organization: OrganizationId) -> None:
        self._free += 1
        self._at_work[organization] -= 1
        if not self._at_work[organization]:
            del self._at_work[organization]
        self._deal()

    async def _wait(self, organization: OrganizationId) -> None:
        given: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(organization, deque()).append(given)
        self._deal()
        try:
            await given
        except asyncio.CancelledError:
            if given.done() and not given.cancelled():  # given at the moment of the cancellation
                self.end_turn(organization)
            else:
                self._forget(organization, given)
            raise

    def _forget(self, organization: OrganizationId, given: asyncio.Future[None]) -> None:
        waiting = self._waiting.get(organization, deque())
        if given in waiting:
            waiting.remove(given)
        if not waiting:
            self._waiting.pop(organization, None)

    def _deal(self) -> None:
        for organization in tuple(self._waiting):
            if not self._free:
                return
            if self._at_work[organization] >= self._of_one:
                continue
            waiting = self._waiting.pop(organization)
            while waiting and waiting[0].done():
                waiting.popleft()  # cancelled a moment ago; its task has not run yet
            if not waiting:
                continue
            given = waiting.popleft()
            if waiting:
                self._waiting[organization] = waiting  # after all others
            self._free -= 1
            self._at_work[organization] += 1
            given.set_result(None)
