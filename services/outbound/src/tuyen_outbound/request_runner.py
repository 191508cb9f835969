"""Carries out one request, step by step.

The guarantees to agents depend on the order of the steps: the state `calling` is acknowledged, then
the call is made, then its result is acknowledged, and then the state is removed.

Decides P5.
"""

import asyncio
from datetime import datetime
from functools import partial

import structlog

from tuyen_channels.calls import (
    CallOrder,
    CallSucceeded,
    ChannelRefusal,
    HiddenToken,
    RefusalKind,
    UnsupportedRequestError,
)
from tuyen_events.directory import PageChanged
from tuyen_events.outbound import OutboundOutcome
from tuyen_outbound.call_attempts import CallAttempt
from tuyen_outbound.call_turns import CallTurns
from tuyen_outbound.domain.requests import RequestPhase, StoredRequest
from tuyen_outbound.domain.retrying import LONGEST_WAIT_S
from tuyen_outbound.lost_calls import LostCalls
from tuyen_outbound.read_offsets import ReadOffsets
from tuyen_outbound.request_settler import RequestSettler
from tuyen_outbound.resources import Resources
from tuyen_outbound.states import RequestStates
from tuyen_platform import metrics
from tuyen_platform.dead_letters import list_frames
from tuyen_platform.error_causes import is_caused_by_record
from tuyen_platform.retry import retry

_FRESH_S = 2.0
"""How long after the record `calling` was sent the call may begin. It was acknowledged as the next
record of the partition, so nobody else had claimed the partition then; a process that was paused
since has to look again."""

_log = structlog.get_logger()


