"""R4: every new root comment on a feed post is assigned for itself.

Decides R4.1, R4.2, R4.3, R4.4, R4.5 and R4.6.
"""

from typing import assert_never

from msgspec.structs import replace

from tuyen_directory.organization_state import OrganizationState
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
from tuyen_router.domain.arrivals import (
    Arrival,
    is_gone,
    remember_event,
    remember_uncertain,
    reopen_if_new,
)
from tuyen_router.domain.customer_records import REMOVED_AT_CHANNEL, ConversationState
from tuyen_router.domain.customer_state import CustomerState
from tuyen_router.domain.decisions import (
    ConversationIdentity,
    Decision,
    DoneSaved,
    Provenance,
    make_assignment,
)
from tuyen_router.domain.requests import request_choice
from tuyen_router.domain.seen import Seen, recognize


def on_root_comment(
    state: CustomerState, organization: OrganizationState, arrival: Arrival
) -> list[Decision]:
    """A new root comment always requests an agent, whoever wrote it, and whoever is the author's
    assignee for messages (R4.1, R4.4). Once the conversation has an assignee, nothing about the
    comment makes another request: it is not reassigned when its agent logs out (R4.2). An event
    that is redelivered after a crash makes the same request again.
    """
    decisions = _handle_event(state, arrival)
    if decisions is None:
        return []
    if _may_ask(state, organization, arrival):
        is_here = arrival.conversation.id in state.conversations
        decisions.append(replace(request_choice(arrival, Purpose.FIRST), reply=is_here))
    return decisions


def _may_ask(state: CustomerState, organization: OrganizationState, arrival: Arrival) -> bool:
    """Whether a comment makes a request. While this partition has the thread and nobody is its
    assignee, every comment does, since the thread waits for all of them (R4.6)."""
    current = state.conversations.get(arrival.conversation.id)
    return (
        (current is None or current.agent_id is None)
        and organization.assigns_by_itself
        and not is_gone(state, arrival)
    )


def was_assigned_as_root(state: CustomerState, comment: CommentAdded) -> bool:
    """P5a: whether a livestream comment was assigned as a root comment, before its post was known
    to be a livestream. It keeps that assignment, also when its webhook is delivered again and is
    now read as a livestream comment (R9.2)."""
    thread = comment_thread_id(comment.organization, comment.page_id, comment.external_id)
    return thread in state.conversations


def on_reply(
    state: CustomerState, organization: OrganizationState, arrival: Arrival
) -> list[Decision]:
    """A reply assigns nothing if the thread has an assignee (R4.3); a reply by the root's author
    reopens a conversation that is done (I12).

    Only the root's author is in the root's partition, as a known customer. A reply by anybody else
    does not reopen the conversation here, so a root comment that is done does not count towards its
    agent's load again (R1.7). Instead it requests a choice for the thread, which this partition
    gets if the root was assigned to nobody (R4.5): stage 2 knows that, and answers only the first
    partition that asks.
    """
    is_here = arrival.conversation.id in state.conversations
    decisions: list[Decision] = [*reopen_if_new(state, arrival)]
    if is_here or arrival.conversation.customer_id in state.customers:
        decisions = _handle_event(state, arrival) or []
    if _may_ask(state, organization, arrival):
        comments = () if arrival.message is None else (arrival.message,)
        request = replace(request_choice(arrival, Purpose.FIRST), reply=True, comments=comments)
        decisions.append(request)
    return decisions


def on_assigned_elsewhere(
    state: CustomerState, organization: OrganizationState, given: ThreadGiven, position: Position
) -> list[Decision]:
    """R4.1, R6: a thread of this partition was assigned manually in another partition, which did
    not know who has the thread. That assignment applies here, with a version higher than both; the
    thread leaves the queue.

    A redelivered report only sends the withdrawal again, which a crash may have lost.
    """
    current = state.conversations.get(given.conversation_id)
    if current is None or current.customer is None:
        return []
    withdrawn = [
        ChoiceWithdrawn(request_id=each, organization=given.organization, cause=position)
        for each in (current.request_id,)
        if each is not None
    ]
    if given.version < current.version:
        return [] if current.waiting else [*withdrawn]
    conversation = ConversationIdentity(
        id=given.conversation_id,
        kind=ConversationKind.COMMENT,
        organization=given.organization,
        page_id=given.page_id,
        customer_id=current.customer,
    )
    why = Provenance(
        reason=given.reason,
        caused_by=given.seed,
        at=given.at,
        settings_version=organization.settings.version,
        by=given.by,
        note=given.note,
        request_id=current.request_id,
    )
    record = make_assignment(state, conversation, given.agent_id, why)
    return [replace(record, version=given.version + 1), *withdrawn]


