"""Stage 2: handles the requests of one organization in order, and queues those that nobody can take
(R5).

The order of an organization's requests in its partition is the order of all its rotations.

Decides R5.1, R5.2 and INV4.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from tuyen_directory.organization_state import OrganizationState
from tuyen_directory.pool_cache import OrganizationPools
from tuyen_directory.pools import Offer
from tuyen_events.assignments import FULL_NAMED, Choice, bits_of
from tuyen_events.choosing import choose, effective_strategy
from tuyen_events.ids import AgentId
from tuyen_events.routing import (
    ChoiceMade,
    ChoiceRequested,
    ChoiceWithdrawn,
    LoadsReported,
    ThreadReported,
    Verdict,
)
from tuyen_events.vocabulary import WhenNobody
from tuyen_router.domain import loads, queue_buckets, replies, threads
from tuyen_router.domain.dispatch_state import (
    NO_LOADS,
    Answer,
    AnswerRepeated,
    CursorMoved,
    Dequeued,
    DispatchState,
    DispatchStep,
    OrderChanged,
    PoolPublished,
    RequestAnswered,
    RequestQueued,
    RequestSeen,
)
from tuyen_router.domain.loads import LoadReserved
from tuyen_router.domain.queue_buckets import Comparisons, WaitingRequest
from tuyen_router.domain.request_ids import order_of
from tuyen_router.domain.sticky import assignee_stays_without_candidate


def on_request(
    state: DispatchState,
    organization: OrganizationState,
    at: datetime,
    request: ChoiceRequested,
    *,
    draining: Comparisons | None = None,
) -> Iterator[DispatchStep]:
    """Answers a request. The steps follow from the present state: the caller may take all of them
    before it applies any.

    `draining` is set while the queue is being drained: the request is queued after the waiting
    requests that the same agents can take (first come, first served), unless it never waits. It is
    also queued if finding these would take more comparisons than are left in `draining`.

    A request that is read again, after a crash of stage 1 or of this stage, gets the same answer
    and moves no cursor; if the answer is not remembered any more, it has long been in the log. Two
    partitions make a request for a root comment that was delivered twice, once without its author,
    and for a root with a reply that arrived before it (R4.5): the first gets the conversation, and
    the other gets no answer. A waiting customer for whom another request is made, for another
    department or because one more agent is excluded, keeps their place (R3.7).

    `at` is the present time, and stays in the answer however often it is sent: it is the time of
    the choice, not of its cause. If stage 1 has read that rules were switched on, and this stage
    has not yet, the request waits until it has.
    """
    earlier = state.answer_to(request.request_id)
    if earlier is not None:
        yield AnswerRepeated(earlier)
        return
    source = f"{request.cause.topic}/{request.cause.partition}"
    if request.cause.offset <= state.request_offsets.get(source, -1):
        return
    begins = threads.begins_thread(request)
    if begins and replies.is_in_another_partition(state, request):
        yield from replies.extend_wait(state, request)
        return
    yield RequestSeen(source, request.cause.offset)
    if begins:
        request = replies.redirect_to_thread(state, request)
    at = max(at, request.at)
    switched_on = _was_switched_on(organization, request)
    before = _find_earlier_request(state, request)
    if before is not None:
        yield Dequeued(request.organization, before.request.request_id)
    elif not organization.assigns_by_itself and not switched_on:
        yield _answer(state, organization, request, Verdict.OFF, at=at)
        return
    if begins:
        yield threads.take_thread(state.threads, request)
    never_waits = before is None and not switched_on and _never_waits(organization, request)
    yield from _choose_or_queue(
        state,
        organization,
        request,
        before,
        at=at,
        never_waits=never_waits,
        behind=None if never_waits else draining,
    )


def on_loads(state: DispatchState, report: LoadsReported) -> Iterator[DispatchStep]:
    """Stage 1 reports how many open conversations agents have (R1.7, R2.3)."""
    return loads.on_load_report(state.loads, report)


def on_thread(state: DispatchState, report: ThreadReported) -> Iterator[DispatchStep]:
    """R4.5, R4.6: stage 1 reports an event of a comment thread. A removed thread leaves the
    queue."""
    waiting = replies.find_waiting(state, report.organization, report.conversation_id)
    if report.comment is not None:
        yield from replies.on_reply_removed(state, report, report.comment, waiting)
        return
    request = None if waiting is None else waiting.request
    yield from threads.on_thread_report(state.threads, report, request)


def on_withdrawal(state: DispatchState, withdrawal: ChoiceWithdrawn) -> Iterator[DispatchStep]:
    """R5.3: a request that was decided otherwise leaves the queue. So does an earlier request of
    the same customer, whose withdrawal a crash may have lost."""
    queue = state.queues.get(withdrawal.organization, {})
    if withdrawal.request_id in queue:
        yield Dequeued(withdrawal.organization, withdrawal.request_id)
    if withdrawal.customer_id is None:
        return
    waiting = state.waits_of.get(withdrawal.customer_id)
    if waiting is not None and order_of(waiting) < order_of(withdrawal.request_id):
        yield Dequeued(withdrawal.organization, waiting)


def _was_switched_on(organization: OrganizationState, request: ChoiceRequested) -> bool:
    """Whether rules do not assign as far as this stage has read the directory, while stage 1 had
    read further when it made the request. A request that keeps the assignee when there is no
    candidate (R3.3) need not wait for that: the customer's next event makes a new one."""
    return (
        not organization.assigns_by_itself
        and organization.directory_offset < request.directory
        and not assignee_stays_without_candidate(request.purpose)
    )


