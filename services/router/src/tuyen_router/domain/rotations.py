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
from tuyen_router.domain import lines, loads, threads
from tuyen_router.domain.choosing import Cursor
from tuyen_router.domain.lines import Lines, Waiting
from tuyen_router.domain.loads import Counted, Loads, LoadStep, Released, Reserved
from tuyen_router.domain.threads import BucketKept, GivenTold, RemovalTold, Threads, ThreadStep

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


class Asked(msgspec.Struct, frozen=True):
    """A source asked with the record at `offset`."""

    source: str
    offset: int


class Ordered(msgspec.Struct, frozen=True):
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


class Queued(msgspec.Struct, frozen=True):
    waiting: Waiting


class Left(msgspec.Struct, frozen=True):
    """A request left the queue: drained, or withdrawn."""

    organization: OrganizationId
    request_id: str


class Answered(msgspec.Struct, frozen=True):
    answer: Answer


class Repeated(msgspec.Struct, frozen=True):
    """An answer that was given before is given again; nothing else changes."""

    answer: Answer


class PoolTold(msgspec.Struct, frozen=True):
    """The next answer names a pool of which others have to know first (R9.4)."""

    pool: PoolRecorded
    at: datetime


Step = (
    Asked
    | Ordered
    | CursorMoved
    | Queued
    | Left
    | Answered
    | Repeated
    | PoolTold
    | LoadStep
    | ThreadStep
)


@dataclass(slots=True)
class Rotations:
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
    lines: dict[OrganizationId, Lines] = field(default_factory=dict)
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


def evolve(rotations: Rotations, step: Step) -> None:
    """Folds a step into the state that it was made from."""
    match step:
        case Asked():
            rotations.asked[step.source] = step.offset
        case Answered():
            remember(rotations, step.answer)
            rotations.place = max(rotations.place, step.answer.place)
        case CursorMoved() | Ordered():
            _turn(rotations, step)
        case BucketKept():
            threads.evolve(rotations.threads, step)
        case Queued() | Left():
            _evolve_queue(rotations, step)
        case Repeated() | RemovalTold() | GivenTold():
            pass
        case PoolTold():
            rotations.told[step.pool.id] = None
            if len(rotations.told) > TOLD_POOLS:
                del rotations.told[next(iter(rotations.told))]
        case Counted() | Reserved() | Released():
            loads.evolve(rotations.loads, step)


def _turn(rotations: Rotations, step: Ordered | CursorMoved) -> None:
    """A rule's order, or its place in it. Live, the cursor has its order with it; in the log it has
    none, but for older records, and compaction may turn the two round."""
    key = step.organization, step.rule
    if isinstance(step, Ordered):
        if step.order is None:
            rotations.orders.pop(key, None)
            return
        rotations.orders[key] = step.order
        before = rotations.cursors.get(key)
        if before is not None:
            rotations.cursors[key] = Cursor(before.last, step.order)
        return
    cursor = step.cursor
    if cursor is None:
        rotations.cursors.pop(key, None)
        return
    if not cursor.order:
        cursor = Cursor(cursor.last, rotations.orders.get(key, ()))
    rotations.cursors[key] = cursor


def _evolve_queue(rotations: Rotations, step: Queued | Left) -> None:
    """Keeps what there is of the queue beside it: its lines, and what waits by whose it is."""
    if isinstance(step, Queued):
        request = step.waiting.request
        rotations.queues.setdefault(request.organization, {})[request.request_id] = step.waiting
        lines.join(rotations.lines.setdefault(request.organization, {}), step.waiting)
        rotations.waits_of[waits_as(request)] = request.request_id
        return
    waiting = rotations.queues.get(step.organization, {}).pop(step.request_id, None)
    if waiting is None:
        return
    lines.leave(rotations.lines[step.organization], waiting)
    name = waits_as(waiting.request)
    if rotations.waits_of.get(name) == step.request_id:
        del rotations.waits_of[name]


def remember(rotations: Rotations, answer: Answer) -> None:
    """Keeps an answer, in place of the one that is REMEMBERED_ANSWERS older."""
    slot = answer.place % REMEMBERED_ANSWERS
    older = rotations.answers.get(slot)
    if older is not None:
        for name in names_of(older.choice):
            if rotations.places.get(name) == older.place:
                del rotations.places[name]
    rotations.answers[slot] = answer
    for name in names_of(answer.choice):
        rotations.places[name] = answer.place


def names_of(asked: ChoiceMade | ChoiceRequested) -> tuple[str, ...]:
    """What an answer is remembered by."""
    if asked.kind is ConversationKind.COMMENT and asked.purpose is Purpose.FIRST:
        return asked.request_id, asked.conversation_id
    return (asked.request_id,)


def waits_as(request: ChoiceRequested) -> CustomerId | ConversationId:
    return request.customer_id if request.kind.sticky else request.conversation_id
