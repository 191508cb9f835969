"""I12: what is done frees its place and waits for nobody; stickiness stays as it is."""

from msgspec.structs import replace

from tuyen_events.commands import MarkConversationDone, Outcome
from tuyen_events.routing import Position
from tuyen_events.vocabulary import Reason
from tuyen_router.domain.decisions import CustomerSaved, Decision, DoneSaved, Why, assignment
from tuyen_router.domain.organization import Organization
from tuyen_router.domain.outcomes import asked, named, settled, withdrawn, withdrawn_again
from tuyen_router.domain.seen import came_after
from tuyen_router.domain.state import GONE, Partition, order_of


def on_done(
    partition: Partition,
    organization: Organization,
    command: MarkConversationDone,
    position: Position,
    *,
    repeated: bool,
) -> list[Decision]:
    """Somebody calls the conversation done, or open again.

    The last word counts. With an event behind what they had seen, the conversation is open again by
    that. A command that was handled before a crash (`repeated`) marks the same again, since its
    mark may be lost, and leaves the queue as it was.
    """
    if not command.done:
        return [*_opened(partition, command), _told(partition, command)]
    seen = partition.customer(command.customer_id).seen
    is_news = command.seen_offset >= 0 and came_after(
        seen, command.conversation_id, command.seen_offset
    )
    if partition.done.get(command.conversation_id) == GONE:
        is_news, marked = False, []
    else:
        marked = _opened(partition, command) if is_news else _marked(partition, command)
    row = partition.rows.get(command.conversation_id)
    if repeated and row is not None and row.command == position.offset:
        return [
            *_left(partition, command, (row.inbound, position.offset)),
            *marked,
            *withdrawn_again(partition, command, position),
            _told(partition, command),
        ]
    if repeated or is_news or not partition.waits(command.conversation_id):
        return [*marked, _told(partition, command)]
    return [*marked, *_taken_out(partition, organization, command, position)]


def _taken_out(
    partition: Partition,
    organization: Organization,
    command: MarkConversationDone,
    position: Position,
) -> list[Decision]:
    """The conversation waits no more. Where another one of the customer waits for the same answer,
    the request stays, and asks for this one no more."""
    request, waiting = asked(partition, command)
    ends = request if not waiting.keys() - {command.conversation_id} else None
    why = Why(
        reason=Reason.UNASSIGNED,
        caused_by=command.command_id,
        at=command.at,
        settings_version=organization.settings.version,
        by=command.by,
        request_id=ends,
    )
    conversation = named(command, command.conversation_id, command.kind)
    record = assignment(partition, conversation, None, why)
    now = (partition.handled.inbound, position.offset)
    return [
        record,
        *(_left(partition, command, now) if ends is None else ()),
        *withdrawn(command, ends, position),
        settled(command, Outcome.APPLIED, record.version, None),
    ]


def _left(
    partition: Partition, command: MarkConversationDone, order: tuple[int, int]
) -> list[CustomerSaved]:
    """The customer's open request without the command's conversation.

    One that was asked later than `order`, for an event or by a command, asks for it anew.
    """
    customer = partition.customer(command.customer_id)
    request = customer.open_request
    if not command.kind.sticky or request is None or order_of(request.id) > order:
        return []
    others = tuple(each for each in request.conversations if each[0] != command.conversation_id)
    left = replace(request, conversations=others)
    return [CustomerSaved(command.customer_id, replace(customer.record(), request=left))]


def _marked(partition: Partition, command: MarkConversationDone) -> list[DoneSaved]:
    """The mark. Of who does not say what they had seen, it is all that was handled."""
    seen = command.seen_offset if command.seen_offset >= 0 else partition.handled.inbound
    if partition.done.get(command.conversation_id) == seen:
        return []
    return [DoneSaved(command.conversation_id, seen)]


def _opened(partition: Partition, command: MarkConversationDone) -> list[DoneSaved]:
    if command.conversation_id not in partition.done:
        return []
    return [DoneSaved(command.conversation_id, None)]


def _told(partition: Partition, command: MarkConversationDone) -> Decision:
    row = partition.rows.get(command.conversation_id)
    version, agent = (0, None) if row is None else (row.version, row.agent_id)
    return settled(command, Outcome.APPLIED, version, agent)
