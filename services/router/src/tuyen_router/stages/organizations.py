"""Stage 2, keyed by organization: handles requests in one order, with rotations and queues."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import structlog

from tuyen_directory.organization_state import OrganizationState
from tuyen_events.codec import UnknownTypeError, UnreadableEventError, decode_data
from tuyen_events.event import Event
from tuyen_events.ids import OrganizationId, RuleId
from tuyen_events.routing import ChoiceRequested, ChoiceWithdrawn, LoadsReported, ThreadReported
from tuyen_events.topics import REQUESTS
from tuyen_platform.clock import Clock
from tuyen_platform.metrics import ROUTED_EVENTS, STOPPED_DRAINS
from tuyen_router.domain.dispatch_state import (
    AnswerRepeated,
    CursorMoved,
    DispatchState,
    DispatchStep,
    OrderChanged,
    RequestAnswered,
    apply_step,
)
from tuyen_router.domain.loads import has_fallen, loads_before
from tuyen_router.domain.queue import (
    drain,
    on_loads,
    on_request,
    on_thread,
    on_withdrawal,
    repeat_drained,
)
from tuyen_router.domain.queue_buckets import Comparisons
from tuyen_router.domain.visits import bound_request
from tuyen_router.ports import DispatchStates, Organizations
from tuyen_router.stages.organization_writer import OrganizationWriter, ReadySteps
from tuyen_router.stages.records import (
    DeadLetterWriter,
    error_text_of,
    organization_partition,
)
from tuyen_stream import Batch, ConsumedRecord, Outbox

NAME = "organizations"
INPUTS = (REQUESTS,)

DRAINED_AT_ONCE = 500
"""How many waiting conversations one step serves at most, so that other work gets its turn in
between."""

DRAINED_WITHIN = timedelta(milliseconds=10)
"""How long one step goes on to the next conversation or bucket, however many there are."""

RULE_GONE_FOR = timedelta(hours=1)
"""For how long the cursor of a rule that was removed is kept: a rule that is created again by then
continues its rotation, and a worker that learns late of a new rule does not drop its cursor."""

COMPARED_AT_ONCE = 1_000
"""With how many buckets of an organization the newcomers of one batch are compared at most, while
its queue is being drained."""

_log = structlog.get_logger()


class OrganizationStage:
    """Handles batches, one partition after another; the domain makes all decisions.

    All steps of a record are computed, and their records encoded, before any of them is applied, so
    a record that cannot be handled goes to the dead letters and leaves no half-applied state.

    Pools are written first (`Phase.PUBLIC`). The state that a request leads to follows in one
    record batch, and its answer once that is acknowledged. So an answer that was sent can never
    differ after a crash, and a pool that a record refers to is always in the log (R9.4).
    """

    def __init__(
        self,
        *,
        topic_prefix: str,
        state_of: DispatchStates,
        organization: Organizations,
        dead_letters: DeadLetterWriter,
        clock: Clock,
    ) -> None:
        self._prefix = topic_prefix
        self._state_of = state_of
        self._organization = organization
        self._dead_letters = dead_letters
        self._clock = clock
        self.dirty: set[OrganizationId] = set()
        """Dirty organizations: somebody in them may have become a candidate since the last
        drain."""
        self._recovered: dict[int, DispatchState] = {}
        self._undelivered: dict[OrganizationId, deque[AnswerRepeated]] = {}
        """Undelivered answers: those of drains that may not have reached stage 1 before a crash."""
        self._gone: dict[OrganizationId, dict[RuleId, datetime]] = {}
        """Rules that have a cursor and are not in the directory, and since when."""

    def handle(self, batch: Batch, outbox: Outbox) -> None:
        """Handles a batch of requests."""
        state = self._state_of(batch.partition)
        writing = OrganizationWriter(self._prefix, state, outbox)
        for record in batch.records:
            try:
                event = _read(record)
            except UnreadableEventError as error:
                self._dead_letters.add(outbox, REQUESTS.name, batch.partition, record, error)
                continue
            if isinstance(event, ChoiceRequested) and event.organization not in writing.comparisons:
                writing.comparisons[event.organization] = Comparisons(COMPARED_AT_ONCE)
                self._drain(state, event.organization, writing)
            try:
                ready = writing.encode_steps(list(self._steps(state, event, writing)))
            except MemoryError:
                raise
            except Exception as error:  # caused by this record alone; nothing was applied yet
                self._dead_letters.add(outbox, REQUESTS.name, batch.partition, record, error)
                continue
            if isinstance(event, LoadsReported):
                self._apply_report(state, event, ready, writing)
            else:
                _apply(state, ready, writing)
        writing.end()
        ROUTED_EVENTS.labels(NAME, REQUESTS.name).inc(len(batch.records))

    def drain_step(self, organization: OrganizationId) -> Callable[[Outbox], None]:
        """A step that serves an organization's queue, some hundreds of conversations at a time
        (R5.1).

        Afterwards the organization is still dirty if there may be more to serve.
        """

        def step(outbox: Outbox) -> None:
            state = self._state_of(organization_partition(organization))
            writing = OrganizationWriter(self._prefix, state, outbox)
            self._drain(state, organization, writing)
            writing.end()

        return step

    def mark_waiting_dirty(self, partitions: Iterable[int]) -> None:
        """After a recovery: marks all organizations of the owned partitions that have a queue as
        dirty.

        The answer to a request is sent again when the request is read again. An answer that ended a
        wait was caused by no input record, so for partitions whose state was read again those are
        sent again here.
        """
        before, self._recovered = self._recovered, {}
        for number in partitions:
            state = self._recovered[number] = self._state_of(number)
            self.dirty.update(each for each, queue in state.queues.items() if queue)
            if before.get(number) is not state:
                for each in repeat_drained(state):
                    undelivered = self._undelivered.setdefault(
                        each.answer.choice.organization, deque()
                    )
                    undelivered.append(each)
        self.dirty.update(self._undelivered)

    def _steps(
        self, state: DispatchState, event: Event | None, writing: OrganizationWriter
    ) -> Iterable[DispatchStep]:
        """The steps that a record leads to in the present state."""
        match event:
            case ChoiceRequested():
                organization = self._organization(event.organization)
                is_dirty = event.organization in self.dirty
                draining = writing.comparisons[event.organization] if is_dirty else None
                return on_request(state, organization, self._clock.now(), event, draining=draining)
            case ChoiceWithdrawn():
                return on_withdrawal(state, event)
            case ThreadReported():
                return on_thread(state, event)
            case LoadsReported():
                return on_loads(state, event)
            case _:
                return ()

    def _apply_report(
        self,
        state: DispatchState,
        report: LoadsReported,
        ready: ReadySteps,
        writing: OrganizationWriter,
    ) -> None:
        """Applies a report, and marks the organization as dirty when an agent may take a
        conversation again (R1.7, R5.1)."""
        before = loads_before(state.loads, report)
        _apply(state, ready, writing)
        after = state.loads_of(report.organization)
        if has_fallen(before, after) and self._organization(report.organization).counts_loads:
            self.dirty.add(report.organization)
            buckets = state.queue_buckets.get(report.organization)
            if buckets is not None:
                buckets.search_again()

    def _drain(
        self, state: DispatchState, organization: OrganizationId, writing: OrganizationWriter
    ) -> None:
        """Serves a part of the queue of a dirty organization, which is clean once all of it is
        served.

        An exception belongs to this organization: it stops the organization's drain alone, until
        something changes in it (R9.5).
        """
        if organization not in self.dirty:
            return
        turns = self._list_drain_steps(state, organization)
        began = self._clock.now()
        served, is_over = 0, False
        while not is_over:
            try:
                turn = next(turns, None)
                ready = writing.encode_steps(turn) if turn else None
            except MemoryError:
                raise
            except Exception as error:
                STOPPED_DRAINS.inc()
                _log.error("drain_stopped", organization=organization, error=error_text_of(error))
                turn, served = None, 0
            if turn is None:
                if served < DRAINED_AT_ONCE:
                    self.dirty.discard(organization)
                return
            if ready is not None:
                _apply(state, ready, writing)
                served += isinstance(ready.steps[-1], RequestAnswered)
            is_over = self._clock.now() - began > DRAINED_WITHIN

    def _list_drain_steps(
        self, state: DispatchState, organization: OrganizationId
    ) -> Iterator[Sequence[DispatchStep]]:
        """The answers that are sent again after a crash, the removal of rules that are gone, and
        the turns of the drain."""
        undelivered = self._undelivered.get(organization)
        while undelivered:
            yield [undelivered.popleft()]
        self._undelivered.pop(organization, None)
        known = self._organization(organization)
        yield from self._forget_removed_rules(state, known)
        yield from drain(state, known, self._clock.now(), DRAINED_AT_ONCE)

    def _forget_removed_rules(
        self, state: DispatchState, known: OrganizationState
    ) -> Iterator[list[DispatchStep]]:
        """R9.6: the cursor of a rule that was removed long enough ago is dropped. A rule with the
        same id that is created later is a new one: R2.4 is about rules that are edited."""
        now, before = self._clock.now(), self._gone.pop(known.id, {})
        gone = {
            rule: before.get(rule, now)
            for rule in state.cursors.get(known.id, ())
            if rule not in known.directory.rules
        }
        if gone:
            self._gone[known.id] = gone
        for rule, since in gone.items():
            if now - since >= RULE_GONE_FOR:
                yield [OrderChanged(known.id, rule, None), CursorMoved(known.id, rule, None)]


def _read(record: ConsumedRecord) -> Event | None:
    """The record's event; None if this stage does not use it. Raises UnreadableEventError."""
    if record.value is None:
        return None
    try:
        event = decode_data(record.headers, record.value)
    except UnknownTypeError:
        return None
    return bound_request(event) if isinstance(event, ChoiceRequested) else event


def _apply(state: DispatchState, ready: ReadySteps, writing: OrganizationWriter) -> None:
    """Applies steps, and adds their encoded records to the outbox."""
    for step in ready.steps:
        apply_step(state, step)
    writing.add(ready)
