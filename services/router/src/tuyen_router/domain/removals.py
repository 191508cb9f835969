"""R4.6: messages and livestream comments that their customer removed: no thread waits for them any
more, and they request no agent if they arrive after their removal.

Decides R4.6.
"""

from msgspec.structs import replace

from tuyen_directory.organization_state import OrganizationState
from tuyen_events.ids import ConversationId, CustomerId, EventId, MessageId
from tuyen_events.inbound import CommentRemoved, MessageDeleted
from tuyen_events.limits import WAITED_FOR
from tuyen_events.routing import ChoiceWithdrawn, Position
from tuyen_events.vocabulary import ConversationKind, Reason
from tuyen_router.domain.customer_records import Request
from tuyen_router.domain.customer_state import CustomerState, last_settled
from tuyen_router.domain.decisions import (
    ConversationIdentity,
    CustomerSaved,
    Decision,
    Provenance,
    make_assignment,
)
from tuyen_router.domain.seen import with_removed

MessageRemoval = CommentRemoved | MessageDeleted


def with_comment(
    request: Request, conversation: ConversationIdentity, comment: MessageId
) -> Request:
    """Adds a message or comment, for which the conversation waits, to the customer's request. To be
    called before the conversation itself is added."""
    entry = (conversation.id, comment)
    known = [each for each in request.comments if each[0] == conversation.id]
    others = tuple(each for each in request.comments if each[0] != conversation.id)
    if all(each != conversation.id for each, _ in request.conversations):
        # Its earlier comments belong to a wait that ended when the thread was marked as done.
        return replace(request, comments=(*others, entry))
    if not known:
        return request
    if len(known) >= WAITED_FOR:
        return replace(request, comments=others)
    return replace(request, comments=(*request.comments, entry))


def on_message_removed(
    state: CustomerState,
    organization: OrganizationState,
    event: MessageRemoval,
    event_id: EventId,
    position: Position,
    *,
    repeated: bool,
) -> list[Decision]:
    """A customer removed a message or a comment. Its id is remembered, because it may arrive after
    its removal. When all that its thread waits for is removed, the thread leaves the queue; the
    customer's other threads keep waiting.

    An event that is redelivered after a crash (`repeated`) sends the withdrawal again, which may be
    lost.
    """
    customer_id = _author(event)
    if not customer_id:
        return []
    customer = state.customer(customer_id)
    record = customer.record()
    record = replace(record, removed=with_removed(record.removed, event.message_id))
    request = customer.open_request
    if request is None:
        kind = ConversationKind.MESSAGE
        last = last_settled(state, ConversationId(""), kind, customer_id)
        lost = [_withdrawal(event, last, position)] if repeated and last is not None else []
        return [CustomerSaved(customer_id, record), *lost]
    thread = next((each for each, name in request.comments if name == event.message_id), None)
    if thread is None:
        return [CustomerSaved(customer_id, record)]
    remaining = _without(request, thread, event.message_id)
    settled = None if remaining.conversations else request.id
    decisions: list[Decision] = []
    if remaining.conversations != request.conversations and state.waits(thread):
        why = Provenance(
            reason=Reason.UNASSIGNED,
            caused_by=event_id,
            at=event.accepted_at,
            settings_version=organization.settings.version,
            request_id=settled,
        )
        conversation = _conversation_of(event, thread, dict(request.conversations)[thread])
        decisions.append(make_assignment(state, conversation, None, why))
    left = replace(record, request=remaining if settled is None else None)
    decisions.append(CustomerSaved(customer_id, left))
    if settled is not None:
        decisions.append(_withdrawal(event, settled, position))
    return decisions


def _conversation_of(
    event: MessageRemoval, thread: ConversationId, kind: ConversationKind
) -> ConversationIdentity:
    return ConversationIdentity(
        id=thread,
        kind=kind,
        organization=event.organization,
        page_id=event.page_id,
        customer_id=_author(event),
    )


def _without(request: Request, thread: ConversationId, message: MessageId) -> Request:
    """The request without the removed message, and without its thread if that was all."""
    comments = tuple(each for each in request.comments if each[1] != message)
    conversations = request.conversations
    if all(each != thread for each, _ in comments):
        conversations = tuple(each for each in conversations if each[0] != thread)
    return replace(request, conversations=conversations, comments=comments)


def _withdrawal(event: MessageRemoval, request: str, position: Position) -> ChoiceWithdrawn:
    return ChoiceWithdrawn(
        request_id=request,
        organization=event.organization,
        cause=position,
        customer_id=_author(event),
    )


def _author(event: MessageRemoval) -> CustomerId:
    return CustomerId("") if event.customer is None else event.customer.id
