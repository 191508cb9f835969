"""R4.6: a livestream thread leaves the queue when its customer removed all comments that it waits
for.

Decides R4.6.
"""

from msgspec.structs import replace

from tuyen_events.ids import ConversationId, CustomerId, EventId, MessageId
from tuyen_events.inbound import CommentRemoved
from tuyen_events.routing import ChoiceWithdrawn, Position
from tuyen_events.vocabulary import ConversationKind, Reason
from tuyen_router.domain.decisions import (
    ConversationIdentity,
    CustomerSaved,
    Decision,
    Provenance,
    make_assignment,
)
from tuyen_router.domain.organization import OrganizationState
from tuyen_router.domain.state import CustomerState, Request, last_settled

LIVE_COMMENTS = 20
"""How many comments of a waiting thread are remembered. A thread that waits with more stays in the
queue, since it is not known which comments those are."""


def with_comment(
    request: Request, conversation: ConversationIdentity, comment: MessageId
) -> Request:
    """The request with one more comment that a thread waits for. Call this before the conversation
    is added to the request."""
    entry = (conversation.id, comment)
    known = [each for each in request.comments if each[0] == conversation.id]
    others = tuple(each for each in request.comments if each[0] != conversation.id)
    if all(each != conversation.id for each, _ in request.conversations):
        # Its earlier comments belong to a wait that ended when the thread was marked as done.
        return replace(request, comments=(*others, entry))
    if not known:
        return request
    if len(known) >= LIVE_COMMENTS:
        return replace(request, comments=others)
    return replace(request, comments=(*request.comments, entry))


def on_live_comment_removed(
    state: CustomerState,
    organization: OrganizationState,
    comment: CommentRemoved,
    event_id: EventId,
    position: Position,
    *,
    repeated: bool,
) -> list[Decision]:
    """The customer removed a comment. When none is left of the comments that its thread waits for,
    the thread leaves the queue; other threads in the same request keep waiting.

    A record that was already handled before a crash (`repeated`) sends the withdrawal again, since
    it may be lost.
    """
    customer_id = CustomerId("") if comment.customer is None else comment.customer.id
    customer = state.customers.get(customer_id)
    if customer is None:
        return []
    request = customer.open_request
    if request is None:
        kind = ConversationKind.LIVESTREAM
        last = last_settled(state, ConversationId(""), kind, customer_id)
        if not repeated or last is None:
            return []
        return [_withdrawal(comment, customer_id, last, position)]
    thread = next((each for each, name in request.comments if name == comment.message_id), None)
    if thread is None:
        return []
    left = tuple(each for each in request.comments if each[1] != comment.message_id)
    others = request.conversations
    if all(each != thread for each, _ in left):
        others = tuple(each for each in others if each[0] != thread)
    decisions: list[Decision] = []
    if others != request.conversations and state.waits(thread):
        why = Provenance(
            reason=Reason.UNASSIGNED,
            caused_by=event_id,
            at=comment.accepted_at,
            settings_version=organization.settings.version,
            request_id=None if others else request.id,
        )
        conversation = ConversationIdentity(
            id=thread,
            kind=ConversationKind.LIVESTREAM,
            organization=comment.organization,
            page_id=comment.page_id,
            customer_id=customer_id,
        )
        decisions.append(make_assignment(state, conversation, None, why))
    changed = replace(request, conversations=others, comments=left) if others else None
    decisions.append(CustomerSaved(customer_id, replace(customer.record(), request=changed)))
    if not others:
        decisions.append(_withdrawal(comment, customer_id, request.id, position))
    return decisions


def _withdrawal(
    comment: CommentRemoved, customer: CustomerId, request: str, position: Position
) -> ChoiceWithdrawn:
    return ChoiceWithdrawn(
        request_id=request,
        organization=comment.organization,
        cause=position,
        customer_id=customer,
    )
