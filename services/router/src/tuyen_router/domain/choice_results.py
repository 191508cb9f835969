"""Stage 1: turns an answer of stage 2 into assignment records, unless a newer decision came
first.

Decides R3.5.
"""

from collections.abc import Sequence
from typing import assert_never

from msgspec.structs import replace

from tuyen_events.ids import AgentId
from tuyen_events.routing import ChoiceMade, ChoiceWithdrawn, Position, Purpose, Verdict
from tuyen_events.vocabulary import Reason, Strategy
from tuyen_router.domain.customer_records import REMOVED_AT_CHANNEL, ConversationState, Request
from tuyen_router.domain.customer_state import CustomerState
from tuyen_router.domain.decisions import (
    ConversationIdentity,
    CustomerSaved,
    Decision,
    Provenance,
    make_assignment,
)
from tuyen_router.domain.requests import conversations_of
from tuyen_router.domain.sticky import assignee_stays_without_candidate, follow_assignee


def on_answer(state: CustomerState, answer: ChoiceMade, position: Position) -> list[Decision]:
    """Handles one answer. Its records belong into one record batch: all of them or none.

    An answer to a request that a manual decision has overtaken changes nothing (R3.5); if it put
    the conversation into the queue, the request is withdrawn (R5.3). The same goes for a
    conversation that was marked as done before an answer `queued` arrived (I12); if an agent was
    chosen for it, it gets that agent and stays done.
    """
    conversation = ConversationIdentity(
        id=answer.conversation_id,
        kind=answer.kind,
        organization=answer.organization,
        page_id=answer.page_id,
        customer_id=answer.customer_id,
    )
    if answer.kind.sticky:
        return _decide_sticky(state, conversation, answer, position)
    current = state.conversations.get(conversation.id)
    done = state.done.get(conversation.id)
    is_to_wait = current is None or (current.waiting and current.request_id == answer.request_id)
    if current is not None and current.customer is not None:
        conversation = replace(conversation, customer_id=current.customer)
        is_to_wait = is_to_wait or _is_requested_again(current, answer)
    if (
        answer.verdict is Verdict.QUEUED
        and is_to_wait
        and (done == REMOVED_AT_CHANNEL or (current is None and done is not None))
    ):
        record = _make_record(state, conversation, answer, None, Reason.UNASSIGNED)
        return [record, *_withdraw_overtaken(answer, position)]
    if is_to_wait:
        return _make_records(state, [conversation], answer)
    return _withdraw_overtaken(answer, position)


def _is_requested_again(current: ConversationState, answer: ChoiceMade) -> bool:
    """R4.6: whether this is the answer to a new request for a thread whose earlier request was
    withdrawn, because all replies that it waited for were removed. The new reply may be by any
    customer; the thread stays that of the customer in its first record. `current` may still show
    the earlier request, if a crash lost the report that it left the queue."""
    before = answer.instead_of
    if before is None or current.agent_id is not None or current.request_id == answer.request_id:
        return False
    return before == current.request_id or (before == "" and current.reason is Reason.UNASSIGNED)


def _decide_sticky(
    state: CustomerState, conversation: ConversationIdentity, answer: ChoiceMade, position: Position
) -> list[Decision]:
    customer = state.customer(conversation.customer_id)
    request = customer.open_request
    if request is None or request.id != answer.request_id:
        return _withdraw_overtaken(answer, position)
    if answer.verdict is Verdict.QUEUED:
        return _decide_queued(state, request, conversation, answer, position)
    records = _make_records(state, conversations_of(request, conversation), answer)
    if records:
        return records
    ended = replace(customer.record(), request=None)
    return [CustomerSaved(conversation.customer_id, ended)]


def _decide_queued(
    state: CustomerState,
    request: Request,
    conversation: ConversationIdentity,
    answer: ChoiceMade,
    position: Position,
) -> list[Decision]:
    """The threads wait, except those that were marked as done meanwhile: the request no longer
    includes them. A thread that has no record yet gets a record that it is unassigned. A thread
    that was done before it was returned to rotation is waiting already, so it stays in the request.
    """
    threads = tuple(
        each for each in request.conversations if each[0] not in state.done or state.waits(each[0])
    )
    if threads == request.conversations:
        return _make_records(state, conversations_of(request, conversation), answer)
    remaining = replace(request, conversations=threads)
    records = _make_records(state, conversations_of(remaining, conversation), answer)
    ended = answer if not threads else replace(answer, request_id="")
    records += [
        _make_record(state, each, ended, None, Reason.UNASSIGNED)
        for each in conversations_of(request, conversation)
        if each.id not in state.conversations and each.id in state.done
    ]
    customer = state.customer(conversation.customer_id)
    saved = replace(customer.record(), request=remaining if threads else None)
    return [
        *records,
        CustomerSaved(conversation.customer_id, saved),
        *([] if threads else _withdraw_overtaken(answer, position)),
    ]


