"""Stage 2, placed by organization: requests in one order, rotations, queues."""

from collections.abc import Callable, Iterable

from tuyen_events.codec import UnknownTypeError, UnreadableEventError, decode_data
from tuyen_events.ids import OrganizationId
from tuyen_events.routing import ChoiceRequested, ChoiceWithdrawn, LoadsReported
from tuyen_events.topics import ANSWERS, CHOICES, POOLS, REQUESTS
from tuyen_platform.clock import Clock
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.metrics import ROUTED_EVENTS
from tuyen_router.chunks import Chunk, Outbox, OutRecord, Record
from tuyen_router.domain.loads import fell
from tuyen_router.domain.queue import (
    REMEMBERED_ANSWERS,
    Answered,
    PoolTold,
    Repeated,
    Rotations,
    Step,
    drain,
    drained_again,
    evolve,
    on_report,
    on_request,
    on_withdrawal,
)
from tuyen_router.ports import OrganizationPartition, Organizations
from tuyen_router.stages.records import (
    DeadLetterOffice,
    organization_partition,
    pool_record,
    private_record,
)
from tuyen_router.stages.tables import choice_entry, progress_entry

NAME = "organizations"
INPUTS = (REQUESTS,)

DRAINED_AT_ONCE = 500
"""How many waiting conversations one step hands out, so that others get their turn in between."""

_GROUP_BYTES = 128 * 1024


class OrganizationStage:
    """Handles chunks of one partition after another; all decisions are the domain's.

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
        self._untold: set[OrganizationId] = set()
        """Organizations whose drained answers may not have reached stage 1 before a crash."""

    def handle(self, chunk: Chunk, outbox: Outbox) -> None:
        """A chunk of requests."""
        rotations = self._rotations(chunk.partition)
        writing = _Writing(self._prefix, rotations, outbox)
        for record in chunk.records:
            try:
                self._handle_record(rotations, record, writing)
            except UnknownTypeError:
                continue
            except UnreadableEventError as error:
                self._dead_letters.add(outbox, REQUESTS.name, chunk.partition, record, error)
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
                self._untold.update(
                    each.answer.choice.organization for each in drained_again(rotations)
                )
        self.stirred |= self._untold

    def _handle_record(self, rotations: Rotations, record: Record, writing: "_Writing") -> None:
        if record.value is None:
            return
        event = decode_data(record.headers, record.value)
        match event:
            case ChoiceRequested():
                if event.organization not in writing.drained:
                    writing.drained.add(event.organization)
                    self._drain(rotations, event.organization, writing)
                organization = self._organization(event.organization)
                behind = event.organization in self.stirred
                steps = on_request(rotations, organization, event, behind=behind)
                self._fold(rotations, steps, writing)
            case ChoiceWithdrawn():
                self._fold(rotations, on_withdrawal(rotations, event), writing)
            case LoadsReported():
                self._take_report(rotations, event, writing)
            case _:
                pass
        writing.pause()

    def _take_report(
        self, rotations: Rotations, report: LoadsReported, writing: "_Writing"
    ) -> None:
        """Stirs the organization when somebody has room again (R1.7, R5.1)."""
        before = dict(rotations.loads_of(report.organization))
        self._fold(rotations, on_report(rotations, report), writing)
        after = rotations.loads_of(report.organization)
        if fell(before, after) and self._organization(report.organization).counts_loads:
            self.stirred.add(report.organization)

    def _drain(
        self, rotations: Rotations, organization: OrganizationId, writing: "_Writing"
    ) -> None:
        """Hands out some of what waits in a stirred organization; with all of it, it is calm."""
        if organization not in self.stirred:
            return
        if organization in self._untold:
            self._untold.discard(organization)
            for each in drained_again(rotations):
                if each.answer.choice.organization == organization:
                    writing.add(each)
        known = self._organization(organization)
        steps = drain(rotations, known, self._clock.now(), DRAINED_AT_ONCE)
        if self._fold(rotations, steps, writing) < DRAINED_AT_ONCE:
            self.stirred.discard(organization)

    def _fold(self, rotations: Rotations, steps: Iterable[Step], writing: "_Writing") -> int:
        """Folds each step before the next is made, and writes it; counts the answers given."""
        answers = 0
        for step in steps:
            evolve(rotations, step)
            writing.add(step)
            answers += isinstance(step, Answered)
        return answers


class _Writing:
    """Gathers what steps leave behind into record batches that are appended whole.

    Within a batch a key stands once, with its last value. A batch ends only between two requests,
    and always carries how far the partition came.
    """

    def __init__(self, prefix: str, rotations: Rotations, outbox: Outbox) -> None:
        self._choices = prefix + CHOICES.name
        self._answers = prefix + ANSWERS.name
        self._pools = prefix + POOLS.name
        self._rotations = rotations
        self._outbox = outbox
        self.drained: set[OrganizationId] = set()
        """Organizations whose queue had its turn in this chunk."""
        self._entries: dict[bytes, bytes | None] = {}
        self._bytes = 0

    def add(self, step: Step) -> None:
        entry = choice_entry(step, REMEMBERED_ANSWERS)
        if entry is not None:
            key, value = entry
            self._entries[key] = value
            self._bytes += len(key) + len(value or b"")
        match step:
            case Answered() | Repeated():
                choice = step.answer.choice
                record = private_record(choice.customer_id, choice)
                told = self._outbox.follow_up.follow_up
                told.add(self._answers, step.answer.partition, *record)
            case PoolTold():
                partition = partition_of(step.pool.id, POOLS.partitions)
                self._outbox.add(self._pools, partition, *pool_record(step.pool, step.at))
            case _:
                pass
        if isinstance(step, Answered):
            self.pause()

    def pause(self) -> None:
        """Ends the batch if it is large enough; to be called where it may end."""
        if self._bytes >= _GROUP_BYTES:
            self.end()

    def end(self) -> None:
        """Hands the batch over."""
        if not self._entries:
            return
        key, value = progress_entry(self._rotations)
        self._entries[key] = value
        self._outbox.follow_up.add_atomically(
            self._choices,
            self._rotations.number,
            [OutRecord(each, entry) for each, entry in self._entries.items()],
        )
        self._entries = {}
        self._bytes = 0
