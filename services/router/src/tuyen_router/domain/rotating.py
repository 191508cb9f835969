"""R4: every root comment on a feed post is assigned for itself."""

from msgspec.structs import replace

from tuyen_events.ids import ConversationId, CustomerId, EventId, comment_thread_id
from tuyen_events.inbound import CommentAdded, CommentEvent, CommentRemoved
from tuyen_events.routing import (
    ChoiceWithdrawn,
    Position,
    Purpose,
    ThreadGiven,
    ThreadRemoved,
    ThreadReported,
    ThreadState,
)
from tuyen_events.vocabulary import ConversationKind, Reason
from tuyen_router.domain.decisions import Conversation, Decision, DoneSaved, Why, assignment
from tuyen_router.domain.organization import Organization
from tuyen_router.domain.seen import Seen, arrival_of
from tuyen_router.domain.state import GONE, Partition, Row
from tuyen_router.domain.sticky import (
    Arrival,
    heard_again,
    is_gone,
    noted,
    reopened,
    requested,
)


def on_root_comment(
    partition: Partition, organization: Organization, arrival: Arrival
) -> list[Decision]:
    """A new root comment always asks, whoever wrote it and whoever has its author (R4.1, R4.4).

    Once somebody has the conversation, nothing about the comment asks again: it is not reassigned
    when its agent logs out (R4.2). A replay after a crash asks the same again.
    """
    decisions = _handled(partition, arrival)
    if decisions is None:
        return []
    if _may_ask(partition, organization, arrival):
        is_here = arrival.conversation.id in partition.rows
        decisions.append(replace(requested(arrival, Purpose.FIRST), reply=is_here))
    return decisions


def _may_ask(partition: Partition, organization: Organization, arrival: Arrival) -> bool:
    """Whether stage 2 hears of a comment: while the thread is here and nobody's, of each, since it
    waits for all of them (R4.6)."""
    row = partition.rows.get(arrival.conversation.id)
    return (
        (row is None or row.agent_id is None)
        and organization.assigns_by_itself
        and not is_gone(partition, arrival)
    )


def was_assigned_as_root(partition: Partition, comment: CommentAdded) -> bool:
    """P5a: whether a live comment was given out as a root comment, before its post was known to be
    live. That stays, also when its webhook comes once more and now says otherwise (R9.2)."""
    thread = comment_thread_id(comment.organization, comment.page_id, comment.external_id)
    return thread in partition.rows


def on_reply(partition: Partition, organization: Organization, arrival: Arrival) -> list[Decision]:
    """A reply assigns nothing where somebody has the root (R4.3); by the root's author it opens
    what was done (I12).

    Only they are in the root's partition, and have been heard of there. A reply by anybody else is
    not counted as news here, so a root comment that was done does not take its agent's place again
    (R1.7). It asks for the thread, which this partition then has, if its root was nobody's to
    answer (R4.5): stage 2 knows, and answers the first of those who ask.
    """
    is_here = arrival.conversation.id in partition.rows
    decisions: list[Decision] = [*reopened(partition, arrival)]
    if is_here or arrival.conversation.customer_id in partition.customers:
        decisions = _handled(partition, arrival) or []
    if _may_ask(partition, organization, arrival):
        comments = () if arrival.message is None else (arrival.message,)
        asked = replace(requested(arrival, Purpose.FIRST), reply=True, comments=comments)
        decisions.append(asked)
    return decisions


def on_given(
    partition: Partition, organization: Organization, given: ThreadGiven, position: Position
) -> list[Decision]:
    """R4.1, R6: a thread that is here was given by hand in another partition, which had not heard
    of that. What was decided there stands, with a version above both, and leaves the queue.

    Told again, it is no news; only the withdrawal may have been lost in a crash.
    """
    row = partition.rows.get(given.conversation_id)
    if row is None or row.customer is None:
        return []
    withdrawn = [
        ChoiceWithdrawn(request_id=each, organization=given.organization, cause=position)
        for each in (row.request_id,)
        if each is not None
    ]
    if given.version < row.version:
        return [] if row.waiting else [*withdrawn]
    conversation = Conversation(
        id=given.conversation_id,
        kind=ConversationKind.COMMENT,
        organization=given.organization,
        page_id=given.page_id,
        customer_id=row.customer,
    )
    why = Why(
        reason=given.reason,
        caused_by=given.seed,
        at=given.at,
        settings_version=organization.settings.version,
        by=given.by,
        note=given.note,
        request_id=row.request_id,
    )
    record = assignment(partition, conversation, given.agent_id, why)
    return [replace(record, version=given.version + 1), *withdrawn]


def on_own_root(comment: CommentAdded, event_id: EventId, position: Position) -> list[Decision]:
    """R4.5: the page began a thread, which is nobody's to answer until a customer replies."""
    if comment.conversation_id is None or comment.livestream or comment.parent_external_id:
        return []
    return [_reported(comment, comment.conversation_id, ThreadState.OURS, event_id, position)]


