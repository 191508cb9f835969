"""Changes the state of a request when its call is answered, or when an echo or a result shows what
became of it."""

import asyncio
from datetime import timedelta
from functools import partial

import structlog

from tuyen_channels.calls import (
    AfterLost,
    CallSucceeded,
    ChannelRefusal,
    HiddenToken,
    RefusalKind,
    RequestPart,
    UnsupportedRequestError,
)
from tuyen_channels.ports import Connector
from tuyen_events.directory import PageChanged
from tuyen_events.outbound import OutboundAction, OutboundOutcome
from tuyen_outbound.domain.requests import RequestPhase, StoredRequest
from tuyen_outbound.domain.retrying import SHOWN_WITHIN_S, find_wait
from tuyen_outbound.resources import Resources
from tuyen_outbound.states import RequestStates
from tuyen_platform import metrics

_REMEMBERED = timedelta(hours=1)
"""How long it is remembered that a request is settled, in case its record is in the log twice."""

_UPLOADS = 2
"""How often a file is uploaded again for one call, if the channel forgets it each time."""

_log = structlog.get_logger()


class RequestSettler:
    """Changes the state of requests as answers arrive.

    Each request is given by its id: what is stored of it may have changed since the call began. A
    request that is settled meanwhile is left as it is.
    """

    def __init__(self, resources: Resources, states: RequestStates) -> None:
        self._resources = resources
        self._states = states
        self._ending: dict[str, asyncio.Event] = {}
        """Requests whose result is being published, and what is set once it is."""
        self._last_refusals: dict[str, ChannelRefusal] = {}
        """Why requests fail, unless it turns out that one of their calls was carried out."""

    async def wait_for_result(self, request_id: str) -> None:
        """Returns once no result of the request is being published."""
        while (ending := self._ending.get(request_id)) is not None:
            await ending.wait()

    def is_ending(self, request_id: str) -> bool:
        """Whether a result of the request is being published: then it must not be called."""
        return request_id in self._ending

    async def note_answer(
        self,
        request_id: str,
        connector: Connector,
        page: PageChanged,
        token: HiddenToken,
        answer: CallSucceeded | ChannelRefusal,
    ) -> None:
        """Handles the answer to the call of a request's present part."""
        self.note_pace(page, answer)
        stored = self._states.requests.find(request_id)
        if stored is None:
            return
        if isinstance(answer, CallSucceeded):
            await self.finish_part(stored, connector, answer.external_id)
        elif stored.proof is not None:
            await self.finish_part(stored, connector, stored.proof)
        else:
            await self._note_refusal(stored, connector, page, token, answer)

    async def publish_alone(
        self, stored: StoredRequest, connector: Connector, answer: CallSucceeded | ChannelRefusal
    ) -> None:
        """Publishes a final answer for the new owner of the partition, which reads the results."""
        partition = self._states.requests.find_partition(stored.id)
        if partition is None:
            return
        publish = partial(self._resources.results.publish, partition, stored.request)
        match answer:
            case CallSucceeded():
                finished = stored.finish_part(answer.external_id)
                if finished.part == len(connector.split(stored.request)):
                    await publish(OutboundOutcome.DONE, finished.external_ids)
            case ChannelRefusal(kind=RefusalKind.PERMANENT) if stored.doubtful_since is None:
                await publish(OutboundOutcome.FAILED, stored.external_ids, answer)
            case _:
                pass

    async def note_proof(
        self, stored: StoredRequest, connector: Connector, external_id: str
    ) -> None:
        """An echo shows that the present part was carried out, of a request that waits to be
        repeated, or of which nobody could tell. For a request of unknown result, further parts are
        not sent: they would be late, and after newer messages. It fails, and the agent decides."""
        is_last = stored.part + 1 >= len(connector.split(stored.request))
        if is_last or stored.phase is not RequestPhase.UNKNOWN:
            return await self.finish_part(stored, connector, external_id)
        ids = stored.finish_part(external_id).external_ids
        refusal = ChannelRefusal(RefusalKind.PERMANENT, "channel_unavailable")
        await self.settle(stored, OutboundOutcome.FAILED, ids, refusal)

    async def finish_part(
        self, stored: StoredRequest, connector: Connector, external_id: str | None
    ) -> None:
        """The present part is carried out; with the last one, the request is settled."""
        finished = stored.finish_part(external_id)
        if finished.part < len(connector.split(stored.request)):
            await self._states.save(finished)
        else:
            await self.settle(stored, OutboundOutcome.DONE, finished.external_ids)

    async def settle(
        self,
        stored: StoredRequest,
        outcome: OutboundOutcome,
        external_ids: tuple[str, ...] = (),
        refusal: ChannelRefusal | None = None,
    ) -> None:
        """Publishes the result, and then notes in the state that there is one. If another result is
        being published, that one counts."""
        await self.wait_for_result(stored.id)
        partition = self._states.requests.find_partition(stored.id)
        if partition is None:
            return
        ended = self._ending[stored.id] = asyncio.Event()
        try:
            if stored.phase is RequestPhase.WAITING:
                # Perhaps nothing of it is stored yet: whoever recovered the partition would then
                # carry out what is reported to have ended.
                await self._states.flush()
            await self._resources.results.publish(
                partition, stored.request, outcome, external_ids, refusal
            )
            if outcome is OutboundOutcome.UNKNOWN:
                current = self._states.requests.find(stored.id)
                if current is not None and current.proof is None:  # none came meanwhile
                    await self._states.save(current.give_up())
            else:
                await self.close(stored, external_ids)
        finally:
            del self._ending[stored.id]
            ended.set()

    async def close(self, stored: StoredRequest, external_ids: tuple[str, ...]) -> None:
        """Notes that the request is settled, and what it made."""
        until = self._resources.clock.now() + _REMEMBERED
        by_text = _is_proved_by_text(self._resources.connectors.get(stored.request.channel), stored)
        await self._states.close(stored.id, until, external_ids if by_text else ())

    async def remember(self, partition: int, request_id: str) -> None:
        """Notes that a request was settled before it was accepted: its record may be read again."""
        until = self._resources.clock.now() + _REMEMBERED
        await self._states.remember(partition, request_id, until)

    async def cancel(self, stored: StoredRequest) -> None:
        """The request was cancelled, and no call of it is under way."""
        connector = self._resources.connectors.get(stored.request.channel)
        await self.settle(stored, *describe_cancellation(connector, stored))

    async def fail(self, stored: StoredRequest, code: str) -> None:
        """The request cannot be carried out, for a reason of ours."""
        refusal = ChannelRefusal(RefusalKind.PERMANENT, code)
        await self.settle(stored, OutboundOutcome.FAILED, stored.external_ids, refusal)

    async def give_up(self, stored: StoredRequest, code: str = "answer_lost") -> None:
        """Nobody can tell what became of the call that was begun."""
        refusal = ChannelRefusal(RefusalKind.LOST, code)
        await self.settle(stored, OutboundOutcome.UNKNOWN, stored.external_ids, refusal)

    def find_last_refusal(self, request_id: str) -> ChannelRefusal | None:
        """Why a request fails if none of its calls turns out to have been carried out; None if it
        is not known to fail."""
        return self._last_refusals.get(request_id)

    def forget(self, request_id: str) -> None:
        """No call of the request is doubtful any more."""
        self._last_refusals.pop(request_id, None)

    async def _note_refusal(
        self,
        stored: StoredRequest,
        connector: Connector,
        page: PageChanged,
        token: HiddenToken,
        refusal: ChannelRefusal,
    ) -> None:
        kind = refusal.kind
        if kind is RefusalKind.LOST and stored.phase is RequestPhase.CALLING:
            if connector.after_lost(stored.request.action) is not AfterLost.REPEAT:
                return  # its state remains `calling`: it is found out
            kind = RefusalKind.TRANSIENT
        match kind:
            case RefusalKind.THROTTLED:
                await self._states.save(stored.return_to_waiting())
            case RefusalKind.DEAD_TOKEN | RefusalKind.PAGE_STOPPED:
                await self._states.save(stored.return_to_waiting())
                await self._resources.accounts.stop(page, token, refusal)
            case RefusalKind.UPLOAD_EXPIRED if stored.refusals < _UPLOADS:
                now = self._resources.clock.now()
                await self._states.save(stored.refuse(now, now))
            case RefusalKind.TRANSIENT | RefusalKind.UNREACHABLE | RefusalKind.LOST:
                await self._repeat_later(stored, connector, refusal._replace(kind=kind))
            case _:
                await self._fail_in_the_end(stored, refusal)

    async def _fail_in_the_end(
        self, stored: StoredRequest, refusal: ChannelRefusal, *, is_doubtful: bool = False
    ) -> None:
        """The request is not tried again. If this call is doubtful, or an earlier one, its state
        remains `calling`: it is found out first whether one was carried out."""
        if stored.phase is RequestPhase.CALLING and (is_doubtful or stored.doubtful_since):
            self._last_refusals[stored.id] = refusal
        else:
            await self.settle(stored, OutboundOutcome.FAILED, stored.external_ids, refusal)

    async def _repeat_later(
        self, stored: StoredRequest, connector: Connector, refusal: ChannelRefusal
    ) -> None:
        """Tries again, a few times, and if this call was perhaps carried out, only where nothing
        shows that it was. A call that may have been made is given time to show."""
        now = self._resources.clock.now()
        is_doubtful = (
            refusal.is_doubtful
            and stored.phase is RequestPhase.CALLING
            and connector.after_lost(stored.request.action) is not AfterLost.REPEAT
        )
        wait_s = find_wait(refusal.kind, stored.refusals, stored.refused_at, now)
        if wait_s is None:
            return await self._fail_in_the_end(stored, refusal, is_doubtful=is_doubtful)
        if is_doubtful:
            wait_s = max(wait_s, SHOWN_WITHIN_S)
        _log.info(
            "outbound_call_repeated",
            request_id=stored.id,
            conversation_id=stored.request.conversation_id,
            code=refusal.code,
            detail=refusal.detail,
            refusals=stored.refusals + 1,
            wait_s=wait_s,
        )
        not_before = now + timedelta(seconds=wait_s)
        await self._states.save(stored.refuse(now, not_before, is_doubtful=is_doubtful))

    def note_pace(self, page: PageChanged, answer: CallSucceeded | ChannelRefusal) -> None:
        """Pauses calls for the page or the app if the channel asks for it."""
        pacing = self._resources.pacings[page.channel]
        if isinstance(answer, CallSucceeded):
            pacing.note_success(page.external_id)
        if answer.pause is None:
            return
        now = self._resources.elapsed_time()
        seconds = pacing.pause(page.external_id, answer.pause, now)
        metrics.OUTBOUND_PAUSES.labels(page.channel, answer.pause.scope).inc()
        _log.warning(
            "outbound_paused",
            channel=page.channel,
            scope=answer.pause.scope,
            organization=page.organization,
            page_id=page.id,
            seconds=seconds,
        )


