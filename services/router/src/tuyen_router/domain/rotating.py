"""R4: every root comment on a feed post is assigned for itself."""

from msgspec.structs import replace

from tuyen_events.ids import ConversationId, CustomerId, EventId, comment_thread_id
from tuyen_events.inbound import CommentAdded, CommentEvent, CommentRemoved
from tuyen_events.routing import (
    ChoiceWithdrawn,
    Position,
    Purpose,
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

    Once the conversation has a record, nothing about the comment asks again: it is not reassigned
    when its agent logs out (R4.2). A replay after a crash asks the same again.
    """
    decisions = _handled(partition, arrival)
    if decisions is None:
        return []
    if (
        arrival.conversation.id not in partition.rows
        and organization.assigns_by_itself
        and not is_gone(partition, arrival)
    ):
        decisions.append(requested(arrival, Purpose.FIRST))
    return decisions


def was_assigned_as_root(partition: Partition, comment: CommentAdded) -> bool:
    """P5a: whether a live comment was given out as a root comment, before its post was known to be
    live. That stays, also when its webhook comes once more and now says otherwise (R9.2)."""
    thread = comment_thread_id(comment.organization, comment.page_id, comment.external_id)
    return thread in partition.rows


def on_reply(partition: Partition, organization: Organization, arrival: Arrival) -> list[Decision]:
    """A reply assigns nothing (R4.3); by the root's author it opens what was done (I12).

    Only they are in the root's partition, and have been heard of there. A reply by anybody else is
    not counted as news here, so a root comment that was done does not take its agent's place again
    (R1.7). It asks for the thread, which this partition then has, if it is one that the page began
    (R4.5): stage 2 knows, and answers the first of those who ask.
    """
    decisions: list[Decision] = []
    is_here = arrival.conversation.id in partition.rows
    if is_here or arrival.conversation.customer_id in partition.customers:
        decisions = _handled(partition, arrival) or []
    if not is_here and organization.assigns_by_itself and not is_gone(partition, arrival):
        decisions.append(replace(requested(arrival, Purpose.FIRST), reply=True))
    return decisions


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
    livestream by now (P5a).
    """
    if comment.parent_external_id:
        return []
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


def on_removed(
    partition: Partition, organization: Organization, removed: ThreadRemoved, position: Position
) -> list[Decision]:
    """R4.6: the thread waits no more and takes nobody's place; who has it still does, and the turn
    that it took is not taken back. Nothing that anybody writes opens it again.

    Its root's replies are gone with it at the channel, so it is the same when it was answered. One
    that went back to rotation and is not in the queue yet leaves with its answer.
    """
    thread = removed.conversation_id
    row = partition.rows.get(thread)
    if row is None:
        return []
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
        customer_id=removed.customer_id or CustomerId(""),
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
