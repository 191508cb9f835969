"""Stage 2: requests of one organization in one order, and R5 for those that nobody can take.

The order of an organization's requests in its partition is the order of every rotation in it.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice

from tuyen_events.assignments import FULL_NAMED, Choice, bits_of
from tuyen_events.ids import AgentId
from tuyen_events.routing import (
    ChoiceMade,
    ChoiceRequested,
    ChoiceWithdrawn,
    LoadsReported,
    Purpose,
    ThreadReported,
    Verdict,
)
from tuyen_events.vocabulary import Mode, WhenNobody
from tuyen_router.domain import lines, loads, replies, threads
from tuyen_router.domain.choosing import choose
from tuyen_router.domain.lines import Waiting
from tuyen_router.domain.loads import Reserved
from tuyen_router.domain.organization import Organization
from tuyen_router.domain.pools import Offer
from tuyen_router.domain.rotations import (
    NO_LOADS,
    Answer,
    Answered,
    Asked,
    CursorMoved,
    Left,
    Ordered,
    PoolTold,
    Queued,
    Repeated,
    Rotations,
    Step,
)
from tuyen_router.domain.state import order_of


def on_request(
    rotations: Rotations,
    organization: Organization,
    at: datetime,
    request: ChoiceRequested,
    *,
    behind: bool = False,
) -> Iterator[Step]:
    """Answers a request. The steps follow from the state as it is: the caller may take all of them
    before it folds any.

    `behind` says that those who wait are being handed out: the request takes its place after those
    of them who can have the same agents (first come, first served), unless it never waits.

    A request that comes again, after a crash of stage 1 or of this stage, gets the same answer
    again and moves no cursor; when the answer is not remembered any more, it has long been in the
    log. A root comment that was told twice, once without its author, asks from two partitions, and
    so do a root and a reply that is there before it (R4.5): the first has the conversation, the
    other gets no answer. A customer who waits and asks anew, for another department or because one
    more agent is not to have them, keeps their place (R3.7).

    `at` is now, which the answer keeps however often it is given: a choice is made when it is made,
    not when its cause was accepted. Who is asked for by a stage 1 that has read of rules being
    switched on, before this stage has, waits until it has.
    """
    given = rotations.answer_to(request.request_id)
    if given is not None:
        yield Repeated(given)
        return
    source = f"{request.cause.topic}/{request.cause.partition}"
    if request.cause.offset <= rotations.asked.get(source, -1):
        return
    begins = threads.begins(request)
    if begins and replies.is_somebodys(rotations, request):
        yield from replies.heard(rotations, request)
        return
    yield Asked(source, request.cause.offset)
    if begins:
        request = replies.in_place(rotations, request)
    at = max(at, request.at)
    ahead = _was_switched_on(organization, request)
    before = _asked_before(rotations, request)
    if before is not None:
        yield Left(request.organization, before.request.request_id)
    elif not organization.assigns_by_itself and not ahead:
        yield _answered(rotations, organization, request, Verdict.OFF, at=at)
        return
    if begins:
        yield threads.taken(rotations.threads, request)
    counted = _counted(rotations, organization)
    offer = lines.offer_for(organization, request, counted)
    never_waits = (
        before is None
        and not ahead
        and (request.purpose is Purpose.OFFLINE or _leaves_unassigned(organization))
    )
    overtakes = never_waits or not behind
    if (
        offer.has_any()
        and organization.assigns_by_itself
        and (overtakes or not _contested(rotations, organization, counted, offer, before))
    ):
        yield from _chosen(
            rotations, organization, offer, request, at=at, drained=before is not None
        )
        return
    yield from _told(rotations, offer, at)
    if not never_waits:
        place = rotations.place + 1 if before is None else before.place
        yield Queued(Waiting(place, request))  # R5.1
    yield _answered(
        rotations,
        organization,
        request,
        Verdict.NOBODY if never_waits else Verdict.QUEUED,
        at=at,
        offer=offer,
        choice=_choice(offer, request),
    )


def on_report(rotations: Rotations, report: LoadsReported) -> Iterator[Step]:
    """Stage 1 tells how many open conversations agents have (R1.7, R2.3)."""
    return loads.on_report(rotations.loads, report)


def on_thread(rotations: Rotations, report: ThreadReported) -> Iterator[Step]:
    """R4.5, R4.6: what stage 1 heard of a comment's thread. One that is gone leaves the queue."""
    waiting = replies.waiting_with(rotations, report.organization, report.conversation_id)
    if report.comment is not None:
        yield from replies.on_reply_removed(rotations, report, report.comment, waiting)
        return
    asked = None if waiting is None else waiting.request
    yield from threads.on_report(rotations.threads, report, asked)


def on_withdrawal(rotations: Rotations, withdrawal: ChoiceWithdrawn) -> Iterator[Step]:
    """R5.3: what was decided otherwise waits no more; nor does what its customer asked before, of
    which a crash may have lost the withdrawal."""
    queue = rotations.queues.get(withdrawal.organization, {})
    if withdrawal.request_id in queue:
        yield Left(withdrawal.organization, withdrawal.request_id)
    if withdrawal.customer_id is None:
        return
    waiting = rotations.waits_of.get(withdrawal.customer_id)
    if waiting is not None and order_of(waiting) < order_of(withdrawal.request_id):
        yield Left(withdrawal.organization, waiting)


