"""The router's two stages on one machine's memory, with a broker that can lose what it never had.

Topics are lists. An outbox is sent as `tuyen_stream` guarantees: groups land whole, in order within
a topic partition and in any order between two; a phase is sent once every group of the phase before
it has landed, of this outbox and of all before it, in their order; the input is acknowledged after
the last phase, and committed some time later. A crash drops what has not landed; a restart folds
the changelogs and reads on from what is committed.

Every partition of a stage stands for a worker of its own, so that any of them may crash alone.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from random import Random

from tuyen_directory.candidates import members_of
from tuyen_directory.organization_state import OrganizationState
from tuyen_events.codec import decode_data
from tuyen_events.event import Event
from tuyen_events.ids import AgentId, OrganizationId, RuleId
from tuyen_events.routing import ChoiceMade
from tuyen_events.topics import (
    ANSWERS,
    ASSIGNMENTS,
    CHOICES,
    COMMANDS,
    CUSTOMERS,
    INBOUND,
    REQUESTS,
)
from tuyen_platform.clock import ManualClock
from tuyen_router.domain.customer_state import CustomerState
from tuyen_router.domain.dispatch_state import DispatchState
from tuyen_router.stages.customers import CustomerStage
from tuyen_router.stages.organizations import OrganizationStage
from tuyen_router.stages.records import DeadLetterWriter, organization_partition
from tuyen_router.stages.tables import ChoicesTable, CustomerPartitions
from tuyen_stream import Batch, Outbox, OutRecord, PhaseRecords, RecordGroup

START = datetime(2026, 1, 5, 8, tzinfo=UTC)

Place = tuple[str, int]
"""A topic and a partition."""


@dataclass(frozen=True, slots=True)
class StoredRecord:
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    offset: int
    timestamp: int = 0


class MemoryTopics:
    """The broker: what stands here is acknowledged and is never lost."""

    def __init__(self) -> None:
        self.logs: dict[Place, list[StoredRecord]] = defaultdict(list)

    def append(self, place: Place, record: OutRecord) -> None:
        log = self.logs[place]
        log.append(StoredRecord(record.key, record.value, tuple(record.headers), len(log)))

    def compact(self, place: Place) -> list[StoredRecord]:
        """The log as a broker may have left it: of each key the last record, tombstones gone."""
        last = {record.key: record for record in self.logs[place]}
        return [each for each in self.logs[place] if last[each.key] is each and each.value]

    def events(self, topic: str) -> Iterable[Event]:
        """All events of a topic, partition by partition."""
        for (name, _), log in sorted(self.logs.items()):
            if name == topic:
                yield from (decode_data(each.headers, each.value or b"") for each in log)


@dataclass(slots=True, eq=False)
class _Sent:
    """An outbox in flight, one phase at a time."""

    phases_left: deque[PhaseRecords]
    acknowledged: Callable[[], None]
    phase: int = -1
    parts_left: int = 0


@dataclass(slots=True, eq=False)
class Worker:
    """One partition of one stage: its state, what it has under way, how far it read."""

    inputs: tuple[str, ...]
    partition: int
    next: dict[str, int] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)
    committed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    early: dict[tuple[str, int], int] = field(default_factory=dict)
    senders: dict[Place, deque[RecordGroup | _Sent]] = field(default_factory=dict)
    in_flight: dict[int, deque[_Sent]] = field(default_factory=dict)
    """By the phase that is in flight, oldest first."""

    def begin(self) -> None:
        """All that was under way is gone; reads from what is committed."""
        self.next = {name: self.committed[name] for name in self.inputs}
        self.done = dict(self.next)
        self.early, self.senders, self.in_flight = {}, {}, {}

    def acknowledge(self, topic: str, start: int, end: int) -> None:
        self.early[topic, start] = end
        while (end_of := self.early.pop((topic, self.done[topic]), None)) is not None:
            self.done[topic] = end_of

    def submit(self, outbox: Outbox, acknowledged: Callable[[], None]) -> None:
        self._send_next_phase(_Sent(deque(outbox.phases), acknowledged))

    def _send_next_phase(self, sent: _Sent) -> None:
        groups_by_place = sent.phases_left.popleft().groups if sent.phases_left else {}
        sent.phase += 1
        sent.parts_left = len(groups_by_place)
        self.in_flight.setdefault(sent.phase, deque()).append(sent)
        for place, groups in groups_by_place.items():
            sender = self.senders.setdefault(place, deque())
            sender.extend(groups)
            sender.append(sent)
        self._advance(sent.phase)

    def _advance(self, phase: int) -> None:
        """Those of which a phase has landed go on, in their order."""
        waiting = self.in_flight[phase]
        while waiting and waiting[0].parts_left == 0:
            sent = waiting.popleft()
            if sent.phases_left:
                self._send_next_phase(sent)
            else:
                sent.acknowledged()

    def land(self, place: Place, topics: MemoryTopics) -> None:
        """The broker takes one group of a lane."""
        sender = self.senders[place]
        group = sender.popleft()
        assert not isinstance(group, _Sent)
        for record in group:
            topics.append(place, record)
        while sender and isinstance(sender[0], _Sent):
            sent = sender.popleft()
            assert isinstance(sent, _Sent)
            sent.parts_left -= 1
            if sent.parts_left == 0:
                self._advance(sent.phase)
        if not sender:
            self.senders.pop(place, None)


class Simulation:
    """Both stages over some partitions of customers; one step at a time, in any order."""

    def __init__(
        self, partitions: Iterable[int], organizations: Iterable[OrganizationState]
    ) -> None:
        self.topics = MemoryTopics()
        self.organizations = {each.id: each for each in organizations}
        self.clock = ManualClock(START)
        letters = DeadLetterWriter("", self.clock)
        self.stage1 = CustomerStage(
            topic_prefix="",
            state_of=lambda number: self.customers[number],
            organization=self.organizations.__getitem__,
            dead_letters=letters,
        )
        self.stage2 = OrganizationStage(
            topic_prefix="",
            state_of=lambda number: self.dispatch_states[number],
            organization=self.organizations.__getitem__,
            dead_letters=letters,
            clock=self.clock,
        )
        self.chosen: dict[tuple[int, int], tuple[ChoiceMade, tuple[AgentId, ...]]] = {}
        """Partition and place of each answer that was not lost; the order of its pool by then."""
        self.customers: dict[int, CustomerState] = {}
        self.owed: set[int] = set()
        """Partitions of stage 1 that have to tell all their loads."""
        self.dispatch_states: dict[int, DispatchState] = {}
        inputs = (INBOUND.name, ANSWERS.name, COMMANDS.name)
        self.first = [Worker(inputs, number) for number in partitions]
        self.second = [
            Worker((REQUESTS.name,), number)
            for number in sorted({organization_partition(each) for each in self.organizations})
        ]
        for worker in self.workers:
            self.restart(worker)

    @property
    def workers(self) -> list[Worker]:
        return [*self.first, *self.second]

    def restart(self, worker: Worker, *, compacted: bool = False) -> None:
        """A crash, and the start that follows it."""
        worker.begin()
        if worker in self.first:
            self.customers[worker.partition] = self.recover_customers(worker.partition, compacted)
            self.owed.add(worker.partition)
        else:
            self.dispatch_states[worker.partition] = self.recover_dispatch_state(
                worker.partition, compacted
            )
            for organization in list(self.stage2.dirty):
                if organization_partition(organization) == worker.partition:
                    self.stage2.dirty.discard(organization)
            self.stage2.mark_waiting_dirty(self.dispatch_states)
            place = self.dispatch_states[worker.partition].place
            for key in [each for each in self.chosen if each[0] == worker.partition]:
                if key[1] > place:
                    del self.chosen[key]

    def recover_customers(self, number: int, compacted: bool = False) -> CustomerState:
        tables = CustomerPartitions()
        assignments, customers = tables.assignments(number), tables.customers(number)
        customers.apply(self._changelog((CUSTOMERS.name, number), compacted))
        start = assignments.starts_at()
        place = (ASSIGNMENTS.name, number)
        assignments.apply([r for r in self._changelog(place, compacted) if r.offset >= start])
        assignments.on_recovered(len(self.topics.logs[place]) - 1)
        return assignments.state

    def recover_dispatch_state(self, number: int, compacted: bool = False) -> DispatchState:
        table = ChoicesTable(number)
        table.apply(self._changelog((CHOICES.name, number), compacted))
        return table.state

    def _changelog(self, place: Place, compacted: bool) -> list[StoredRecord]:
        return self.topics.compact(place) if compacted else self.topics.logs[place]

    def handle(self, worker: Worker, topic: str, most: int) -> None:
        """The worker takes the next records of one input."""
        start = worker.next[topic]
        records = self.topics.logs[topic, worker.partition][start : start + most]
        if not records:
            return
        end = worker.next[topic] = records[-1].offset + 1
        outbox = Outbox()
        stage = self.stage1.handle if worker in self.first else self.stage2.handle
        stage(Batch(topic, worker.partition, start, end - 1, records), outbox)
        if worker in self.second:
            self._note(worker.partition)
        worker.submit(outbox, lambda: worker.acknowledge(topic, start, end))

    def drain(self, organization: OrganizationId) -> None:
        """What the process does when somebody may have become a candidate."""
        number = organization_partition(organization)
        outbox = Outbox()
        self.stage2.drain_step(organization)(outbox)
        self._note(number)
        worker = next(each for each in self.second if each.partition == number)
        worker.submit(outbox, lambda: None)

    def _note(self, number: int) -> None:
        """Keeps the answers that a step gave, with what the pool was when it gave them."""
        for answer in self.dispatch_states[number].answers.values():
            choice = answer.choice
            known = self.organizations[choice.organization]
            rule = known.directory.rules.get(choice.rule_id or RuleId(""))
            if (number, answer.place) not in self.chosen and rule is not None:
                members = members_of(known.directory, rule.value)
                order = tuple(member.agent_id for member in members)
                self.chosen[number, answer.place] = (choice, order)

    def change(self, organization: OrganizationState) -> None:
        """The global tables change, and both stages are notified."""
        if organization.counts_loads and not self.organizations[organization.id].counts_loads:
            self.owed.update(self.customers)
        self.organizations[organization.id] = organization
        self.stage2.dirty.add(organization.id)

    def steps(self) -> list[Callable[[Random], None]]:
        """All that could happen next by itself."""
        steps: list[Callable[[Random], None]] = []
        for worker in self.workers:
            for topic in worker.inputs:
                if worker.next[topic] < len(self.topics.logs[topic, worker.partition]):
                    steps.append(partial(self._handle_some, worker, topic))
            steps.extend(partial(self._land, worker, place) for place in worker.senders)
            if worker.done != {name: worker.committed[name] for name in worker.inputs}:
                steps.append(partial(self._commit, worker))
        steps.extend(partial(self._drain, each) for each in sorted(self.stage2.dirty))
        steps.extend(partial(self._report, each) for each in sorted(self.owed))
        return steps

    def _handle_some(self, worker: Worker, topic: str, random: Random) -> None:
        self.handle(worker, topic, random.randint(1, 4))

    def _land(self, worker: Worker, place: Place, _: Random) -> None:
        worker.land(place, self.topics)

    def _commit(self, worker: Worker, _: Random) -> None:
        worker.committed.update(worker.done)

    def _report(self, number: int, _: Random) -> None:
        self.owed.discard(number)
        outbox = Outbox()
        self.stage1.report_step(number, None)(outbox)
        worker = next(each for each in self.first if each.partition == number)
        worker.submit(outbox, lambda: None)

    def _drain(self, organization: OrganizationId, _: Random) -> None:
        self.drain(organization)

    def settle(self, random: Random) -> None:
        """Goes on, in an order of chance, until nothing is left to do."""
        for _ in range(100_000):
            steps = self.steps()
            if not steps:
                return
            random.choice(steps)(random)
        raise AssertionError("the stages never come to rest")
