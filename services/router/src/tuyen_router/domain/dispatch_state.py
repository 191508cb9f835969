"""The state of stage 2 for one partition, and the steps by which it changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never

import msgspec

from tuyen_directory.pool_cache import PoolCache
from tuyen_events.choosing import Cursor
from tuyen_events.ids import AgentId, ConversationId, CustomerId, OrganizationId, RuleId
from tuyen_events.pools import PoolRecorded
from tuyen_events.routing import (
    ChoiceMade,
    ChoiceRequested,
    Purpose,
)
from tuyen_events.vocabulary import ConversationKind
from tuyen_router.domain import loads, threads
from tuyen_router.domain.loads import LoadReleased, LoadReserved, Loads, LoadsCounted, LoadStep
from tuyen_router.domain.queue_buckets import Buckets, WaitingRequest
from tuyen_router.domain.threads import (
    ManualAssignmentReported,
    RemovalReported,
    ThreadBucketChanged,
    Threads,
    ThreadStep,
)

REMEMBERED_ANSWERS = 8192
"""How many answers a partition can send again: more than are ever in flight at once."""
REMEMBERED_POOLS = 4096
"""How many pools a worker remembers as already published."""

NO_LOADS: Mapping[AgentId, int] = {}


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """An answer, and the customer partition that it is sent to.

    `place` numbers the answers of a partition of stage 2.
    """

    place: int
    partition: int
    choice: ChoiceMade


class Progress(msgspec.Struct, frozen=True, array_like=True):
    """How far a partition came: the number of its last answer, and the last offset that each source
    made a request with.

    Requests of one source (`topic/partition`) arrive in the order of their causes. A request whose
    cause is at or before the offset was answered, and its answer is in the log.
    """

    place: int
    request_offsets: dict[str, int]


class RequestSeen(msgspec.Struct, frozen=True):
    """A source made a request that was caused by its record at `offset`."""

    source: str
    offset: int


class OrderChanged(msgspec.Struct, frozen=True):
    """From its next choice on, the members of a rule have this order (R2.4); None when the rule is
    gone."""

    organization: OrganizationId
    rule: RuleId
    order: tuple[AgentId, ...] | None


class CursorMoved(msgspec.Struct, frozen=True):
    """A rule's place in its rotation; None when the rule is gone."""

    organization: OrganizationId
    rule: RuleId
    cursor: Cursor | None


class RequestQueued(msgspec.Struct, frozen=True):
    waiting: WaitingRequest


class Dequeued(msgspec.Struct, frozen=True):
    """A request left the queue: it was served or withdrawn."""

    organization: OrganizationId
    request_id: str


class RequestAnswered(msgspec.Struct, frozen=True):
    answer: Answer


class AnswerRepeated(msgspec.Struct, frozen=True):
    """A remembered answer is sent again; nothing else changes."""

    answer: Answer


class PoolPublished(msgspec.Struct, frozen=True):
    """The next answer refers to a pool that must be published first (R9.4)."""

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
    """The state of stage 2 for all organizations of one partition."""

    number: int
    cursors: dict[OrganizationId, dict[RuleId, Cursor]] = field(default_factory=dict)
    orders: dict[tuple[OrganizationId, RuleId], tuple[AgentId, ...]] = field(default_factory=dict)
    """The order of a rule's members at its last choice. It has a record of its own; only cursors in
    older records contain their order."""
    queues: dict[OrganizationId, dict[str, WaitingRequest]] = field(default_factory=dict)
    waits_of: dict[CustomerId | ConversationId, str] = field(default_factory=dict)
    """The waiting request of a comment's thread, or of a customer, whose threads share one request
    (R3.6)."""
    threads: Threads = field(default_factory=dict)
    """The comment threads that were reported or requested most recently."""
    queue_buckets: dict[OrganizationId, Buckets] = field(default_factory=dict)
    """The same requests as in `queues`, in buckets of those that the same agents can take."""
    loads: dict[OrganizationId, Loads] = field(default_factory=dict)
    answers: dict[int, Answer] = field(default_factory=dict)
    """By slot, which is `place` modulo REMEMBERED_ANSWERS."""
    places: dict[str, int] = field(default_factory=dict)
    """The place of the latest answer, by request and, for a root comment, also by conversation."""
    place: int = 0
    request_offsets: dict[str, int] = field(default_factory=dict)
    """The last offset that each source made a request with."""
    published_pools: dict[str, None] = field(default_factory=dict)
    """Pools that this worker published, oldest first. Another worker publishes them again, which
    does no harm."""
    pool_cache: PoolCache = field(default_factory=PoolCache, repr=False, compare=False)
    """The pools of its organizations. No step changes them: they follow from the organizations."""

    def answer_to(self, request_id: str) -> Answer | None:
        """The latest answer to a request, while it is remembered."""
        place = self.places.get(request_id)
        return None if place is None else self.answers[place % REMEMBERED_ANSWERS]

    def cursor_of(self, organization: OrganizationId, rule: RuleId) -> Cursor | None:
        """A rule's place in its rotation; None before its first choice."""
        return self.cursors.get(organization, {}).get(rule)

    def loads_of(self, organization: OrganizationId) -> Mapping[AgentId, int]:
        """How many open conversations the organization's agents have; an agent who is missing has
        none."""
        found = self.loads.get(organization)
        return NO_LOADS if found is None else found.totals


