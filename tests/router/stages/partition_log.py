"""The records of one partition of stage 1, from which it starts again."""

from datetime import datetime

from msgspec.structs import replace

from router.domain.inputs import COMMENT, A, answer, request
from router.stages.streams import StreamRecord, batch, record
from support.organizations import AT, shop
from tuyen_directory.organization_state import OrganizationState
from tuyen_events.event import Event
from tuyen_events.ids import AgentId, ConversationId, event_id
from tuyen_events.routing import Verdict
from tuyen_events.vocabulary import Strategy
from tuyen_platform.clock import ManualClock
from tuyen_router.domain.customer_state import CustomerState
from tuyen_router.stages.customers import CustomerStage
from tuyen_router.stages.phases import Phase
from tuyen_router.stages.records import DeadLetterWriter
from tuyen_router.stages.tables import CustomerPartitions
from tuyen_stream import Outbox


class PartitionLog:
    """One partition of stage 1, and its records: of `router-customers` the last of each key."""

    def __init__(self, known: OrganizationState | None = None) -> None:
        known = known or shop()
        self.state = CustomerState(3)
        self.assignments: list[StreamRecord] = []
        self.customers: dict[bytes, StreamRecord] = {}
        self._written = 0
        self._keys: list[str] = []
        self._offsets = dict.fromkeys(("inbound", "router-answers", "commands"), 0)
        self._stage = CustomerStage(
            topic_prefix="t.",
            state_of=lambda _: self.state,
            organization=lambda _: known,
            dead_letters=DeadLetterWriter("t.", ManualClock(AT)),
        )

    def handle(self, topic: str, *told: Event, event: str | None = None) -> Outbox:
        """The result of a batch of events."""
        start = self._offsets[topic]
        self._offsets[topic] += len(told)
        records = [
            record(start + number, each, event or event_id(f"{start + number}"))
            for number, each in enumerate(told)
        ]
        outbox = Outbox()
        self._stage.handle(batch(f"t.{topic}", 3, *records), outbox)
        for group in outbox.groups(Phase.PUBLIC).get(("t.assignments", 3), ()):
            for each in group:
                offset = len(self.assignments)
                self.assignments.append(StreamRecord(offset, each.key, each.value, each.headers))
        for group in outbox.groups(Phase.STATE).get(("t.router-customers", 3), ()):
            for each in group:
                self.keep((each.key or b"").decode(), each.value)
        return outbox

    def keep(self, name: str, value: bytes | None) -> None:
        """A record of `router-customers`."""
        self._written += 1
        self._keys.append(name)
        key = name.encode()
        self.customers.pop(key, None)
        self.customers[key] = StreamRecord(self._written, key, value)

    def writes(self, kind: str) -> int:
        """How many records of that kind were written."""
        return sum(name.startswith(kind) for name in self._keys)

    def assign_comments(
        self, count: int, at: datetime, agent: AgentId = A, mode: Strategy = Strategy.SEQUENTIAL
    ) -> list[ConversationId]:
        """So many root comments, each answered for."""
        start = self._offsets["router-answers"]
        names = [ConversationId(f"cmt_{start + number}") for number in range(count)]
        asked = replace(answer(request(0, COMMENT), Verdict.CHOSEN, agent), mode=mode)
        self.handle(
            "router-answers", *(replace(asked, conversation_id=name, at=at) for name in names)
        )
        return names

    def read_at_a_start(self) -> int:
        """How many records; the partition is recovered from them."""
        tables = CustomerPartitions()
        assignments, customers = tables.assignments(3), tables.customers(3)
        kept = [each for each in self.customers.values() if each.value is not None]
        customers.apply(kept)
        tail = self.assignments[assignments.starts_at() :]
        assignments.apply(tail)
        assignments.on_recovered(len(self.assignments) - 1)
        self.state = assignments.state
        return len(kept) + len(tail)
