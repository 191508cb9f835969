"""Reads what agents request, and the echoes of what was sent, partition by partition."""

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta

from tuyen_channels.calls import ChannelRefusal, RefusalKind
from tuyen_events.codec import decode, find_header
from tuyen_events.event import Event
from tuyen_events.inbound import CommentAdded, MessageEchoed
from tuyen_events.outbound import (
    OutboundCancelled,
    OutboundOutcome,
    OutboundRequested,
    OutboundSettled,
)
from tuyen_events.outbound_topics import OUTBOUND, OUTBOUND_RESULTS
from tuyen_events.topics import INBOUND
from tuyen_outbound.domain.echoes import find_proved_by_id, find_proved_by_text
from tuyen_outbound.domain.intake import Intake
from tuyen_outbound.domain.requests import RequestPhase, StoredRequest
from tuyen_outbound.generation import Generation
from tuyen_outbound.identity import SERVICE
from tuyen_outbound.read_offsets import ReadOffsets
from tuyen_outbound.request_runner import RequestRunner
from tuyen_outbound.request_settler import describe_cancellation, find_part
from tuyen_outbound.resources import Resources
from tuyen_outbound.states import RequestStates
from tuyen_platform import metrics
from tuyen_platform.dead_letters import reject_or_raise
from tuyen_platform.kafka.consumer import ConsumerStatus, consume, follow_for_ever
from tuyen_platform.kafka.ports import FetchedRecords, Log, LogUnavailableError, Offsets, Record

GROUP = "outbound"

_CHECK_EVERY_S = 30.0
"""How often a worker checks that no other one has claimed its partitions, also while it writes
nothing. The topic of the state is compacted later than that."""

_MIN_INTERVAL_S = 0.05
"""While there is always something new, how far apart batches are handled: a batch costs the same
for one record as for a hundred. The first one after an idle time is handled at once."""

_COMMIT_EVERY_S = 1.0

_NOTE_S = 5.0
"""How long the process waits, when it is told to end, for the notes of the last answers. They come
as late as a call may take."""

_UNKNOWN_KEPT = timedelta(days=1)
"""How long an echo may be late, for a request of which nobody could tell."""

_ECHOES = frozenset({MessageEchoed.type.encode(), CommentAdded.type.encode()})