class RequestRunner:
    """Carries out requests while this worker owns their partitions.

    `since` is when it recovered their state: a call that was begun before that may be under way in
    another process.
    """

    def __init__(
        self,
        resources: Resources,
        states: RequestStates,
        read: ReadOffsets,
        since: datetime,
    ) -> None:
        self._resources = resources
        self._states = states
        self._read = read
        self._turns = CallTurns(resources.pacings, resources.slots, resources.elapsed_time)
        self.settler = RequestSettler(resources, states)
        self._lost = LostCalls(
            resources, states, read, since, settler=self.settler, turns=self._turns
        )
        self.has_ended = False
        """Whether another worker may own the partitions now: then answers are published, and no
        state is written."""

    def notify(self, request_id: str) -> None:
        """Something was learned of a request: whoever waits for it looks again."""
        self._lost.notify(request_id)

    async def advance(self, stored: StoredRequest) -> None:
        """Takes one step with a request. Afterwards it is settled, or has another state, or a wait
        is over.

        An unexpected error settles the request: it must not hold the others of its conversation for
        ever (R9.5). Raises LogUnavailableError.
        """
        try:
            await self._advance(stored)
        except Exception as error:  # one request must not stop the others
            if not is_caused_by_record(error):
                raise
            _log.error(
                "outbound_request_failed",
                request_id=stored.id,
                error=type(error).__name__,
                raised_at=list_frames(error),
            )
            await self._settle_failed(stored)
        finally:
            self._lost.forget_known(stored.id)

    async def _settle_failed(self, stored: StoredRequest) -> None:
        current = self._states.requests.find(stored.id)
        if current is None:
            return
        if current.phase is RequestPhase.CALLING:
            await self.settler.give_up(current, "internal")
        else:
            await self.settler.fail(current, "internal")

    async def _advance(self, stored: StoredRequest) -> None:
        live = self._resources.calls.find(stored.id)
        if live is not None:
            await asyncio.shield(live)
            return
        if stored.phase is RequestPhase.WAITING and not await self._is_open(stored):
            return
        if stored.is_ended_by_cancellation:
            return await self.settler.cancel(stored)
        request = stored.request
        connector = self._resources.connectors.get(request.channel)
        if connector is None:
            return await self.settler.fail(stored, "not_supported")
        try:
            parts = connector.split(request)
        except UnsupportedRequestError as error:
            return await self.settler.fail(stored, error.code)
        if stored.part >= len(parts):  # a repetition of which everything was sent before
            return await self.settler.settle(stored, OutboundOutcome.DONE, stored.external_ids)
        part = parts[stored.part]
        page = await self._find_page(stored)
        if stored.phase is RequestPhase.CALLING:
            await self._lost.find_out(stored, connector, page, part)
        elif page is None and stored.cancelled:
            await self.settler.cancel(stored)
        elif page is None:
            await self.settler.fail(stored, "page_disconnected")
        else:
            await self._attempt(CallAttempt(stored, connector, page, part))

    async def _is_open(self, stored: StoredRequest) -> bool:
        """Whether a request still has to be carried out. An earlier process may have published its
        result and ended before it noted so; or a result is being published at the moment."""
        partition = self._states.requests.find_partition(stored.id)
        if partition is not None:
            await self._read.reach_results(partition)
        await self.settler.wait_for_result(stored.id)
        return self._states.requests.find(stored.id) is stored

    async def _find_page(self, stored: StoredRequest) -> PageChanged | None:
        """The request's page, also one that was connected just now."""
        request, accounts = stored.request, self._resources.accounts
        page = accounts.find_page(request.organization, request.page_id)
        if page is None and await accounts.catch_up():
            page = accounts.find_page(request.organization, request.page_id)
        return page if page is not None and page.channel == request.channel else None

    async def _attempt(self, attempt: CallAttempt) -> None:
        stored, page = attempt.stored, attempt.page
        await self._wait_until_due(stored)
        token = self._resources.accounts.find_token(page)
        if token is None and not stored.cancelled:
            return await self._resources.accounts.wait_for_change(page)
        if token is not None and not await self._lost.is_missing(attempt):
            return
        if token is None or stored.cancelled:
            return await self.settler.cancel(stored)
        handle: str | None = None
        if attempt.part.upload is not None:
            handle = await self._upload(attempt, token)
            if handle is None:
                return
        await self._wait_for_turn(attempt)
        async with self._resources.slots.take(page.organization, attempt.account):
            await self._resources.calls.admit()
            call = self._begin(attempt, token, handle)
            await asyncio.shield(self._resources.calls.start(stored.id, call))

    async def _begin(self, attempt: CallAttempt, token: HiddenToken, handle: str | None) -> None:
        """Notes that a call is under way, and makes it, unless something changed while it waited
        for its turn. Nothing cancels it in between: otherwise nobody could tell whether it was
        made.

        Other tasks may run before this one's first step, so the last check is made here.
        """
        if not self._is_still_wanted(attempt, token):
            return
        self._lost.note_begun(attempt.stored.id)
        begun = attempt.stored.begin(self._resources.clock.now())
        sent_at = await self._states.save(begun)
        order = attempt.build_order(self._resources.links, token, handle)
        await self._call(attempt._replace(stored=begun), token, order, sent_at)

    def _is_still_wanted(self, attempt: CallAttempt, token: HiddenToken) -> bool:
        """Whether the request is as it was, is not being settled, and may still be called for."""
        stored, page, accounts = attempt.stored, attempt.page, self._resources.accounts
        return (
            self._states.requests.find(stored.id) is stored
            and not self.settler.is_ending(stored.id)
            and accounts.find_page(page.organization, page.id) == page
            and accounts.find_token(page) == token
            and self._turns.find_pause(page) <= 0
        )

    async def _require_ownership(self, begun: StoredRequest, sent_at: float) -> None:
        """Returns when the last proof that nobody else had claimed the partition is recent. Raises
        LogUnavailableError when somebody has."""
        partition = self._states.requests.find_partition(begun.id)
        checked = set() if partition is None else {partition}
        while self._resources.elapsed_time() - sent_at > _FRESH_S:
            sent_at = self._resources.elapsed_time()
            await self._states.require_only_writer(checked)

    async def _call(
        self, attempt: CallAttempt, token: HiddenToken, order: CallOrder, sent_at: float
    ) -> None:
        """Makes a call and handles its answer, also when this worker has lost the partition
        meanwhile. `sent_at` is when the record `calling` was sent.

        Nothing is awaited between the last check and the call, so a process that is paused in
        between is so within a moment (docs/sending.md says what follows from that).
        """
        await self._require_ownership(attempt.stored, sent_at)
        current = self._states.requests.find(attempt.stored.id)
        if current != attempt.stored:  # something was learned of it meanwhile
            if current is not None and current.cancelled and current.proof is None:
                await self._states.save(current.return_to_waiting())  # no call was made
            return
        request, channel = attempt.stored.request, attempt.page.channel
        now = self._resources.clock.now()
        metrics.OUTBOUND_DELAY_SECONDS.labels(channel).observe(
            max(0.0, (now - request.at).total_seconds())
        )
        with metrics.OUTBOUND_CALL_SECONDS.labels(channel).time():
            answer = await self._make(attempt, order)
        result = "done" if isinstance(answer, CallSucceeded) else answer.kind.value
        metrics.OUTBOUND_CALLS.labels(channel, request.action, result).inc()
        if self.has_ended:
            await self.settler.publish_alone(attempt.stored, attempt.connector, answer)
        else:
            await self.settler.note_answer(
                attempt.stored.id, attempt.connector, attempt.page, token, answer
            )
        self.notify(attempt.stored.id)

    async def _make(self, attempt: CallAttempt, order: CallOrder) -> CallSucceeded | ChannelRefusal:
        try:
            return await attempt.connector.call(order)
        except Exception as error:  # the call may have been made: its state must say so
            _log.error(
                "outbound_call_failed",
                request_id=attempt.stored.id,
                error=type(error).__name__,
                raised_at=list_frames(error),
            )
            return ChannelRefusal(RefusalKind.LOST, "internal")

    async def _upload(self, attempt: CallAttempt, token: HiddenToken) -> str | None:
        """Uploads the file of a part: its handle, or None if the request has another state now."""
        file, upload = attempt.part.upload, attempt.connector.upload
        organization = attempt.page.organization
        if file is None or upload is None:
            raise ValueError("the part has no file that can be uploaded")
        await self._wait_for_turn(attempt)
        async with self._resources.slots.take_upload(organization):
            read = partial(self._resources.files.read, organization, file.id)
            content = await retry(read, log_as="outbound_file_waits")
            if content is None:
                await self.settler.fail(attempt.stored, "file_missing")
                return None
            order = attempt.build_order(self._resources.links, token)
            answer = await upload(order, content)
        if isinstance(answer, CallSucceeded):
            return answer.external_id
        if answer.kind is RefusalKind.LOST:
            answer = answer._replace(kind=RefusalKind.TRANSIENT)  # an upload shows nothing
        await self.settler.note_answer(
            attempt.stored.id, attempt.connector, attempt.page, token, answer
        )
        return None

    async def _wait_until_due(self, stored: StoredRequest) -> None:
        if stored.not_before is not None:
            rest = stored.not_before - self._resources.clock.now()
            await asyncio.sleep(min(max(0.0, rest.total_seconds()), LONGEST_WAIT_S))

    async def _wait_for_turn(self, attempt: CallAttempt) -> None:
        limits = attempt.connector.limits(attempt.stored.request.action, attempt.part)
        await self._turns.wait(attempt.page, limits)