def on_comment_removed(
    partition: Partition,
    organization: Organization,
    comment: CommentRemoved,
    event_id: EventId,
    position: Position,
) -> list[Decision]:
    """R4.6: a root comment is gone at the channel. Whoever tells of it, and whether it was heard of
    or not, is for stage 2 to know; its author tells it to the partition that has it.

    Where it is not told whether it was a root, it may have been; so may a comment below what is a
    livestream by now (P5a). Of a reply stage 2 is told where its thread may wait for it.
    """
    if comment.parent_external_id:
        return _on_reply_removed(partition, comment, event_id, position)
    thread = comment.conversation_id or comment_thread_id(
        comment.organization, comment.page_id, comment.external_id
    )
    removed = ThreadRemoved(
        organization=comment.organization,
        page_id=comment.page_id,
        conversation_id=thread,
        customer_id=None if comment.customer is None else comment.customer.id,
        seed=event_id,
        at=comment.accepted_at,
    )
    reported = _reported(comment, thread, ThreadState.REMOVED, event_id, position)
    if comment.customer is None:
        return [reported]
    return [*on_removed(partition, organization, removed, position), reported]


def _on_reply_removed(
    partition: Partition, comment: CommentRemoved, event_id: EventId, position: Position
) -> list[Decision]:
    thread = comment.conversation_id
    if thread is None or comment.livestream:
        return []
    row = partition.rows.get(thread)
    if row is not None and not row.waiting:
        return []
    reported = _reported(comment, thread, ThreadState.REMOVED, event_id, position)
    return [replace(reported, comment=comment.message_id)]


def on_removed(
    partition: Partition, organization: Organization, removed: ThreadRemoved, position: Position
) -> list[Decision]:
    """R4.6: the thread waits no more and takes nobody's place; who has it still does, and the turn
    that it took is not taken back. Nothing that anybody writes opens it again.

    Its root's replies are gone with it at the channel, so it is the same when it was answered. One
    that went back to rotation and is not in the queue yet leaves with its answer. Where only the
    replies are gone for which it waited, it leaves the queue and is open to the next one.
    """
    thread = removed.conversation_id
    row = partition.rows.get(thread)
    if row is None:
        return []
    if removed.request_id is not None:
        waits = row.waiting and row.request_id == removed.request_id
        return [_left(partition, organization, removed, row)] if waits else []
    decisions: list[Decision] = []
    leaves = row.waiting and removed.customer_id is not None
    if leaves:
        decisions.append(_left(partition, organization, removed, row))
    if partition.done.get(thread) != GONE:
        decisions.append(DoneSaved(thread, GONE))
    if (leaves or not row.waiting) and row.agent_id is None and row.request_id is not None:
        withdrawal = ChoiceWithdrawn(
            request_id=row.request_id, organization=removed.organization, cause=position
        )
        decisions.append(withdrawal)
    return decisions


def _left(
    partition: Partition, organization: Organization, removed: ThreadRemoved, row: Row
) -> Decision:
    conversation = Conversation(
        id=removed.conversation_id,
        kind=ConversationKind.COMMENT,
        organization=removed.organization,
        page_id=removed.page_id,
        customer_id=row.customer or removed.customer_id or CustomerId(""),
    )
    why = Why(
        reason=Reason.UNASSIGNED,
        caused_by=removed.seed,
        at=removed.at,
        settings_version=organization.settings.version,
        request_id=row.request_id,
    )
    return assignment(partition, conversation, None, why)


def _reported(
    comment: CommentEvent,
    thread: ConversationId,
    state: ThreadState,
    event_id: EventId,
    position: Position,
) -> ThreadReported:
    return ThreadReported(
        organization=comment.organization,
        page_id=comment.page_id,
        conversation_id=thread,
        state=state,
        seed=event_id,
        cause=position,
        at=comment.accepted_at,
    )


def _handled(partition: Partition, arrival: Arrival) -> list[Decision] | None:
    """The customer with the event in the ring, and what was done open again; None for a repeated
    webhook. One that may be repeated, or was taken back, opens nothing."""
    customer = partition.customer(arrival.conversation.customer_id)
    match arrival_of(customer.seen, arrival.event_id, arrival.position.offset, arrival.time):
        case Seen.NEVER if not is_gone(partition, arrival):
            noticed = noted(customer, arrival, customer.open_request)
            return [noticed, *reopened(partition, arrival)]
        case Seen.NEVER | Seen.PERHAPS:
            return [heard_again(customer, arrival)]
        case Seen.AS_ANOTHER:
            return None
        case Seen.BEFORE:
            return [*reopened(partition, arrival)]
