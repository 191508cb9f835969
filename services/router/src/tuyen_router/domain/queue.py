"""Stage 2: requests of one organization in one order, and R5 for those that nobody can take.

The order of an organization's requests in its partition is the order of every rotation in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from tuyen_events.assignments import Choice
from tuyen_events.ids import AgentId, OrganizationId, RuleId
from tuyen_events.routing import ChoiceMade, ChoiceRequested, ChoiceWithdrawn, Purpose, Verdict
from tuyen_events.vocabulary import WhenNobody
from tuyen_router.domain.candidates import capability_for, pool_for
from tuyen_router.domain.choosing import Cursor, choose
from tuyen_router.domain.organization import Organization, Pool

REMEMBERED_ANSWERS = 8192
"""How many answers a partition can give again: more than are ever under way at once."""


class Waiting(msgspec.Struct, frozen=True, array_like=True):
    """A request in the queue. `place` orders the queue: first come, first served."""

    place: int
    request: ChoiceRequested


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


@dataclass(frozen=True, slots=True)
class Asked:
    """A source asked with the record at `offset`."""

    source: str
    offset: int


@dataclass(frozen=True, slots=True)
class CursorMoved:
    organization: OrganizationId
    rule: RuleId
    cursor: Cursor


@dataclass(frozen=True, slots=True)
class Queued:
    waiting: Waiting


@dataclass(frozen=True, slots=True)
class Left:
    """A request left the queue: drained, or withdrawn."""

    organization: OrganizationId
    request_id: str


@dataclass(frozen=True, slots=True)
class Answered:
    answer: Answer


@dataclass(frozen=True, slots=True)
class Repeated:
    """An answer that was given before is given again; nothing else changes."""

    answer: Answer


Step = Asked | CursorMoved | Queued | Left | Answered | Repeated


@dataclass(slots=True)
class Rotations:
    """All that stage 2 knows of one partition's organizations."""

    number: int
    cursors: dict[tuple[OrganizationId, RuleId], Cursor] = field(default_factory=dict)
    queues: dict[OrganizationId, dict[str, Waiting]] = field(default_factory=dict)
    answers: dict[int, Answer] = field(default_factory=dict)
    """By slot, which is the place modulo REMEMBERED_ANSWERS."""
    places: dict[str, int] = field(default_factory=dict)
    """Request to the place of its latest answer."""
    place: int = 0
    asked: dict[str, int] = field(default_factory=dict)

    def progress(self) -> Progress:
        return Progress(self.place, dict(self.asked))


def evolve(rotations: Rotations, step: Step) -> None:
    """Folds a step into the state that it was made from."""
    match step:
        case Asked():
            rotations.asked[step.source] = step.offset
        case CursorMoved():
            rotations.cursors[step.organization, step.rule] = step.cursor
        case Queued():
            request = step.waiting.request
            queue = rotations.queues.setdefault(request.organization, {})
            queue[request.request_id] = step.waiting
        case Left():
            rotations.queues.get(step.organization, {}).pop(step.request_id, None)
        case Answered():
            remember(rotations, step.answer)
            rotations.place = max(rotations.place, step.answer.place)
        case Repeated():
            pass


def remember(rotations: Rotations, answer: Answer) -> None:
    """Keeps an answer, in place of the one that is REMEMBERED_ANSWERS older."""
    slot = answer.place % REMEMBERED_ANSWERS
    older = rotations.answers.get(slot)
    if older is not None and rotations.places.get(older.choice.request_id) == older.place:
        del rotations.places[older.choice.request_id]
    rotations.answers[slot] = answer
    rotations.places[answer.choice.request_id] = answer.place


