"""Finds out whether calls were carried out whose answers do not say so.

The answer was lost, or the process that made the call is gone; or the channel answered an error,
which may have come after the act.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from tuyen_channels.calls import (
    AfterLost,
    BegunCall,
    CallSucceeded,
    ChannelRefusal,
    Pause,
    RefusalKind,
    RequestPart,
)
from tuyen_channels.ports import Connector, LookCall
from tuyen_events.directory import PageChanged
from tuyen_events.outbound import OutboundOutcome
from tuyen_events.topics import INBOUND
from tuyen_outbound.call_attempts import CallAttempt
from tuyen_outbound.call_turns import CallTurns
from tuyen_outbound.domain.requests import StoredRequest
from tuyen_outbound.read_offsets import ReadOffsets
from tuyen_outbound.request_settler import RequestSettler
from tuyen_outbound.resources import Resources
from tuyen_outbound.states import RequestStates

_READ_WITHIN_S = 60.0
"""How long reading the echoes that are in the log may take before they count as missing."""

_LOOKS, _LOOK_AGAIN_S = 8, 10.0
"""How often a channel is asked that cannot answer: for about as long as a call is repeated."""


class LostCalls:
    """Waits for echoes, and asks channels that can be asked.

    `since` is when this worker recovered its state: a call that was begun before that may be under
    way in another process.
    """

    def __init__(
        self,
        resources: Resources,
        states: RequestStates,
        read: ReadOffsets,
        since: datetime,
        *,
        settler: RequestSettler,
        turns: CallTurns,
    ) -> None:
        self._resources = resources
        self._states = states
        self._read = read
        self._since = since
        self._settler = settler
        self._turns = turns
        self._waiting: dict[str, asyncio.Event] = {}
        self._looks: dict[str, int] = {}
        """How often a channel was asked what became of a call, without a result."""
        self._recovered_at = resources.elapsed_time()
        self._begun_at: dict[str, float] = {}
        """When calls of this worker began whose answers are not known."""

    def note_begun(self, request_id: str) -> None:
        """A call of this worker begins."""
        self._begun_at[request_id] = self._resources.elapsed_time()

    def notify(self, request_id: str) -> None:
        """Something was learned of a request: whoever waits for it looks again."""
        event = self._waiting.get(request_id)
        if event is not None:
            event.set()

    def forget_known(self, request_id: str) -> None:
        """Forgets what was noted of a request, unless there still is a call to find out about."""
        current = self._states.requests.find(request_id)
        if current is not None and current.called_since is not None:
            return
        self._begun_at.pop(request_id, None)
        self._looks.pop(request_id, None)
        self._settler.forget(request_id)

    async def find_out(
        self,
        stored: StoredRequest,
        connector: Connector,
        page: PageChanged | None,
        part: RequestPart,
    ) -> None:
        """Finds out what became of a call whose state is `calling`: then the request has another
        one, or a wait is over."""
        if stored.proof is not None:
            return await self._settler.finish_part(stored, connector, stored.proof)
        how = connector.after_lost(stored.request.action)
        if how is AfterLost.REPEAT:
            await self._states.save(stored.return_to_waiting())
            return
        if not await self._wait_for_truth(stored):
            return
        look = connector.look if how is AfterLost.LOOK else None
        if look is not None and page is not None:
            attempt = CallAttempt(stored, connector, page, part)
            if await self._is_said_to_be_missing(attempt, look):
                await self._note_missing(stored, look)
        elif await self._has_read_echoes(stored):
            await self._note_missing(stored, None)

    async def is_missing(self, attempt: CallAttempt) -> bool:
        """Whether the present part of a request that waits may be called for: no earlier call of it
        is doubtful, or nothing shows that one was carried out. If not, the request has another
        state, or a wait is over."""
        stored, connector = attempt.stored, attempt.connector
        if stored.doubtful_since is None:
            return True
        if not await self._has_read_echoes(stored):
            return False
        how, look = connector.after_lost(stored.request.action), connector.look
        if how is not AfterLost.LOOK or look is None:
            return True
        return await self._is_said_to_be_missing(attempt, look)

    async def _note_missing(self, stored: StoredRequest, look: LookCall | None) -> None:
        """Nothing shows that a call was carried out. If the channel answered the last one with an
        error, that is why the request failed. Otherwise the channel was asked, and the call is
        made; or nobody can tell."""
        refusal = self._settler.find_last_refusal(stored.id)
        if refusal is not None:
            ids = stored.external_ids
            await self._settler.settle(stored, OutboundOutcome.FAILED, ids, refusal)
        elif look is not None:
            await self._states.save(stored.return_to_waiting())
        else:
            await self._settler.give_up(stored)

    async def _wait_for_truth(self, stored: StoredRequest) -> bool:
        """Waits for an echo, or a result of another process; returns whether there was none. By
        then no other process makes the call any more."""
        begun_at = self._begun_at.get(stored.id, self._recovered_at)
        due = begun_at + self._resources.settle_within_s
        event = self._waiting.setdefault(stored.id, asyncio.Event())
        try:
            async with asyncio.timeout(max(0.0, due - self._resources.elapsed_time())):
                await event.wait()
        except TimeoutError:
            pass
        finally:
            self._waiting.pop(stored.id, None)
        return self._states.requests.find(stored.id) is stored

    async def _has_read_echoes(self, stored: StoredRequest) -> bool:
        """Handles all echoes that are in the log by now; returns whether none was of the
        request."""
        partition = self._states.requests.find_partition(stored.id)
        if partition is not None:
            await self._read.reach_end(INBOUND, partition, _READ_WITHIN_S)
        return self._states.requests.find(stored.id) is stored

    async def _is_said_to_be_missing(self, attempt: CallAttempt, look: LookCall) -> bool:
        """Asks the channel; returns whether it says that nothing was made. If not, the request has
        another state, or a wait is over."""
        stored, page, accounts = attempt.stored, attempt.page, self._resources.accounts
        token = accounts.find_token(page)
        if token is None:
            await accounts.wait_for_change(page)
            return False
        limits = attempt.connector.limits(stored.request.action, attempt.part)
        await self._turns.wait(page, limits)
        order = attempt.build_order(self._resources.links, token)
        found = await look(
            BegunCall(order, stored.called_since or self._since, self._knows(stored))
        )
        if isinstance(found, ChannelRefusal):
            self._settler.note_pace(page, found)
        if self._states.requests.find(stored.id) is not stored:
            return False
        match found:
            case CallSucceeded():
                await self._settler.finish_part(stored, attempt.connector, found.external_id)
            case None:
                self._looks.pop(stored.id, None)
            case ChannelRefusal(kind=RefusalKind.DEAD_TOKEN | RefusalKind.PAGE_STOPPED):
                await accounts.stop(page, token, found)
            case ChannelRefusal(kind=RefusalKind.THROTTLED, pause=Pause()):
                pass  # the next look waits for the end of the pause
            case _:
                await self._look_later(stored)
        return found is None

    def _knows(self, stored: StoredRequest) -> Callable[[str], bool]:
        """Of an id at the channel: whether an earlier part of the request has it, or another
        request."""
        partition = self._states.requests.find_partition(stored.id)

        def is_known(external_id: str) -> bool:
            if external_id in stored.external_ids:
                return True
            return partition is not None and self._states.requests.has_made(partition, external_id)

        return is_known

    async def _look_later(self, stored: StoredRequest) -> None:
        looks = self._looks.pop(stored.id, 0) + 1
        if looks >= _LOOKS:
            return await self._settler.give_up(stored)
        self._looks[stored.id] = looks
        await asyncio.sleep(_LOOK_AGAIN_S)
