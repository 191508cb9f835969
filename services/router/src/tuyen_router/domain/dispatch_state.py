"""What stage 2 remembers of one partition's organizations, and the steps that it is folded from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from tuyen_events.ids import AgentId, ConversationId, CustomerId, OrganizationId, RuleId
from tuyen_events.pools import PoolRecorded
from tuyen_events.routing import (
    ChoiceMade,
    ChoiceRequested,
    Purpose,
)
from tuyen_events.vocabulary import ConversationKind
from tuyen_router.domain import loads, queue_buckets, threads
from tuyen_router.domain.choosing import Cursor
from tuyen_router.domain.loads import LoadReleased, LoadReserved, Loads, LoadsCounted, LoadStep
from tuyen_router.domain.queue_buckets import Buckets, Waiting
from tuyen_router.domain.threads import (
    GivenTold,
    RemovalReported,
    ThreadBucketChanged,
    Threads,
    ThreadStep,
)

REMEMBERED_ANSWERS = 8192
"""How many answers a partition can give again: more than are ever under way at once."""
TOLD_POOLS = 4096
"""Of how many pools a partition's owner remembers that they are in the log."""

NO_LOADS: Mapping[AgentId, int] = {}


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """An answer, and the customer's partition that it goes to.

    `place` counts the answers of a partition of stage 2.
    """

    place: int
    partition: int
    choice: ChoiceMade


class Progress(msgspec.Struct, frozen=True, array_like=True):
    """How far a partition came: its last place, and per source the last offset that asked.

    Requests of one source (`topic/partition`) come in the order of their causes; what stands at or
    below was answered, and its answer stands in the log.
    """

    place: int
    asked: dict[str, int]


class RequestSeen(msgspec.Struct, frozen=True):
    """A source asked with the record at `offset`."""

    source: str
    offset: int


class OrderChanged(msgspec.Struct, frozen=True):
    """The members of a rule stand in this order, from its next choice on (R2.4); None when the rule
    is gone."""

    organization: OrganizationId
    rule: RuleId
    order: tuple[AgentId, ...] | None


class CursorMoved(msgspec.Struct, frozen=True):
    """A rule's place in its rotation; None when the rule is gone."""

    organization: OrganizationId
    rule: RuleId
    cursor: Cursor | None


class RequestQueued(msgspec.Struct, frozen=True):
    waiting: Waiting


class Dequeued(msgspec.Struct, frozen=True):
    """A request left the queue: drained, or withdrawn."""

    organization: OrganizationId
    request_id: str


class RequestAnswered(msgspec.Struct, frozen=True):
    answer: Answer


class AnswerRepeated(msgspec.Struct, frozen=True):
    """An answer that was given before is given again; nothing else changes."""

    answer: Answer


class PoolPublished(msgspec.Struct, frozen=True):
    """The next answer names a pool of which others have to know first (R9.4)."""

    pool: PoolRecorded
    at: datetime


DispatchStep = (
    RequestSeen
    | OrderChanged
    | CursorMoved
    | RequestQueued
    | Dequeued
    | RequestAnswered
    | AnswerRepeated
    | PoolPublished
    | LoadStep
    | ThreadStep
)


@dataclass(slots=True)
class DispatchState:
    """All that stage 2 knows of one partition's organizations."""

    number: int
    cursors: dict[tuple[OrganizationId, RuleId], Cursor] = field(default_factory=dict)
    orders: dict[tuple[OrganizationId, RuleId], tuple[AgentId, ...]] = field(default_factory=dict)
    """The order of a rule's members at its last choice, which its cursor has as well, as a record
    of its own has it: a cursor of an older record has one that stands nowhere else."""
    queues: dict[OrganizationId, dict[str, Waiting]] = field(default_factory=dict)
    waits_of: dict[CustomerId | ConversationId, str] = field(default_factory=dict)
    """The request that a comment's thread waits with, or a customer's threads, which share one
    (R3.6)."""
    threads: Threads = field(default_factory=dict)
    """Comment threads of which was heard last."""
    queue_buckets: dict[OrganizationId, Buckets] = field(default_factory=dict)
    """The queues once more, by what they wait for."""
    loads: dict[OrganizationId, Loads] = field(default_factory=dict)
    answers: dict[int, Answer] = field(default_factory=dict)
    """By slot, which is the place modulo REMEMBERED_ANSWERS."""
    places: dict[str, int] = field(default_factory=dict)
    """A request, and the conversation of a root comment, to the place of its latest answer."""
    place: int = 0
    asked: dict[str, int] = field(default_factory=dict)
    told: dict[str, None] = field(default_factory=dict)
    """Pools that this owner told of, oldest first; another one tells again, which does no harm."""

    def answer_to(self, request_id: str) -> Answer | None:
        """The latest answer to a request, while it is remembered."""
        place = self.places.get(request_id)
        return None if place is None else self.answers[place % REMEMBERED_ANSWERS]

    def loads_of(self, organization: OrganizationId) -> Mapping[AgentId, int]:
        """How many open conversations its agents have; who is not named has none."""
        found = self.loads.get(organization)
        return NO_LOADS if found is None else found.totals