def describe_cancellation(
    connector: Connector | None, stored: StoredRequest
) -> tuple[OutboundOutcome, tuple[str, ...], ChannelRefusal | None]:
    """The result of a request that was cancelled: what it made, and why that is not all. Parts that
    were sent cannot be taken back, so then it failed, and whoever wants to can have the rest sent
    after all. A repetition of which everything was sent before is done."""
    if stored.part == 0:
        return OutboundOutcome.CANCELLED, (), None
    if connector is not None and _is_complete(connector, stored):
        return OutboundOutcome.DONE, stored.external_ids, None
    refusal = ChannelRefusal(RefusalKind.PERMANENT, "rest_cancelled")
    return OutboundOutcome.FAILED, stored.external_ids, refusal


def _is_complete(connector: Connector, stored: StoredRequest) -> bool:
    try:
        return stored.part >= len(connector.split(stored.request))
    except UnsupportedRequestError:
        return False


def _is_proved_by_text(connector: Connector | None, stored: StoredRequest) -> bool:
    is_comment = stored.request.action is OutboundAction.COMMENT
    return is_comment or connector is None or not connector.returns_client_id


def find_part(connector: Connector, stored: StoredRequest) -> RequestPart:
    """The part that is next or under way."""
    return connector.split(stored.request)[stored.part]