def _withdraw_overtaken(answer: ChoiceMade, position: Position) -> list[Decision]:
    if answer.verdict is not Verdict.QUEUED:
        return []
    return [
        ChoiceWithdrawn(
            request_id=answer.request_id,
            organization=answer.organization,
            cause=position,
            customer_id=answer.customer_id if answer.kind.sticky else None,
        )
    ]


def _make_records(
    state: CustomerState, conversations: Sequence[ConversationIdentity], answer: ChoiceMade
) -> list[Decision]:
    """The records that follow from an answer; none for a conversation that the answer leaves
    unchanged."""
    records: list[Decision] = []
    for conversation in conversations:
        current = state.conversations.get(conversation.id)
        match answer.verdict:
            case Verdict.CHOSEN:
                if not _has_assignee(state, conversation, current, answer.agent_id):
                    records.append(
                        _make_record(
                            state, conversation, answer, answer.agent_id, _reason_for(answer)
                        )
                    )
            case Verdict.QUEUED:
                if current is None or not current.waiting or _is_requested_again(current, answer):
                    records.append(_make_record(state, conversation, answer, None, Reason.QUEUED))
            case Verdict.NOBODY if assignee_stays_without_candidate(answer.purpose):  # R3.3
                records += follow_assignee(
                    state,
                    conversation,
                    answer.seed,
                    answer.at,
                    settings_version=answer.settings_version,
                    request_id=answer.request_id,
                )
            case Verdict.NOBODY:
                if not _nobody_already(current):
                    records.append(
                        _make_record(state, conversation, answer, None, Reason.NO_CANDIDATE)
                    )
            case Verdict.OFF:
                if (
                    current is not None and current.waiting
                ):  # R6.5: rules were switched off meanwhile
                    records.append(_make_record(state, conversation, answer, None, Reason.BULK))
            case _:
                assert_never(answer.verdict)
    return records


def _has_assignee(
    state: CustomerState,
    conversation: ConversationIdentity,
    current: ConversationState | None,
    agent: AgentId | None,
) -> bool:
    """Whether the agent is the assignee of the conversation and, for a sticky kind, also of the
    customer."""
    if current is None or current.agent_id != agent:
        return False
    return not conversation.kind.sticky or (
        state.customer(conversation.customer_id).agent_id == agent
    )


def _nobody_already(current: ConversationState | None) -> bool:
    """R5.2: when a customer whose conversation has no candidate writes again, no second record is
    written."""
    return (
        current is not None and current.agent_id is None and current.reason is Reason.NO_CANDIDATE
    )


def _make_record(
    state: CustomerState,
    conversation: ConversationIdentity,
    answer: ChoiceMade,
    agent: AgentId | None,
    reason: Reason,
) -> Decision:
    return make_assignment(
        state,
        conversation,
        agent,
        Provenance(
            reason=reason,
            caused_by=answer.seed,
            at=answer.at,
            rule_id=answer.rule_id,
            mode=answer.mode,
            choice=answer.choice,
            settings_version=answer.settings_version,
            request_id=answer.request_id or None,
        ),
    )


def _reason_for(answer: ChoiceMade) -> Reason:
    if answer.drained:
        return Reason.QUEUE_DRAINED
    match answer.purpose:
        case Purpose.FIRST:
            return _reason_of(answer.mode or Strategy.SEQUENTIAL)
        case Purpose.STICKY_LOST:
            return Reason.STICKY_LOST
        case Purpose.OFFLINE:
            return Reason.REASSIGNED_OFFLINE
        case Purpose.HANDOVER:
            return Reason.BULK
        case _:
            assert_never(answer.purpose)


def _reason_of(strategy: Strategy) -> Reason:
    """The reason that has the strategy's name, also where a stage 2 of a later version chose by one
    that this version does not know."""
    return Reason.ROTATION if strategy is Strategy.SEQUENTIAL else Reason(strategy.value)