def _was_switched_on(organization: Organization, request: ChoiceRequested) -> bool:
    """Whether rules do not assign by what is known here, and who asks has read more. Where the
    assignee stays (R3.3), nobody has to wait for that: the next event asks again."""
    return (
        not organization.assigns_by_itself
        and organization.directory < request.directory
        and request.purpose is not Purpose.OFFLINE
    )


def _asked_before(rotations: Rotations, request: ChoiceRequested) -> Waiting | None:
    """What the customer's threads still wait with, where the request stands for that."""
    if not request.keeps_place:
        return None
    waiting = rotations.waits_of.get(request.customer_id)
    if waiting is None or order_of(waiting) >= order_of(request.request_id):
        return None
    return rotations.queues[request.organization][waiting]


def drain(
    rotations: Rotations, organization: Organization, at: datetime, most: int
) -> Iterator[Step]:
    """R5.1: whoever became a candidate takes what waits, oldest first; at most `most`.

    Each conversation's steps end with its answer, and the caller folds them before it takes the
    next ones (`turns`).
    """
    waiting = rotations.lines.get(organization.id)
    if not waiting or not organization.assigns_by_itself:
        return
    counted = _counted(rotations, organization)
    served = lines.next_served(organization, waiting, counted)
    for each in islice(served, most):
        offer = lines.offer_for(organization, each.request, counted)
        yield Left(organization.id, each.request.request_id)
        yield from _chosen(rotations, organization, offer, each.request, at=at, drained=True)


def turns(steps: Iterator[Step]) -> Iterator[list[Step]]:
    """The steps of a drain, those of one conversation at a time."""
    turn: list[Step] = []
    for step in steps:
        turn.append(step)
        if isinstance(step, Answered):
            yield turn
            turn = []


def drained_again(rotations: Rotations) -> Iterator[Repeated]:
    """The remembered answers that ended a wait, oldest first, to be given again after a crash."""
    for answer in sorted(rotations.answers.values(), key=lambda each: each.place):
        if answer.choice.drained:
            yield Repeated(answer)


def _counted(rotations: Rotations, organization: Organization) -> Mapping[AgentId, int] | None:
    """The agents' loads, which change as steps are folded; None where no rule asks for them."""
    if not organization.counts_loads:
        return None
    return loads.loads_in(rotations.loads, organization.id).totals


def _contested(
    rotations: Rotations,
    organization: Organization,
    counted: Mapping[AgentId, int] | None,
    offer: Offer,
    leaving: Waiting | None,
) -> bool:
    """Whether anybody else who waits may have one of those on offer."""
    waiting = rotations.lines.get(organization.id, {})
    return lines.contested(organization, waiting, counted, offer, leaving)


def _leaves_unassigned(organization: Organization) -> bool:
    return organization.settings.when_nobody is WhenNobody.LEAVE_UNASSIGNED  # R5.2


def _chosen(
    rotations: Rotations,
    organization: Organization,
    offer: Offer,
    request: ChoiceRequested,
    *,
    at: datetime,
    drained: bool = False,
) -> Iterator[Step]:
    rule = offer.pool.rule
    if rule is None:
        raise ValueError("a pool with candidates has a rule")
    counted = _counted(rotations, organization)
    cursor = rotations.cursors.get((request.organization, rule.id))
    agent, moved = choose(rule.mode, offer, cursor, request.seed, counted or NO_LOADS)
    after = None if cursor is None or rule.mode is Mode.RANDOM else cursor.last
    load = None if counted is None else counted.get(agent, 0)
    choice = _choice(offer, request, after=after, load=load)
    yield from _told(rotations, offer, at)
    if moved is not None and moved != cursor:
        if moved.order != rotations.orders.get((request.organization, rule.id)):
            yield Ordered(request.organization, rule.id, moved.order)
        yield CursorMoved(request.organization, rule.id, moved)
    if counted is not None:
        yield Reserved(request.organization, request.request_id, agent)
    yield _answered(
        rotations,
        organization,
        request,
        Verdict.CHOSEN,
        at=at,
        offer=offer,
        choice=choice,
        agent=agent,
        drained=drained,
    )


def _told(rotations: Rotations, offer: Offer, at: datetime) -> Iterator[PoolTold]:
    if offer.pool.rule is not None and offer.pool.id not in rotations.told:
        yield PoolTold(offer.pool.record, at)


def _choice(
    offer: Offer,
    request: ChoiceRequested,
    *,
    after: AgentId | None = None,
    load: int | None = None,
) -> Choice:
    """R9.4: what a record says of how it was chosen, beside its pool."""
    rule, full = offer.pool.rule, offer.full
    return Choice(
        pool_id=None if rule is None else offer.pool.id,
        rule_version=None if rule is None else rule.version,
        after=after,
        full=full if len(full) <= FULL_NAMED else (),
        full_bits=bits_of(full, offer.pool.candidates),
        load=load,
        handed_over_by=request.handed_over_by,
        also_handed_over_by=request.also_handed_over_by,
    )


def _answered(
    rotations: Rotations,
    organization: Organization,
    request: ChoiceRequested,
    verdict: Verdict,
    *,
    at: datetime,
    offer: Offer | None = None,
    choice: Choice | None = None,
    agent: AgentId | None = None,
    drained: bool = False,
) -> Answered:
    rule = None if offer is None else offer.pool.rule
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
                choice=choice,
                settings_version=organization.settings.version,
                drained=drained,
                instead_of=request.instead_of,
                seed=request.seed,
                at=at,
            ),
        )
    )
