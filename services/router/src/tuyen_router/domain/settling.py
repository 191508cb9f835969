"""Stage 1 again: an answer of stage 2 becomes assignment records, unless something newer came."""

from collections.abc import Sequence

from msgspec.structs import replace

from tuyen_events.ids import AgentId
from tuyen_events.routing import ChoiceMade, ChoiceWithdrawn, Position, Purpose, Verdict
from tuyen_events.vocabulary import Mode, Reason
from tuyen_router.domain.decisions import Conversation, CustomerSaved, Decision, Why, assignment
from tuyen_router.domain.state import GONE, Partition, Request, Row
from tuyen_router.domain.sticky import conversations_of, follow


def on_answer(partition: Partition, answer: ChoiceMade, position: Position) -> list[Decision]:
    """One answer. Its records belong into one record batch: all of them or none.

    An answer to a request that a manager's word has overtaken changes nothing (R3.5); if it left
    the conversation in the queue, it is taken out again (R5.3). So is one that was called done
    before the answer came (I12); one that was chosen for has its agent then, and stays done.
    """
    conversation = Conversation(
        id=answer.conversation_id,
        kind=answer.kind,
        organization=answer.organization,
        page_id=answer.page_id,
        customer_id=answer.customer_id,
    )
    if answer.kind.sticky:
        return _sticky(partition, conversation, answer, position)
    row = partition.rows.get(conversation.id)
    done = partition.done.get(conversation.id)
    is_to_wait = row is None or (row.waiting and row.request_id == answer.request_id)
    if row is not None and row.customer is not None:
        conversation = replace(conversation, customer_id=row.customer)
        is_to_wait = is_to_wait or _is_asked_anew(row, answer)
    if (
        answer.verdict is Verdict.QUEUED
        and is_to_wait
        and (done == GONE or (row is None and done is not None))
    ):
        record = _record(partition, conversation, answer, None, Reason.UNASSIGNED)
        return [record, *_overtaken(answer, position)]
    if is_to_wait:
        return _records(partition, [conversation], answer)
    return _overtaken(answer, position)


def _is_asked_anew(row: Row, answer: ChoiceMade) -> bool:
    """R4.6: whether a thread that waited for replies, all of which were taken back, is asked for by
    one more, of whatever customer. It stays the one's in whose name it was decided. That it waited
    no more may not have been told: a crash lost it."""
    before = answer.instead_of
    if before is None or row.agent_id is not None or row.request_id == answer.request_id:
        return False
    return before == row.request_id or (before == "" and row.reason is Reason.UNASSIGNED)


def _sticky(
    partition: Partition, conversation: Conversation, answer: ChoiceMade, position: Position
) -> list[Decision]:
    customer = partition.customer(conversation.customer_id)
    request = customer.open_request
    if request is None or request.id != answer.request_id:
        return _overtaken(answer, position)
    if answer.verdict is Verdict.QUEUED:
        return _queued(partition, request, conversation, answer, position)
    records = _records(partition, conversations_of(request, conversation), answer)
    if records:
        return records
    ended = replace(customer.record(), request=None)
    return [CustomerSaved(conversation.customer_id, ended)]


def _queued(
    partition: Partition,
    request: Request,
    conversation: Conversation,
    answer: ChoiceMade,
    position: Position,
) -> list[Decision]:
    """The threads wait, but for those that were done meanwhile: the request asks for them no more.
    One of which nothing was decided yet has it on record that nobody has it. What was done before
    it went back to rotation waits already."""
    threads = tuple(
        each
        for each in request.conversations
        if each[0] not in partition.done or partition.waits(each[0])
    )
    if threads == request.conversations:
        return _records(partition, conversations_of(request, conversation), answer)
    left = replace(request, conversations=threads)
    records = _records(partition, conversations_of(left, conversation), answer)
    ended = answer if not threads else replace(answer, request_id="")
    records += [
        _record(partition, each, ended, None, Reason.UNASSIGNED)
        for each in conversations_of(request, conversation)
        if each.id not in partition.rows and each.id in partition.done
    ]
    customer = partition.customer(conversation.customer_id)
    saved = replace(customer.record(), request=left if threads else None)
    return [
        *records,
        CustomerSaved(conversation.customer_id, saved),
        *([] if threads else _overtaken(answer, position)),
    ]


def _overtaken(answer: ChoiceMade, position: Position) -> list[Decision]:
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


def _records(
    partition: Partition, conversations: Sequence[Conversation], answer: ChoiceMade
) -> list[Decision]:
    """The records that an answer makes; none for a conversation that it leaves as it is."""
    records: list[Decision] = []
    for conversation in conversations:
        row = partition.rows.get(conversation.id)
        match answer.verdict:
            case Verdict.CHOSEN:
                if not _has(partition, conversation, row, answer.agent_id):
                    records.append(
                        _record(partition, conversation, answer, answer.agent_id, _reason(answer))
                    )
            case Verdict.QUEUED:
                if row is None or not row.waiting or _is_asked_anew(row, answer):
                    records.append(_record(partition, conversation, answer, None, Reason.QUEUED))
            case Verdict.NOBODY if answer.purpose is Purpose.OFFLINE:  # R3.3: the assignee stays
                records += follow(
                    partition,
                    conversation,
                    answer.seed,
                    answer.at,
                    settings_version=answer.settings_version,
                    request_id=answer.request_id,
                )
            case Verdict.NOBODY:
                if not _nobody_already(row):
                    records.append(
                        _record(partition, conversation, answer, None, Reason.NO_CANDIDATE)
                    )
            case Verdict.OFF:
                if row is not None and row.waiting:  # R6.5, while rules were being switched off
                    records.append(_record(partition, conversation, answer, None, Reason.BULK))
    return records


def _has(
    partition: Partition, conversation: Conversation, row: Row | None, agent: AgentId | None
) -> bool:
    """Whether the conversation is the agent's, and so is the customer where that is remembered."""
    if row is None or row.agent_id != agent:
        return False
    return not conversation.kind.sticky or (
        partition.customer(conversation.customer_id).agent_id == agent
    )


def _nobody_already(row: Row | None) -> bool:
    """R5.2: a customer who writes again to nobody makes no second record of it."""
    return row is not None and row.agent_id is None and row.reason is Reason.NO_CANDIDATE


def _record(
    partition: Partition,
    conversation: Conversation,
    answer: ChoiceMade,
    agent: AgentId | None,
    reason: Reason,
) -> Decision:
    return assignment(
        partition,
        conversation,
        agent,
        Why(
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


def _reason(answer: ChoiceMade) -> Reason:
    if answer.drained:
        return Reason.QUEUE_DRAINED
    match answer.purpose:
        case Purpose.FIRST:
            return _BY_MODE[answer.mode or Mode.SEQUENTIAL]
        case Purpose.STICKY_LOST:
            return Reason.STICKY_LOST
        case Purpose.OFFLINE:
            return Reason.REASSIGNED_OFFLINE
        case Purpose.HANDOVER:
            return Reason.BULK


_BY_MODE = {
    Mode.SEQUENTIAL: Reason.ROTATION,
    Mode.RANDOM: Reason.RANDOM,
    Mode.LEAST_LOADED: Reason.LEAST_LOADED,
}