def _find_earlier_request(state: DispatchState, request: ChoiceRequested) -> WaitingRequest | None:
    """The customer's earlier request in the queue, which this request replaces."""
    if not request.keeps_place:
        return None
    waiting = state.waits_of.get(request.customer_id)
    if waiting is None or order_of(waiting) >= order_of(request.request_id):
        return None
    return state.queues[request.organization][waiting]


def drain(
    state: DispatchState, organization: OrganizationState, at: datetime, most: int
) -> Iterator[Sequence[DispatchStep]]:
    """R5.1: gives waiting conversations to agents who became candidates, oldest first; at most
    `most`.

    Each turn consists of the steps of one conversation, which end with its answer, or of none when
    nobody can take the conversations of a bucket. The caller must apply the steps of a turn before
    it takes the next, and may stop after each turn: another drain continues there.
    """
    waiting = state.queue_buckets.get(organization.id)
    if waiting is None or not waiting.by_key or not organization.assigns_by_itself:
        return
    counted = _current_loads(state, organization)
    pools = state.pool_cache.pools_of(organization)
    served = 0
    for each in queue_buckets.serve_in_order(pools, waiting, counted):
        if each is None:
            yield ()
            continue
        offer = queue_buckets.build_offer(pools, each.request, counted)
        chosen = _choose(state, organization, offer, each.request, at=at, drained=True)
        yield [Dequeued(organization.id, each.request.request_id), *chosen]
        served += 1
        if served == most:
            return


def repeat_drained(state: DispatchState) -> Iterator[AnswerRepeated]:
    """The remembered answers to requests that had waited, oldest first, to be sent again after a
    crash."""
    for answer in sorted(state.answers.values(), key=lambda each: each.place):
        if answer.choice.drained:
            yield AnswerRepeated(answer)


def _choose_or_queue(
    state: DispatchState,
    organization: OrganizationState,
    request: ChoiceRequested,
    before: WaitingRequest | None,
    *,
    at: datetime,
    never_waits: bool,
    behind: Comparisons | None,
) -> Iterator[DispatchStep]:
    """Chooses an agent for a request, or queues it (R5.1) unless it `never_waits`.

    If its turn is `behind` the queue, it gets no agent whom another waiting request could be given
    to. `before` is the waiting request that it replaces.
    """
    counted = _current_loads(state, organization)
    pools = state.pool_cache.pools_of(organization)
    offer = queue_buckets.build_offer(pools, request, counted)
    if (
        offer.has_any()
        and organization.assigns_by_itself
        and not (
            behind is not None
            and _has_competing_request(
                state, pools, counted, offer, leaving=before, comparisons=behind
            )
        )
    ):
        return _choose(state, organization, offer, request, at=at, drained=before is not None)
    steps: list[DispatchStep] = [*_publish_pool(state, offer, at)]
    if not never_waits:
        place = state.place + 1 if before is None else before.place
        steps.append(RequestQueued(WaitingRequest(place, request)))
    verdict = Verdict.NOBODY if never_waits else Verdict.QUEUED
    choice = _describe_choice(offer, request)
    steps.append(_answer(state, organization, request, verdict, at=at, offer=offer, choice=choice))
    return iter(steps)


