"""How long one step of stage 2 keeps the loop from all else, and what it keeps in memory.

One organization of a thousand agents, a hundred queues (departments) and ten thousand who wait; and
three in which nobody can take what waits, while an agent comes online: one customer waits for each
of 5,000 pages, with 1,000 rules, or with one rule of 2,000 members and page permissions; and
100,000 wait for departments that do not exist. `BENCH_PAGES` and `BENCH_DEPARTMENTS` make these
smaller.

In this process, without Kafka: the times are of the processor, the bytes those of Python's
allocator.
"""

import gc
import os
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TypeVar

from bench.report import Bar, Row
from support.organizations import agent, department, organization, page, rule, settings
from tuyen_directory.organization_state import OrganizationState, with_presence
from tuyen_events.codec import encode
from tuyen_events.directory import Member
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, ConversationId, CustomerId, OrganizationId, PageId, event_id
from tuyen_events.routing import ChoiceRequested, Position, Purpose
from tuyen_events.vocabulary import Channel, ConversationKind, Presence, Strategy
from tuyen_platform.clock import SystemClock
from tuyen_router.domain.dispatch_state import DispatchState, RequestQueued, apply_step
from tuyen_router.domain.queue_buckets import WaitingRequest
from tuyen_router.stages.organizations import OrganizationStage
from tuyen_router.stages.records import DeadLetterWriter, organization_partition
from tuyen_stream import Batch, Outbox

AGENTS, QUEUES, WAITING, CAPACITY = 1_000, 100, 10_000, 20
PAGES = int(os.environ.get("BENCH_PAGES", "5000"))
MADE_UP = int(os.environ.get("BENCH_DEPARTMENTS", "100000"))
PAGES_OF_RULE, MEMBERS_OF_RULE, STAFF, MANY_AGENTS = 5, 50, 10, 2_000
"""All within the limits of an organization (`tuyen_events.limits`)."""
_AT_ONCE = 500
_SHOP = OrganizationId("shop")
_SITE = PageId("site")
_GUEST = AgentId("guest")
"""A member of no rule."""
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
    """The longest steps by mode, and where nobody can take anything; and what the parts of the
    state come to."""
    rows = []
    for mode in (Strategy.SEQUENTIAL, Strategy.LEAST_LOADED):
        desk = _Desk(_organization(mode))
        desk.queue_up(0, WAITING)
        longest = max(desk.drain())
        what = f"longest step, {mode}, {AGENTS:,} agents, {QUEUES} queues, {WAITING:,} waiting"
        rows.append(Row(figure=what, unit="ms", value=longest * 1000, bar=Bar(most=20)))
    rows += _measure_in_vain()
    known, agents = _weigh(lambda: _organization(Strategy.SEQUENTIAL))
    desk = _Desk(known)
    _, pools = _weigh(lambda: desk.queue_up(0, QUEUES))
    _, waiting = _weigh(lambda: desk.queue_up(QUEUES, WAITING))
    parts = {"an agent and member": agents / AGENTS, "a queue, nobody there": pools / QUEUES}
    parts["one who waits, with the answer"] = waiting / (WAITING - QUEUES)
    return rows + [
        Row(figure=f"memory of {part}", unit="B", value=value) for part, value in parts.items()
    ]