def apply_step(state: DispatchState, step: DispatchStep) -> None:
    """Folds a step into the state that it was made from."""
    match step:
        case RequestSeen():
            state.asked[step.source] = step.offset
        case RequestAnswered():
            remember_answer(state, step.answer)
            state.place = max(state.place, step.answer.place)
        case CursorMoved() | OrderChanged():
            _apply_turn(state, step)
        case ThreadBucketChanged():
            threads.apply_thread_step(state.threads, step)
        case RequestQueued() | Dequeued():
            _apply_to_queue(state, step)
        case AnswerRepeated() | RemovalReported() | GivenTold():
            pass
        case PoolPublished():
            state.told[step.pool.id] = None
            if len(state.told) > TOLD_POOLS:
                del state.told[next(iter(state.told))]
        case LoadsCounted() | LoadReserved() | LoadReleased():
            loads.apply_load_step(state.loads, step)


def _apply_turn(state: DispatchState, step: OrderChanged | CursorMoved) -> None:
    """A rule's order, or its place in it. Live, the cursor has its order with it; in the log it has
    none, but for older records, and compaction may turn the two round."""
    key = step.organization, step.rule
    if isinstance(step, OrderChanged):
        if step.order is None:
            state.orders.pop(key, None)
            return
        state.orders[key] = step.order
        before = state.cursors.get(key)
        if before is not None:
            state.cursors[key] = Cursor(before.last, step.order)
        return
    cursor = step.cursor
    if cursor is None:
        state.cursors.pop(key, None)
        return
    if not cursor.order:
        cursor = Cursor(cursor.last, state.orders.get(key, ()))
    state.cursors[key] = cursor


def _apply_to_queue(state: DispatchState, step: RequestQueued | Dequeued) -> None:
    """Keeps what there is of the queue beside it: its lines, and what waits by whose it is."""
    if isinstance(step, RequestQueued):
        request = step.waiting.request
        state.queues.setdefault(request.organization, {})[request.request_id] = step.waiting
        queue_buckets.join(state.queue_buckets.setdefault(request.organization, {}), step.waiting)
        state.waits_of[waiting_key(request)] = request.request_id
        return
    waiting = state.queues.get(step.organization, {}).pop(step.request_id, None)
    if waiting is None:
        return
    queue_buckets.leave(state.queue_buckets[step.organization], waiting)
    name = waiting_key(waiting.request)
    if state.waits_of.get(name) == step.request_id:
        del state.waits_of[name]


def remember_answer(state: DispatchState, answer: Answer) -> None:
    """Keeps an answer, in place of the one that is REMEMBERED_ANSWERS older."""
    slot = answer.place % REMEMBERED_ANSWERS
    older = state.answers.get(slot)
    if older is not None:
        for name in names_of(older.choice):
            if state.places.get(name) == older.place:
                del state.places[name]
    state.answers[slot] = answer
    for name in names_of(answer.choice):
        state.places[name] = answer.place


def names_of(asked: ChoiceMade | ChoiceRequested) -> tuple[str, ...]:
    """What an answer is remembered by."""
    if asked.kind is ConversationKind.COMMENT and asked.purpose is Purpose.FIRST:
        return asked.request_id, asked.conversation_id
    return (asked.request_id,)


def waiting_key(request: ChoiceRequested) -> CustomerId | ConversationId:
    return request.customer_id if request.kind.sticky else request.conversation_id
