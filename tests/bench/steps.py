"""How long one step of stage 2 keeps the loop from all else, and what it keeps in memory.

One organization of a thousand agents, a hundred queues (departments) and ten thousand who wait. In
this process, without Kafka: the times are of the processor, the bytes those of Python's allocator.
"""

import gc
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TypeVar

from bench.report import Bar, Row
from support.organizations import agent, department, organization, rule, settings
from tuyen_directory.organization_state import OrganizationState, with_presence
from tuyen_events.codec import encode
from tuyen_events.directory import Member
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, ConversationId, CustomerId, OrganizationId, PageId, event_id
from tuyen_events.routing import ChoiceRequested, Position, Purpose
from tuyen_events.vocabulary import Channel, ConversationKind, Presence, Strategy
from tuyen_platform.clock import SystemClock
from tuyen_router.domain.dispatch_state import DispatchState
from tuyen_router.stages.organizations import OrganizationStage
from tuyen_router.stages.records import DeadLetterWriter, organization_partition
from tuyen_stream import Batch, Outbox

AGENTS, QUEUES, WAITING, CAPACITY = 1_000, 100, 10_000, 20
_AT_ONCE = 500
_SHOP = OrganizationId("shop")
_NOW = datetime(2026, 1, 5, 8, tzinfo=UTC)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Request:
    """A record as stage 2 reads it."""

    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]
    offset: int
    timestamp: int = 0


async def measure() -> list[Row]:
    """The longest steps by mode, and what the parts of the state come to."""
    rows = []
    for mode in (Strategy.SEQUENTIAL, Strategy.LEAST_LOADED):
        desk = _Desk(_organization(mode))
        desk.queue_up(0, WAITING)
        longest = max(desk.drain())
        what = f"longest step, {mode}, {AGENTS:,} agents, {QUEUES} queues, {WAITING:,} waiting"
        rows.append(Row(figure=what, unit="ms", value=longest * 1000, bar=Bar(most=20)))
    known, agents = _weigh(lambda: _organization(Strategy.SEQUENTIAL))
    desk = _Desk(known)
    _, pools = _weigh(lambda: desk.queue_up(0, QUEUES))
    _, waiting = _weigh(lambda: desk.queue_up(QUEUES, WAITING))
    parts = {"an agent and member": agents / AGENTS, "a queue, nobody there": pools / QUEUES}
    parts["one who waits, with the answer"] = waiting / (WAITING - QUEUES)
    return rows + [
        Row(figure=f"memory of {part}", unit="B", value=value) for part, value in parts.items()
    ]


class _Desk:
    """Stage 2 of one organization."""

    def __init__(self, known: OrganizationState) -> None:
        self._known = known
        self._rotations = DispatchState(organization_partition(_SHOP))
        self._stage = OrganizationStage(
            topic_prefix="",
            state_of=lambda _: self._rotations,
            organization=lambda _: self._known,
            dead_letters=DeadLetterWriter("", SystemClock()),
            clock=SystemClock(),
        )

    def queue_up(self, first: int, end: int) -> None:
        """These ask while nobody is there."""
        asked = map(_request, range(first, end))
        while some := list(islice(asked, _AT_ONCE)):
            number, offsets = self._rotations.number, (some[0].offset, some[-1].offset)
            batch = Batch("router-requests", number, *offsets, some)
            self._stage.handle(batch, Outbox())

    def drain(self) -> list[float]:
        """All agents come, and take what waits: the processor's seconds of each step."""
        for number in range(AGENTS):
            self._known = with_presence(self._known, _agent_id(number), Presence.ONLINE)
        self._stage.dirty.add(_SHOP)
        steps = []
        while _SHOP in self._stage.dirty:
            before = time.thread_time()
            self._stage.drain_step(_SHOP)(Outbox())
            steps.append(time.thread_time() - before)
        if any(self._rotations.queues.values()):
            raise RuntimeError("somebody still waits")
        return steps


def _weigh(make: Callable[[], _T]) -> tuple[_T, int]:
    """What was made, and how many bytes are held for it."""
    gc.collect()
    tracemalloc.start()
    made = make()
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return made, held


def _agent_id(number: int) -> AgentId:
    return AgentId(f"agent-{number:04}")


def _organization(mode: Strategy) -> OrganizationState:
    departments = tuple(f"department-{number}" for number in range(QUEUES))
    agents = [agent(_agent_id(number), departments=departments) for number in range(AGENTS)]
    members = (Member(agent_id=each.id, capacity=CAPACITY) for each in agents)
    return organization(
        [
            settings(assignment=True, auto_assign=True),
            *map(department, departments),
            *agents,
            rule("everyone", members, mode=mode),
        ],
        organization_id=_SHOP,
    )


def _request(number: int) -> _Request:
    asked = ChoiceRequested(
        request_id=f"inbound/3/{number}",
        organization=_SHOP,
        page_id=PageId("site"),
        conversation_id=ConversationId(event_id("conversation", str(number))),
        customer_id=CustomerId(event_id("customer", str(number))),
        kind=ConversationKind.MESSAGE,
        channel=Channel.LIVECHAT,
        purpose=Purpose.FIRST,
        seed=event_id(str(number)),
        cause=Position(topic="inbound", partition=3, offset=number),
        at=_NOW,
        department=f"department-{number % QUEUES}",
    )
    envelope = Envelope(id="", source="bench", subject="", time=_NOW, data=asked)
    value, headers = encode(envelope)
    return _Request(_SHOP.encode(), value, headers, number)
