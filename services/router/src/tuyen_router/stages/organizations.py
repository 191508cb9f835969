"""Stage 2, placed by organization: requests in one order, rotations, queues."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec
import structlog

from tuyen_events.codec import UnknownTypeError, UnreadableEventError, decode_data
from tuyen_events.event import Event
from tuyen_events.ids import OrganizationId, RuleId
from tuyen_events.routing import ChoiceRequested, ChoiceWithdrawn, LoadsReported, ThreadReported
from tuyen_events.topics import ANSWERS, CHOICES, POOLS, REQUESTS
from tuyen_platform.clock import Clock
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.metrics import ROUTED_EVENTS, STOPPED_DRAINS
from tuyen_router.chunks import Chunk, Outbox, OutRecord, Record
from tuyen_router.domain.loads import fell
from tuyen_router.domain.organization import Organization
from tuyen_router.domain.queue import (
    drain,
    drained_again,
    on_report,
    on_request,
    on_thread,
    on_withdrawal,
    turns,
)
from tuyen_router.domain.rotations import (
    REMEMBERED_ANSWERS,
    Answered,
    Asked,
    CursorMoved,
    Ordered,
    PoolTold,
    Repeated,
    Rotations,
    Step,
    evolve,
)
from tuyen_router.domain.threads import BucketKept, GivenTold, RemovalTold
from tuyen_router.domain.visits import within_bounds
from tuyen_router.ports import OrganizationPartition, Organizations
from tuyen_router.stages.records import (
    DeadLetterOffice,
    organization_partition,
    pool_record,
    private_record,
    reason_of,
)
from tuyen_router.stages.tables import choice_entry

NAME = "organizations"
INPUTS = (REQUESTS,)

DRAINED_AT_ONCE = 500
"""How many waiting conversations one step hands out, so that others get their turn in between."""

DRAINED_WITHIN = timedelta(milliseconds=10)
"""For how long one step goes on to the next conversation, however many agents there are."""

RULE_GONE_FOR = timedelta(hours=1)
"""For how long the place of a rule that was removed is kept: one that is made again by then goes
on, and a worker that reads of a new rule late takes it for none."""

_GROUP_BYTES = 128 * 1024
_FRAME = 128
"""More than a record takes beside its key and value."""

_log = structlog.get_logger()


class OrganizationStage:
    """Handles chunks of one partition after another; all decisions are the domain's.

    What a record leads to is worked out and made ready to be written before any of it is folded, so
    one that cannot be handled is put aside and leaves nothing half done.

    Pools are written first. What is remembered of a request follows in one record batch, and its
    answer once that is acknowledged. So an answer that was given is never given otherwise after a
    crash, and whatever names a pool finds it in the log (R9.4).
    """

    def __init__(
        self,
        *,
        topic_prefix: str,
        rotations: OrganizationPartition,
        organization: Organizations,
        dead_letters: DeadLetterOffice,
        clock: Clock,
    ) -> None:
        self._prefix = topic_prefix
        self._rotations = rotations
        self._organization = organization
        self._dead_letters = dead_letters
        self._clock = clock
        self.stirred: set[OrganizationId] = set()
        """Organizations in which somebody may have become a candidate since their last drain."""
        self._recovered: dict[int, Rotations] = {}
        self._untold: dict[OrganizationId, deque[Repeated]] = {}
        """Drained answers that may not have reached stage 1 before a crash."""
        self._gone: dict[OrganizationId, dict[RuleId, datetime]] = {}
        """Rules that have a place and that the directory does not have, and since when."""

    def handle(self, chunk: Chunk, outbox: Outbox) -> None:
        """A chunk of requests."""
        rotations = self._rotations(chunk.partition)
        writing = _Writing(self._prefix, rotations, outbox)
        for record in chunk.records:
            try:
                event = _read(record)
            except UnreadableEventError as error:
                self._dead_letters.add(outbox, REQUESTS.name, chunk.partition, record, error)
                continue
            if isinstance(event, ChoiceRequested) and event.organization not in writing.drained:
                writing.drained.add(event.organization)
                self._drain(rotations, event.organization, writing)
            try:
                ready = writing.ready(list(self._steps(rotations, event)))
            except MemoryError:
                raise
            except Exception as error:  # the record's own doing, and nothing was changed for it
                self._dead_letters.add(outbox, REQUESTS.name, chunk.partition, record, error)
                continue
            if isinstance(event, LoadsReported):
                self._take_report(rotations, event, ready, writing)
            else:
                _fold(rotations, ready, writing)
        writing.end()
        ROUTED_EVENTS.labels(NAME, REQUESTS.name).inc(len(chunk.records))

    def drain_step(self, organization: OrganizationId) -> Callable[[Outbox], None]:
        """A step that hands out what waits in an organization, some hundreds at a time (R5.1).

        Afterwards the organization is still stirred if there may be more.
        """

        def step(outbox: Outbox) -> None:
            rotations = self._rotations(organization_partition(organization))
            writing = _Writing(self._prefix, rotations, outbox)
            self._drain(rotations, organization, writing)
            writing.end()

        return step

    def stir_waiting(self, partitions: Iterable[int]) -> None:
        """Stirs all organizations of the owned partitions that have a queue: after a recovery.

        An answer to a request comes again with the request; one that was drained was caused by
        none, so where the state of a partition was read anew, those are given again.
        """
        before, self._recovered = self._recovered, {}
        for number in partitions:
            rotations = self._recovered[number] = self._rotations(number)
            self.stirred.update(each for each, queue in rotations.queues.items() if queue)
            if before.get(number) is not rotations:
                for each in drained_again(rotations):
                    untold = self._untold.setdefault(each.answer.choice.organization, deque())
                    untold.append(each)
        self.stirred.update(self._untold)

    def _steps(self, rotations: Rotations, event: Event | None) -> Iterable[Step]:
        """What a record leads to, by the state as it is."""
        match event:
            case ChoiceRequested():
                organization = self._organization(event.organization)
                behind, now = event.organization in self.stirred, self._clock.now()
                return on_request(rotations, organization, now, event, behind=behind)
            case ChoiceWithdrawn():
                return on_withdrawal(rotations, event)
            case ThreadReported():
                return on_thread(rotations, event)
            case LoadsReported():
                return on_report(rotations, event)
            case _:
                return ()

    def _take_report(
        self, rotations: Rotations, report: LoadsReported, ready: "_Ready", writing: "_Writing"
    ) -> None:
        """Stirs the organization when somebody has room again (R1.7, R5.1)."""
        before = dict(rotations.loads_of(report.organization))
        _fold(rotations, ready, writing)
        after = rotations.loads_of(report.organization)
        if fell(before, after) and self._organization(report.organization).counts_loads:
            self.stirred.add(report.organization)

    def _drain(
        self, rotations: Rotations, organization: OrganizationId, writing: "_Writing"
    ) -> None:
        """Hands out some of what waits in a stirred organization; with all of it, it is calm.

        What raises there is the organization's own, and stops its draining alone, until something
        changes in it (R9.5).
        """
        if organization not in self.stirred:
            return
        turns = self._turns(rotations, organization)
        began = self._clock.now()
        handed_out, is_over = 0, False
        while not is_over:
            try:
                turn = next(turns, None)
                ready = None if turn is None else writing.ready(turn)
            except MemoryError:
                raise
            except Exception as error:
                STOPPED_DRAINS.inc()
                _log.error("drain_stopped", organization=organization, error=reason_of(error))
                ready, handed_out = None, 0
            if ready is None:
                if handed_out < DRAINED_AT_ONCE:
                    self.stirred.discard(organization)
                return
            _fold(rotations, ready, writing)
            handed_out += isinstance(ready.steps[-1], Answered)
            is_over = self._clock.now() - began > DRAINED_WITHIN

    def _turns(self, rotations: Rotations, organization: OrganizationId) -> Iterator[list[Step]]:
        """What is given again after a crash, what is kept of rules that are gone, and what is given
        now, one conversation at a time."""
        untold = self._untold.get(organization)
        while untold:
            yield [untold.popleft()]
        self._untold.pop(organization, None)
        known = self._organization(organization)
        yield from self._gone_rules(rotations, known)
        yield from turns(drain(rotations, known, self._clock.now(), DRAINED_AT_ONCE))

    def _gone_rules(self, rotations: Rotations, known: Organization) -> Iterator[list[Step]]:
        """R9.6: a rule that was removed for long enough has no place any more. Whoever makes one of
        that id later makes a new one: R2.4 is about those that are edited."""
        now, before = self._clock.now(), self._gone.pop(known.id, {})
        gone = {
            rule: before.get(rule, now)
            for organization, rule in rotations.cursors
            if organization == known.id and rule not in known.rules
        }
        if gone:
            self._gone[known.id] = gone
        for rule, since in gone.items():
            if now - since >= RULE_GONE_FOR:
                yield [Ordered(known.id, rule, None), CursorMoved(known.id, rule, None)]


def _read(record: Record) -> Event | None:
    """The record's event; None of one that is of no use here. Raises UnreadableEventError."""
    if record.value is None:
        return None
    try:
        event = decode_data(record.headers, record.value)
    except UnknownTypeError:
        return None
    return within_bounds(event) if isinstance(event, ChoiceRequested) else event


