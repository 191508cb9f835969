"""R4: every new root comment on a feed post is assigned for itself.

Decides R4.1, R4.2, R4.3, R4.4, R4.5 and R4.6.
"""

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
from tuyen_router.domain.decisions import (
    ConversationIdentity,
    Decision,
    DoneSaved,
    Provenance,
    make_assignment,
)
from tuyen_router.domain.organization import OrganizationState
from tuyen_router.domain.seen import Seen, recognize
from tuyen_router.domain.state import REMOVED_AT_CHANNEL, ConversationState, CustomerState
from tuyen_router.domain.sticky import (
    Arrival,
    remember_event,
    remember_uncertain,
    reopen_if_new,
    request_choice,
)


def on_root_comment(
    state: CustomerState, organization: OrganizationState, arrival: Arrival
) -> list[Decision]:
    """A new root comment always requests a choice, whoever wrote it and whoever its author's
    assignee is (R4.1, R4.4).

    Once the conversation has a record, no event of the comment requests another choice: it is not
    reassigned when its agent logs out (R4.2). A record that is handled again after a crash makes
    the same request again.
    """
    decisions = _handle_event(state, arrival)
    if decisions is None:
        return []
    if arrival.conversation.id not in state.conversations and organization.assigns_by_itself:
        decisions.append(request_choice(arrival, Purpose.FIRST))
    return decisions


def was_assigned_as_root(state: CustomerState, comment: CommentAdded) -> bool:
    """P5a: whether a livestream comment was assigned as a root comment, before its post was known
    to be a livestream. It keeps that assignment, also when its webhook is delivered again and is
    now read as a livestream comment (R9.2)."""
    thread = comment_thread_id(comment.organization, comment.page_id, comment.external_id)
    return thread in state.conversations


def on_reply(
    state: CustomerState, organization: OrganizationState, arrival: Arrival
) -> list[Decision]:
    """A reply assigns nothing (R4.3); by the root's author it opens what was done (I12).

    Only the root's author is in the root's partition, as a known customer. A reply by anybody else
    does not reopen the conversation here, so a root comment that is done does not count towards its
    agent's load again (R1.7). Instead it requests a choice for the thread, which this partition
    gets if the page itself began the thread (R4.5): stage 2 knows that, and answers only the first
    partition that asks.
    """
    decisions: list[Decision] = []
    is_here = arrival.conversation.id in state.conversations
    if is_here or arrival.conversation.customer_id in state.customers:
        decisions = _handle_event(state, arrival) or []
    if not is_here and organization.assigns_by_itself:
        decisions.append(replace(request_choice(arrival, Purpose.FIRST), reply=True))
    return decisions


def on_own_root(comment: CommentAdded, event_id: EventId, position: Position) -> list[Decision]:
    """R4.5: the page began a thread. It is assigned to nobody until a customer replies."""
    if comment.conversation_id is None or comment.livestream or comment.parent_external_id:
        return []
    return [_report_thread(comment, comment.conversation_id, ThreadState.OURS, event_id, position)]


def on_comment_removed(
    state: CustomerState,
    organization: OrganizationState,
    comment: CommentRemoved,
    event_id: EventId,
    position: Position,
) -> list[Decision]:
    """R4.6: a root comment was removed at the channel. The removal is reported to stage 2, which
    knows which partition has the thread, if any; if the event names the author, the author's
    partition also handles it at once.

    An event that does not say whether the comment was a root is treated as if it was, and so is the
    removal of a comment on what has become a livestream by now (P5a).
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
    reported = _report_thread(comment, thread, ThreadState.REMOVED, event_id, position)
    if comment.customer is None:
        return [reported]
    return [*on_removed(state, organization, removed, position), reported]


def on_removed(
    state: CustomerState,
    organization: OrganizationState,
    removed: ThreadRemoved,
    position: Position,
) -> list[Decision]:
    """R4.6: the thread leaves the queue and counts towards no load. It keeps its assignee, its turn
    in the rotation is not taken back, and no later event opens it again.

    The channel removes the replies together with their root, so it is the same when the root was
    answered. A thread that was returned to rotation and is not in the queue yet leaves it when its
    answer arrives.
    """
    thread = removed.conversation_id
    current = state.conversations.get(thread)
    if current is None:
        return []
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
        customer_id=removed.customer_id or CustomerId(""),
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
    """The decisions that add the event to the customer's ring and reopen a conversation that is
    done; None for a duplicate webhook. An event that may be a duplicate reopens nothing."""
    customer = state.customer(arrival.conversation.customer_id)
    match recognize(customer.seen, arrival.event_id, arrival.position.offset, arrival.time):
        case Seen.NEVER:
            noticed = remember_event(customer, arrival, customer.open_request)
            return [noticed, *reopen_if_new(state, arrival)]
        case Seen.PERHAPS:
            return [remember_uncertain(customer, arrival)]
        case Seen.AS_ANOTHER:
            return None
        case Seen.BEFORE:
            return [*reopen_if_new(state, arrival)]