def on_request(
    rotations: Rotations,
    organization: Organization,
    request: ChoiceRequested,
    *,
    behind: bool = False,
) -> Iterator[Step]:
    """Answers a request. The caller folds each step before it takes the next.

    `behind` says that others wait who are being handed out: the request takes its place after them
    (first come, first served), unless it is one that never waits.

    A request that comes again, after a crash of stage 1 or of this stage, gets the same answer
    again and moves no cursor; when the answer is not remembered any more, it has long been in the
    log.
    """
    given = rotations.places.get(request.request_id)
    if given is not None:
        yield Repeated(rotations.answers[given % REMEMBERED_ANSWERS])
        return
    source = f"{request.cause.topic}/{request.cause.partition}"
    if request.cause.offset <= rotations.asked.get(source, -1):
        return
    yield Asked(source, request.cause.offset)
    if not organization.assigns_by_itself:
        yield _answered(rotations, request, Verdict.OFF, request.at)
        return
    pool = _pool(organization, request)
    never_waits = request.purpose is Purpose.OFFLINE or _leaves_unassigned(organization)
    if pool.candidates and (never_waits or not behind):
        yield from _chosen(rotations, pool, request, at=request.at)
    elif never_waits:
        yield _answered(rotations, request, Verdict.NOBODY, request.at, pool)
    else:
        yield Queued(Waiting(rotations.place + 1, request))  # R5.1
        yield _answered(rotations, request, Verdict.QUEUED, request.at, pool)


def on_withdrawal(rotations: Rotations, withdrawal: ChoiceWithdrawn) -> Iterator[Step]:
    """R5.3: what was decided otherwise waits no more."""
    if withdrawal.request_id in rotations.queues.get(withdrawal.organization, {}):
        yield Left(withdrawal.organization, withdrawal.request_id)


def drain(
    rotations: Rotations, organization: Organization, at: datetime, most: int
) -> Iterator[Step]:
    """R5.1: whoever became a candidate takes what waits, oldest first; at most `most`.

    The caller folds each step before it takes the next.
    """
    if not organization.assigns_by_itself:
        return
    taken = 0
    waiting = sorted(
        rotations.queues.get(organization.id, {}).values(), key=lambda each: each.place
    )
    for each in waiting:
        pool = _pool(organization, each.request)
        if not pool.candidates:
            continue
        if taken == most:
            return
        taken += 1
        yield Left(organization.id, each.request.request_id)
        yield from _chosen(rotations, pool, each.request, at=at, drained=True)


def drained_again(rotations: Rotations) -> Iterator[Repeated]:
    """The remembered answers that ended a wait, oldest first, to be given again after a crash."""
    for answer in sorted(rotations.answers.values(), key=lambda each: each.place):
        if answer.choice.drained:
            yield Repeated(answer)


def _pool(organization: Organization, request: ChoiceRequested) -> Pool:
    capability = capability_for(request.channel, request.kind)
    return pool_for(organization, request.page_id, capability)


def _leaves_unassigned(organization: Organization) -> bool:
    return organization.settings.when_nobody is WhenNobody.LEAVE_UNASSIGNED  # R5.2


def _chosen(
    rotations: Rotations,
    pool: Pool,
    request: ChoiceRequested,
    *,
    at: datetime,
    drained: bool = False,
) -> Iterator[Step]:
    rule = pool.rule
    if rule is None:
        raise ValueError("a pool with candidates has a rule")
    cursor = rotations.cursors.get((request.organization, rule.id))
    agent, moved = choose(rule.mode, pool, cursor, request.seed)
    if moved is not None and moved != cursor:
        yield CursorMoved(request.organization, rule.id, moved)
    yield _answered(rotations, request, Verdict.CHOSEN, at, pool, agent=agent, drained=drained)


def _answered(
    rotations: Rotations,
    request: ChoiceRequested,
    verdict: Verdict,
    at: datetime,
    pool: Pool | None = None,
    *,
    agent: AgentId | None = None,
    drained: bool = False,
) -> Answered:
    rule = None if pool is None else pool.rule
    return Answered(
        Answer(
            rotations.place + 1,
            request.cause.partition,
            ChoiceMade(
                request_id=request.request_id,
                organization=request.organization,
                page_id=request.page_id,
                conversation_id=request.conversation_id,
                customer_id=request.customer_id,
                kind=request.kind,
                purpose=request.purpose,
                verdict=verdict,
                agent_id=agent,
                rule_id=None if rule is None else rule.id,
                mode=None if rule is None else rule.mode,
                choice=None if rule is None else Choice(rule_version=rule.version),
                drained=drained,
                seed=request.seed,
                at=at,
            ),
        )
    )