class OutboundWorker:
    """Owns some partitions of `outbound`, and the same ones of `inbound` and `outbound-results`.

    The offset of a request is committed once the request is in the state (`RequestStates`), so
    offsets wait neither for a channel nor for a page that cannot send. Offsets of echoes are
    committed once what follows from them is in the state. After a crash or a takeover, requests
    that were waiting are carried out; of a call that was begun, it is found out what became of it
    (`RequestRunner`).
    """

    def __init__(self, log: Log, resources: Resources) -> None:
        self._log = log
        self._resources = resources
        self._read = ReadOffsets(log)
        self._generation: Generation | None = None
        self._partitions: frozenset[int] = frozenset()
        self._checked_at = time.monotonic()
        self.status = ConsumerStatus()

    @property
    def partitions(self) -> frozenset[int]:
        """The partitions that this worker owns, as far as it knows."""
        return self._partitions

    async def run(self) -> None:
        """Works until cancelled; while Kafka is unavailable it waits and then recovers."""
        try:
            await follow_for_ever(self._follow, log_as="outbound_waits", status=self.status)
        finally:
            await self.finish()

    async def finish(self) -> None:
        """Begins no further call, and returns once those that are under way have ended and their
        results are noted; whatever else waits is carried out by the next owner of its partition.
        Returns at once if it did so before."""
        await self._resources.calls.drain(self._resources.call_within_s + _NOTE_S)

    async def _follow(self) -> None:
        try:
            await consume(
                self._log,
                OUTBOUND,
                OUTBOUND_RESULTS,
                INBOUND,
                group=GROUP,
                handle=self._turn,
                starts=self._recover,
                status=self.status,
                min_interval_s=_MIN_INTERVAL_S,
                commit_every_s=_COMMIT_EVERY_S,
            )
        finally:
            await self._end_generation()

    async def _end_generation(self) -> None:
        generation, self._generation = self._generation, None
        self._partitions = frozenset()
        if generation is not None:
            await generation.end()

    async def _recover(self, committed: Offsets) -> Offsets:
        """Recovers the state of this worker's partitions; requests are read from the first one that
        is not in it."""
        await self._end_generation()
        self.status.note_waiting("the pages and their credentials")
        if not await self._resources.accounts.catch_up():
            raise LogUnavailableError("the pages and their credentials are still being read")
        self.status.note_waiting("the state of its requests")
        partitions = {partition for _, partition in committed}
        states = RequestStates(self._log, self.status.note_progress)
        accepted = await states.recover(partitions)
        results = await self._log.end_offsets(OUTBOUND_RESULTS)
        starts = await self._find_starts(committed, accepted, results)
        self._read.begin(starts, results)
        runner = RequestRunner(self._resources, states, self._read, self._resources.clock.now())
        self._generation = Generation(states, runner)
        self._partitions = frozenset(partitions)
        share = len(partitions) / OUTBOUND.partitions
        for pacing in self._resources.pacings.values():
            pacing.share = share or 1.0
        self._generation.serve(states.requests.conversations())
        return starts

    async def _find_starts(
        self, committed: Offsets, accepted: Mapping[int, int | None], results: Mapping[int, int]
    ) -> Offsets:
        """The offsets from which to read. Where there was no state, no call was ever made, and
        older echoes and `results` are of no use."""
        starts = dict(committed)
        echoes = await self._log.end_offsets(INBOUND)
        for topic, ends in ((INBOUND, echoes), (OUTBOUND_RESULTS, results)):
            for partition, offset in accepted.items():
                if offset is None:
                    starts[topic.name, partition] = ends[partition]
        for partition, offset in accepted.items():
            place = (OUTBOUND.name, partition)
            starts[place] = max(committed[place], (-1 if offset is None else offset) + 1)
        return starts

    async def _turn(self, batch: FetchedRecords, partitions: frozenset[tuple[str, int]]) -> bool:
        generation = self._generation
        if generation is None:
            return False
        generation.require_working()
        self._partitions = frozenset(p for topic, p in partitions if topic == OUTBOUND.name)
        if batch:
            await self._handle(generation, batch)
            self._read.note(batch)
        if time.monotonic() - self._checked_at > _CHECK_EVERY_S:
            await self._check(generation)
        metrics.OUTBOUND_WAITING.set(len(generation.states.requests))
        return True

    async def _check(self, generation: Generation) -> None:
        """Looks for other writers, and forgets what is old."""
        now = self._resources.clock.now()
        await generation.states.require_only_writer(self._partitions)
        await generation.states.forget(now, now - _UNKNOWN_KEPT)
        self._checked_at = time.monotonic()

    async def _handle(self, generation: Generation, batch: FetchedRecords) -> None:
        """Returns once everything that has to be stored of the batch is acknowledged."""
        for (topic, _), records in batch.items():
            for record in records if topic != OUTBOUND.name else ():
                if (
                    topic == OUTBOUND_RESULTS.name
                    or find_header(record.headers, "ce_type") in _ECHOES
                ):
                    await self._learn_from(generation, record)
        # What is in memory already made some of these mean nothing: it must be stored, too, before
        # their offsets are committed.
        await generation.states.flush()
        intake, accepted = Intake(generation.states.requests), dict[int, int]()
        for (topic, partition), records in batch.items():
            for record in records if topic == OUTBOUND.name else ():
                if record.offset > generation.states.find_accepted(partition):
                    await self._accept(generation, record, intake)
                    accepted[partition] = record.offset
        if accepted:
            acknowledged = generation.states.accept(intake.accepted, accepted)
            # Their calls are prepared meanwhile, and begin once this and `calling` are stored.
            generation.serve({stored.request.conversation_id for _, stored in intake.accepted})
            await acknowledged

    async def _learn_from(self, generation: Generation, record: Record) -> None:
        event = await self._decode(record)
        if event is None:
            return
        try:
            await self._learn(generation, record.partition, event)
        except Exception as error:  # one record must not stop the others
            await reject_or_raise(self._log, record, SERVICE, error)

    async def _decode(self, record: Record) -> Event | None:
        try:
            return None if record.value is None else decode(record.headers, record.value).data
        except Exception as error:  # one record must not stop the others
            is_request = record.topic == OUTBOUND.name
            await reject_or_raise(self._log, record, SERVICE, error, carries_out=is_request)
            return None

    async def _accept(self, generation: Generation, record: Record, intake: Intake) -> None:
        """Handles one record of `outbound`, except for what is accepted."""
        event, partition = await self._decode(record), record.partition
        match event:
            case OutboundRequested():
                size = len(record.value or b"")
                if intake.take(partition, record.offset, event, size):
                    return
                refusal = ChannelRefusal(RefusalKind.PERMANENT, "too_many_waiting")
                failed = OutboundOutcome.FAILED
                await self._resources.results.publish(partition, event, failed, (), refusal)
            case OutboundCancelled():
                await self._cancel(generation, event, partition, intake)
            case _:
                pass

    async def _cancel(
        self, generation: Generation, event: OutboundCancelled, partition: int, intake: Intake
    ) -> None:
        """Settles a request of which no call is under way or doubtful. A call that was begun goes
        on, of a doubtful one it is found out whether it was carried out, and what would come after
        it is not sent."""
        stored = intake.remove(event.request_id)
        if stored is not None:
            connector = self._resources.connectors.get(stored.request.channel)
            result = describe_cancellation(connector, stored)
            return await self._resources.results.publish(partition, stored.request, *result)
        stored = generation.states.requests.find(event.request_id)
        if stored is None or stored.cancelled:
            return
        cancelled = stored.cancel()
        if cancelled.is_ended_by_cancellation:
            await generation.runner.settler.cancel(stored)
        else:
            await generation.states.save(cancelled)
        if stored.phase is RequestPhase.WAITING:
            generation.restart(stored.request.conversation_id, stored.id)

    async def _learn(self, generation: Generation, partition: int, event: Event) -> None:
        """Handles an echo, or a result, which another process may have published."""
        match event:
            case MessageEchoed() | CommentAdded(customer=None):
                for stored in self._find_proved(generation, partition, event):
                    await self._prove(generation, stored, event.external_id)
            case OutboundSettled() if event.outcome is not OutboundOutcome.UNKNOWN:
                settled = generation.states.requests.find(event.request_id)
                if settled is None:
                    await generation.runner.settler.remember(partition, event.request_id)
                    return
                await generation.runner.settler.close(settled, event.external_ids)
                generation.runner.notify(event.request_id)
                generation.restart(event.conversation_id, event.request_id)
            case _:
                pass

    def _find_proved(
        self, generation: Generation, partition: int, echo: MessageEchoed | CommentAdded
    ) -> Sequence[StoredRequest]:
        conversation = echo.conversation_id
        connector = self._resources.connectors.get(echo.channel)
        if conversation is None or connector is None:
            return ()
        candidates = list(generation.states.requests.find_sent(conversation))
        if not candidates:
            return ()
        if isinstance(echo, MessageEchoed) and connector.returns_client_id:
            return find_proved_by_id(candidates, echo)
        if generation.states.requests.has_made(partition, echo.external_id):
            return ()

        def find_text(stored: StoredRequest) -> str | None:
            return find_part(connector, stored).text

        found = find_proved_by_text(candidates, echo, find_text)
        return () if found is None else (found,)

    async def _prove(self, generation: Generation, stored: StoredRequest, external_id: str) -> None:
        """The channel carried out the present part of what is stored, in a call of this worker or
        of an earlier one."""
        current = generation.states.requests.find_any(stored.id)
        connector = self._resources.connectors.get(stored.request.channel)
        if current is None or current.part != stored.part or connector is None:
            return  # it came further meanwhile
        if current.phase is RequestPhase.CALLING:
            if current.proof is None:
                await generation.states.save(current.prove(external_id))
                generation.runner.notify(current.id)
            return
        await generation.runner.settler.note_proof(current, connector, external_id)
        generation.restart(current.request.conversation_id, current.id)