def _measure_in_vain() -> list[Row]:
    """The steps that an agent leads to who comes online, and can take nothing of what waits."""
    cases: list[tuple[str, OrganizationState, Iterable[ChoiceRequested]]] = [
        (
            f"{PAGES:,} pages of {PAGES // PAGES_OF_RULE:,} rules",
            _with_rules(),
            _one_for_each_page(),
        ),
        (
            f"{PAGES:,} pages with permissions, {MANY_AGENTS:,} members",
            _with_permissions(),
            _one_for_each_page(),
        ),
        (
            f"{MADE_UP:,} departments that do not exist",
            _organization(Strategy.SEQUENTIAL),
            (_asked(number, department=f"made-up-{number}") for number in range(MADE_UP)),
        ),
    ]
    rows = []
    for what, known, waiting in cases:
        desk = _Desk(known)
        desk.wait(waiting)
        gc.collect()
        gc.freeze()  # as a worker does once it has recovered
        desk.come(_GUEST)  # everything that follows from the directory alone is computed once
        desk.go(_GUEST)
        steps = desk.come(_GUEST)
        named = f"nobody available, {what}"
        rows += [
            Row(
                figure=f"longest step, {named}",
                unit="ms",
                value=max(steps) * 1000,
                bar=Bar(most=20),
            ),
            Row(figure=f"all steps, {named}", unit="ms", value=sum(steps) * 1000),
        ]
    return rows


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

    def wait(self, asked: Iterable[ChoiceRequested]) -> None:
        """These wait since long ago."""
        for place, each in enumerate(asked):
            apply_step(self._rotations, RequestQueued(WaitingRequest(place, each)))

    def drain(self) -> list[float]:
        """All agents come, and take what waits: the processor's seconds of each step."""
        for number in range(AGENTS):
            self._known = with_presence(self._known, _agent_id(number), Presence.ONLINE)
        steps = self._serve()
        if any(self._rotations.queues.values()):
            raise RuntimeError("somebody still waits")
        return steps

    def come(self, name: AgentId) -> list[float]:
        """An agent comes: the processor's seconds of each step that follows."""
        self._known = with_presence(self._known, name, Presence.ONLINE)
        return self._serve()

    def go(self, name: AgentId) -> None:
        self._known = with_presence(self._known, name, Presence.OFFLINE)

    def _serve(self) -> list[float]:
        self._stage.dirty.add(_SHOP)
        steps = []
        while _SHOP in self._stage.dirty:
            before = time.thread_time()
            self._stage.drain_step(_SHOP)(Outbox())
            steps.append(time.thread_time() - before)
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


def _with_rules() -> OrganizationState:
    """Each rule names some pages and some of the agents."""
    agents = [agent(_agent_id(number)) for number in range(MANY_AGENTS)]
    rules = [
        rule(
            f"rule-{number:04}",
            [_agent_id((number + each) % MANY_AGENTS) for each in range(MEMBERS_OF_RULE)],
            pages=[_page_id(number * PAGES_OF_RULE + each) for each in range(PAGES_OF_RULE)],
        )
        for number in range(PAGES // PAGES_OF_RULE)
    ]
    chosen = settings(assignment=True, auto_assign=True)
    return organization([chosen, *agents, *rules], organization_id=_SHOP)


def _with_permissions() -> OrganizationState:
    """One rule of everybody; each page was given to some of them."""
    agents = [agent(_agent_id(number)) for number in range(MANY_AGENTS)]
    pages = [
        page(_page_id(number), [_agent_id((number + each) % MANY_AGENTS) for each in range(STAFF)])
        for number in range(PAGES)
    ]
    chosen = settings(assignment=True, auto_assign=True, page_permissions=True)
    everyone = rule("everyone", [each.id for each in agents])
    return organization([chosen, *agents, *pages, everyone], organization_id=_SHOP)


def _one_for_each_page() -> Iterator[ChoiceRequested]:
    return (_asked(number, page_id=_page_id(number)) for number in range(PAGES))


def _page_id(number: int) -> PageId:
    return PageId(f"page-{number:04}")


def _request(number: int) -> _Request:
    asked = _asked(number, department=f"department-{number % QUEUES}")
    envelope = Envelope(id="", source="bench", subject="", time=_NOW, data=asked)
    value, headers = encode(envelope)
    return _Request(_SHOP.encode(), value, headers, number)


def _asked(
    number: int, *, page_id: PageId = _SITE, department: str | None = None
) -> ChoiceRequested:
    return ChoiceRequested(
        request_id=f"inbound/3/{number}",
        organization=_SHOP,
        page_id=page_id,
        conversation_id=ConversationId(event_id("conversation", str(number))),
        customer_id=CustomerId(event_id("customer", str(number))),
        kind=ConversationKind.MESSAGE,
        channel=Channel.LIVECHAT,
        purpose=Purpose.FIRST,
        seed=event_id(str(number)),
        cause=Position(topic="inbound", partition=3, offset=number),
        at=_NOW,
        department=department,
    )