def on_own_root(comment: CommentAdded, event_id: EventId, position: Position) -> list[Decision]:
    """R4.5: the page began a thread. It is assigned to nobody until a customer replies."""
    if comment.conversation_id is None or comment.livestream or comment.parent_external_id:
        return []
    return [
        _report_thread(
            comment, comment.conversation_id, ThreadState.BEGUN_BY_PAGE, event_id, position
        )
    ]


def on_comment_removed(
    state: CustomerState,
    organization: OrganizationState,
    comment: CommentRemoved,
    event_id: EventId,
    position: Position,
) -> list[Decision]:
    """R4.6: a root comment was removed at the channel. Every removal is reported to stage 2, which
    knows whether the thread exists; one by the author is in the partition that has the thread.

    A comment whose parent is not given may have been a root, and so may a comment below a post that
    is a livestream by now (P5a). The removal of a reply is reported if its thread may wait for it.
    """
    if comment.parent_external_id:
        return _on_reply_removed(state, comment, event_id, position)
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
    reported = _report_thread(comment, thread, ThreadState.REMOVED, event_id, position)
    if comment.customer is None:
        return [reported]
    return [*on_root_removed(state, organization, removed, position), reported]


def _on_reply_removed(
    state: CustomerState, comment: CommentRemoved, event_id: EventId, position: Position
) -> list[Decision]:
    thread = comment.conversation_id
    if thread is None or comment.livestream:
        return []
    current = state.conversations.get(thread)
    if current is not None and not current.waiting:
        return []
    reported = _report_thread(comment, thread, ThreadState.REMOVED, event_id, position)
    return [replace(reported, comment=comment.message_id)]


def on_root_removed(
    state: CustomerState,
    organization: OrganizationState,
    removed: ThreadRemoved,
    position: Position,
) -> list[Decision]:
    """R4.6: the root of the thread was removed. The thread leaves the queue and counts towards no
    load, and nothing that is written below it reopens it. An assignee keeps it, and the turn that
    it took in the rotation is not returned.

    The channel removes the replies with their root, so a thread with replies is treated alike. A
    thread that was returned to rotation and is not in the queue yet leaves when its answer arrives.
    With `request_id`, only the replies were removed for which the thread waited: it leaves the
    queue, and the next reply makes a new request.
    """
    thread = removed.conversation_id
    current = state.conversations.get(thread)
    if current is None:
        return []
    if removed.request_id is not None:
        waits = current.waiting and current.request_id == removed.request_id
        return [_leave_queue(state, organization, removed, current)] if waits else []
    decisions: list[Decision] = []
    leaves = current.waiting and removed.customer_id is not None
    if leaves:
        decisions.append(_leave_queue(state, organization, removed, current))
    if state.done.get(thread) != REMOVED_AT_CHANNEL:
        decisions.append(DoneSaved(thread, REMOVED_AT_CHANNEL))
    if (
        (leaves or not current.waiting)
        and current.agent_id is None
        and current.request_id is not None
    ):
        withdrawal = ChoiceWithdrawn(
            request_id=current.request_id, organization=removed.organization, cause=position
        )
        decisions.append(withdrawal)
    return decisions


def _leave_queue(
    state: CustomerState,
    organization: OrganizationState,
    removed: ThreadRemoved,
    current: ConversationState,
) -> Decision:
    conversation = ConversationIdentity(
        id=removed.conversation_id,
        kind=ConversationKind.COMMENT,
        organization=removed.organization,
        page_id=removed.page_id,
        customer_id=current.customer or removed.customer_id or CustomerId(""),
    )
    why = Provenance(
        reason=Reason.UNASSIGNED,
        caused_by=removed.seed,
        at=removed.at,
        settings_version=organization.settings.version,
        request_id=current.request_id,
    )
    return make_assignment(state, conversation, None, why)


def _report_thread(
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


def _handle_event(state: CustomerState, arrival: Arrival) -> list[Decision] | None:
    """Adds the event to the customer's ring, and reopens a conversation that is done; None for a
    duplicate. An event that may be a duplicate, or whose comment was removed, reopens nothing."""
    customer = state.customer(arrival.conversation.customer_id)
    seen = recognize(customer.seen, arrival.event_id, arrival.position.offset, arrival.time)
    match seen:
        case Seen.NEVER if not is_gone(state, arrival):
            noticed = remember_event(customer, arrival, customer.open_request)
            return [noticed, *reopen_if_new(state, arrival)]
        case Seen.NEVER | Seen.UNCERTAIN:
            return [remember_uncertain(customer, arrival)]
        case Seen.AS_ANOTHER:
            return None
        case Seen.BEFORE:
            return [*reopen_if_new(state, arrival)]
        case _:
            assert_never(seen)