def apply_step(state: DispatchState, step: DispatchStep) -> None:
    """Applies a step to the state that it was made from."""
    match step:
        case RequestSeen():
            state.request_offsets[step.source] = step.offset
        case RequestAnswered():
            remember_answer(state, step.answer)
            state.place = max(state.place, step.answer.place)
        case CursorMoved():
            _apply_cursor(state, step)
        case OrderChanged():
            _apply_order(state, step)
        case ThreadBucketChanged():
            threads.apply_thread_step(state.threads, step)
        case RequestQueued():
            _apply_queued(state, step)
        case Dequeued():
            _apply_dequeued(state, step)
        case AnswerRepeated() | RemovalReported() | ManualAssignmentReported():
            pass
        case PoolPublished():
            state.published_pools[step.pool.id] = None
            if len(state.published_pools) > REMEMBERED_POOLS:
                del state.published_pools[next(iter(state.published_pools))]
        case LoadsCounted() | LoadReserved() | LoadReleased():
            loads.apply_load_step(state.loads, step)
        case _:
            assert_never(step)


def _apply_order(state: DispatchState, step: OrderChanged) -> None:
    """Applies a rule's order. Compaction may reverse the order of its record and the cursor's, so
    either may come first."""
    key = step.organization, step.rule
    if step.order is None:
        state.orders.pop(key, None)
        return
    state.orders[key] = step.order
    cursors = state.cursors.get(step.organization, {})
    if step.rule in cursors:
        cursors[step.rule] = Cursor(cursors[step.rule].last, step.order)


def _apply_cursor(state: DispatchState, step: CursorMoved) -> None:
    """Applies a rule's cursor. A live step's cursor contains the order; a record's cursor contains
    it only if it is an older record."""
    cursor = step.cursor
    if cursor is None:
        cursors = state.cursors.get(step.organization, {})
        cursors.pop(step.rule, None)
        if not cursors:
            state.cursors.pop(step.organization, None)
        return
    if not cursor.order:
        order = state.orders.get((step.organization, step.rule), ())
        cursor = Cursor(cursor.last, order)
    state.cursors.setdefault(step.organization, {})[step.rule] = cursor


def _apply_queued(state: DispatchState, step: RequestQueued) -> None:
    """Adds a request to the queue and to the two indexes that are kept with it: its buckets, and
    the waiting requests by customer or thread."""
    request = step.waiting.request
    queue = state.queues.setdefault(request.organization, {})
    buckets = state.queue_buckets.setdefault(request.organization, Buckets())
    buckets.add_request(step.waiting, queue.get(request.request_id))
    queue[request.request_id] = step.waiting
    state.waits_of[waiting_key(request)] = request.request_id


def _apply_dequeued(state: DispatchState, step: Dequeued) -> None:
    """Removes a request from the queue and its indexes, if it is there."""
    waiting = state.queues.get(step.organization, {}).pop(step.request_id, None)
    if waiting is None:
        return
    state.queue_buckets[step.organization].remove_request(waiting)
    name = waiting_key(waiting.request)
    if state.waits_of.get(name) == step.request_id:
        del state.waits_of[name]


def remember_answer(state: DispatchState, answer: Answer) -> None:
    """Stores an answer in the slot of the answer that is REMEMBERED_ANSWERS older."""
    slot = answer.place % REMEMBERED_ANSWERS
    older = state.answers.get(slot)
    if older is not None:
        for name in answer_keys_of(older.choice):
            if state.places.get(name) == older.place:
                del state.places[name]
    state.answers[slot] = answer
    for name in answer_keys_of(answer.choice):
        state.places[name] = answer.place


def answer_keys_of(request: ChoiceMade | ChoiceRequested) -> tuple[str, ...]:
    """The keys by which an answer is found again."""
    if request.kind is ConversationKind.COMMENT and request.purpose is Purpose.FIRST:
        return request.request_id, request.conversation_id
    return (request.request_id,)


def waiting_key(request: ChoiceRequested) -> CustomerId | ConversationId:
    return request.customer_id if request.kind.sticky else request.conversation_id