def _current_loads(
    state: DispatchState, organization: OrganizationState
) -> Mapping[AgentId, int] | None:
    """The agents' loads, which change as steps are applied; None where no rule needs them."""
    if not organization.counts_loads:
        return None
    return loads.get_or_add_loads(state.loads, organization.id).totals


def _has_competing_request(
    state: DispatchState,
    pools: OrganizationPools,
    counted: Mapping[AgentId, int] | None,
    offer: Offer,
    *,
    leaving: WaitingRequest | None,
    comparisons: Comparisons,
) -> bool:
    """Whether another waiting request could be given to one of the agents on offer."""
    waiting = state.queue_buckets.get(pools.organization.id)
    return waiting is not None and queue_buckets.has_competing_request(
        pools, waiting, counted, offer, leaving=leaving, comparisons=comparisons
    )


def _never_waits(organization: OrganizationState, request: ChoiceRequested) -> bool:
    """Whether a request for which nobody is a candidate is answered without an agent, instead of
    being queued (R3.3, R5.2)."""
    return (
        assignee_stays_without_candidate(request.purpose)
        or organization.settings.when_nobody is WhenNobody.LEAVE_UNASSIGNED
    )


def _choose(
    state: DispatchState,
    organization: OrganizationState,
    offer: Offer,
    request: ChoiceRequested,
    *,
    at: datetime,
    drained: bool = False,
) -> Iterator[DispatchStep]:
    rule = offer.pool.rule
    if rule is None:
        raise ValueError("a pool with candidates has a rule")
    counted = _current_loads(state, organization)
    cursor = state.cursor_of(request.organization, rule.id)
    agent, moved = choose(rule.mode, offer, cursor, request.seed, counted or NO_LOADS)
    after = None if cursor is None or moved is cursor else cursor.last
    load = None if counted is None else counted.get(agent, 0)
    choice = _describe_choice(offer, request, after=after, load=load)
    yield from _publish_pool(state, offer, at)
    if moved is not None and moved != cursor:
        if moved.order != state.orders.get((request.organization, rule.id)):
            yield OrderChanged(request.organization, rule.id, moved.order)
        yield CursorMoved(request.organization, rule.id, moved)
    if counted is not None:
        yield LoadReserved(request.organization, request.request_id, agent)
    yield _answer(
        state,
        organization,
        request,
        Verdict.CHOSEN,
        at=at,
        offer=offer,
        choice=choice,
        agent=agent,
        drained=drained,
    )


def _publish_pool(state: DispatchState, offer: Offer, at: datetime) -> Iterator[PoolPublished]:
    if offer.pool.rule is not None and offer.pool.id not in state.published_pools:
        yield PoolPublished(offer.pool.record, at)


def _describe_choice(
    offer: Offer,
    request: ChoiceRequested,
    *,
    after: AgentId | None = None,
    load: int | None = None,
) -> Choice:
    """R9.4: how the agent was chosen, as the record explains it in addition to the pool."""
    rule, full = offer.pool.rule, offer.candidates_at_capacity
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


def _answer(
    state: DispatchState,
    organization: OrganizationState,
    request: ChoiceRequested,
    verdict: Verdict,
    *,
    at: datetime,
    offer: Offer | None = None,
    choice: Choice | None = None,
    agent: AgentId | None = None,
    drained: bool = False,
) -> RequestAnswered:
    rule = None if offer is None else offer.pool.rule
    strategy = None if rule is None else rule.mode
    if strategy is not None and agent is not None:
        strategy = effective_strategy(strategy)  # R9.4: the record says how the agent was chosen
    return RequestAnswered(
        Answer(
            state.place + 1,
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
                mode=strategy,
                choice=choice,
                settings_version=organization.settings.version,
                drained=drained,
                instead_of=request.instead_of,
                seed=request.seed,
                at=at,
            ),
        )
    )