def _fold(rotations: Rotations, ready: "_Ready", writing: "_Writing") -> None:
    """Folds steps, and hands over what was made ready of them."""
    for step in ready.steps:
        evolve(rotations, step)
    writing.add(ready)


class _Ready(msgspec.Struct, frozen=True):
    """Steps that are folded together, and what is to be written of them."""

    steps: Sequence[Step]
    entries: Sequence[OutRecord]
    asked: Asked | None
    """Is written once for all of a batch."""
    size: int
    """Of the entries and that, in one record batch."""
    answers: Sequence[tuple[int, OutRecord]]
    """With their partitions, as the pools."""
    pools: Sequence[tuple[int, OutRecord]]


class _Writing:
    """Gathers what steps leave behind into record batches that are appended whole.

    Within a batch a key stands once, with its last value. A batch ends only between two turns.
    """

    def __init__(self, prefix: str, rotations: Rotations, outbox: Outbox) -> None:
        self._choices = prefix + CHOICES.name
        self._answers = prefix + ANSWERS.name
        self._pools = prefix + POOLS.name
        self._rotations = rotations
        self._outbox = outbox
        self.drained: set[OrganizationId] = set()
        """Organizations whose queue had its turn in this chunk."""
        self._entries: dict[bytes | None, OutRecord] = {}
        self._asked: dict[str, Asked] = {}
        self._bytes = 0

    def ready(self, steps: Sequence[Step]) -> _Ready:
        """The records of some steps that belong together. Raises RecordTooLargeError when one of
        them cannot be written, or all of their entries in one batch."""
        entries, answers, pools, size = [], [], [], 0
        asked = None
        for step in steps:
            if isinstance(step, Asked):
                asked = step
                size += len(step.source) + 2 * _FRAME
                continue
            entry = choice_entry(step, REMEMBERED_ANSWERS)
            if entry is not None:
                key, value = entry
                size += len(key) + (0 if value is None else len(value)) + _FRAME
                entries.append(OutRecord(key, value))
            match step:
                case CursorMoved() | BucketKept():
                    pass
                case Answered() | Repeated():
                    choice = step.answer.choice
                    record = private_record(choice.customer_id, choice)
                    self._outbox.require(self._answers, record)
                    answers.append((step.answer.partition, record))
                case RemovalTold():
                    record = private_record(step.removed.conversation_id, step.removed)
                    self._outbox.require(self._answers, record)
                    answers.append((step.partition, record))
                case GivenTold():
                    record = private_record(step.given.conversation_id, step.given)
                    self._outbox.require(self._answers, record)
                    answers.append((step.partition, record))
                case PoolTold():
                    record = pool_record(step.pool, step.at)
                    self._outbox.require(self._pools, record)
                    pools.append((partition_of(step.pool.id, POOLS.partitions), record))
                case _:
                    pass
        if size > self._outbox.limit:
            self._outbox.size_of(self._choices, *entries)
        return _Ready(steps, entries, asked, size, answers, pools)

    def add(self, ready: _Ready) -> None:
        """Takes what was made ready, after its steps were folded."""
        if self._bytes + ready.size > self._outbox.limit:
            self.end()
        for entry in ready.entries:
            self._entries[entry.key] = entry
        if ready.asked is not None:
            self._asked[ready.asked.source] = ready.asked
        self._bytes += ready.size
        for partition, record in ready.pools:
            self._outbox.add(self._pools, partition, *record)
        told = self._outbox.follow_up.follow_up
        for partition, record in ready.answers:
            told.add_atomically(self._answers, partition, (record,))
        if self._bytes >= _GROUP_BYTES:
            self.end()

    def end(self) -> None:
        """Hands the batch over."""
        asked = (choice_entry(each, REMEMBERED_ANSWERS) for each in self._asked.values())
        records = [*(OutRecord(*each) for each in asked if each), *self._entries.values()]
        self._outbox.follow_up.add_atomically(self._choices, self._rotations.number, records)
        self._entries, self._asked = {}, {}
        self._bytes = 0
