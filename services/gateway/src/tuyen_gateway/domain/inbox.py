"""Rows of the inbox, folded so that the order in which partitions come makes no difference.

What is counted is counted once, by the reader of the partition in which it stands, guarded by the
last counted offset. All else is the greatest or the smallest of what was seen, so that folding
twice or in another order gives the same row. Two things can be made false by a later fact: the last
text (its message is removed) and the first unanswered event (an answer lies between two events).
`Doubt` says when, and the caller asks the thread itself.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Flag, auto

import msgspec

from tuyen_events.assignments import AssignmentEvent, AssignmentQueued
from tuyen_events.commands import MarkConversationDone
from tuyen_events.ids import (
    AgentId,
    ConversationId,
    CustomerId,
    MessageId,
    OrganizationId,
    PageId,
    is_unnamed,
    unnamed_author,
)
from tuyen_events.inbound import (
    Attachment,
    CommentAdded,
    Customer,
    MessageEchoed,
    MessageReceived,
    MessagesDelivered,
    MessagesSeen,
    Visit,
)
from tuyen_events.marks import ConversationRead
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.domain.threads import Direction, Instant, Message, stored_time

NONE_YET = -1
"""An offset before the first."""

Added = MessageReceived | MessageEchoed | CommentAdded
"""What puts a message into a thread."""

Rank = tuple[int, datetime, datetime, str]
"""Whose words name a conversation's customer: the root's author before all others, by name rather
than without; then the first who wrote, by moment and message."""

_NAMED_ROOT, _ROOT, _REPLY = -1, 0, 1


class RowCustomer(msgspec.Struct, frozen=True, kw_only=True):
    id: CustomerId
    external_id: str
    name: str | None
    picture: str | None


class LastMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The newest message that was not removed, as the row shows it."""

    at: datetime
    accepted_at: datetime
    id: MessageId
    text: str | None

    @property
    def order(self) -> tuple[datetime, datetime, str]:
        return self.at, self.accepted_at, self.id


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """How many of the inbound events an agent has read (I5)."""

    agent_id: AgentId
    seen_events: int


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the inbox.

    A row whose customer has not been seen yet (an assignment, a mark or the page's answer was read
    first) has no `organization`, so that no question finds it.
    """

    id: ConversationId = msgspec.field(name="_id")
    organization: OrganizationId | None = None
    page_id: PageId | None = None
    channel: Channel | None = None
    kind: ConversationKind | None = None
    external_id: str | None = None
    post_id: str | None = None
    customer: RowCustomer | None = None
    customer_rank: Rank | None = None
    customer_named: tuple[datetime, datetime, str] | None = None
    name_folded: str | None = None
    inbound_events: int = 0
    counted: dict[str, int] = {}
    """By partition of `inbound`, the offset of the last event that was counted."""
    visit: Visit | None = None
    """Where the customer of a livechat was when they last wrote, and whom they asked for (L3)."""
    visited: tuple[datetime, datetime, str] | None = None
    """Which of their messages said so."""
    updated_at: datetime | None = None
    active_at: datetime | None = None
    """When the last message was accepted here, or when somebody opened it again later (I12): what
    the channel delivers late is no older for that."""
    last: LastMessage | None = None
    last_inbound: Instant | None = None
    answered: Instant | None = None
    """When we said the last word."""
    waiting: Instant | None = None
    """The first inbound event after our last word that was not removed."""
    delivered_until: datetime | None = None
    seen_until: datetime | None = None
    assignee: AgentId | None = None
    decided_for: CustomerId | None = None
    """The customer that the assignments name, once there are any."""
    queued: bool = False
    version: int = 0
    done: bool = False
    done_events: int = -1
    """Done while there are no more inbound events than these (I12)."""
    done_set: tuple[datetime, int, int] | None = None
    """When that was said last, and where in `commands` it stands: partition and offset."""
    done_command: str | None = None
    """The command that said it."""
    reads: tuple[Read, ...] = ()
    """In the order of the agents' ids."""
    read_by: tuple[AgentId, ...] = ()
    """The agents for whom nothing is unread."""
    marks_offset: int = NONE_YET
    tags: tuple[str, ...] = ()

    @property
    def root_seen(self) -> bool:
        """Whether the customer is the one whose events the conversation is keyed by."""
        return self.customer_rank is not None and self.customer_rank[0] <= _ROOT

    @property
    def keyed_by(self) -> RowCustomer | None:
        """The customer in whose partition the router decides about the conversation; None while the
        root has not been seen.

        A root comment that was told once with its author and once without has two, and the router
        took the one that asked first: who is not shown is the one without a name.
        """
        customer = self.customer if self.root_seen else None
        if customer is None or self.decided_for in (None, customer.id):
            return customer
        if self.kind is not ConversationKind.COMMENT or self.external_id is None:
            return customer
        return RowCustomer(
            id=self.decided_for,
            external_id=unnamed_author(self.external_id),
            name=None,
            picture=None,
        )

    def unread_of(self, agent_id: AgentId) -> int:
        """How many inbound events the agent has not read."""
        seen = next((read.seen_events for read in self.reads if read.agent_id == agent_id), 0)
        return max(0, self.inbound_events - seen)


class Doubt(Flag):
    """What of a row has to be asked of its thread."""

    NOTHING = 0
    LAST = auto()
    WAITING = auto()


@dataclass(frozen=True, slots=True)
class Addition:
    """A message came into a thread: the event, and the place of the event that counts for it."""

    event: Added
    message_id: MessageId
    partition: int
    offset: int


def preview(text: str | None, attachments: tuple[Attachment, ...]) -> str | None:
    """What a row says of a message: its text, or the kind of its first attachment in brackets, in
    the vocabulary's word (`[image]`) for the console to translate."""
    if text:
        return text
    return f"[{attachments[0].kind}]" if attachments else None


def add(row: Conversation, addition: Addition, name_folded: str | None) -> Conversation:
    """The row after a message came into its thread for the first time. Idempotent.

    To be called in the order of each partition. `name_folded` is the author's name for searches.
    """
    event = addition.event
    if isinstance(event, MessageEchoed):
        return _identified(row, event, event.customer, addition.message_id, name_folded)
    if event.customer is None:
        return row
    row = _identified(row, event, event.customer, addition.message_id, name_folded)
    place = str(addition.partition)
    if row.counted.get(place, NONE_YET) >= addition.offset:
        return row
    counted = dict(sorted({**row.counted, place: addition.offset}.items()))
    row = _visited(row, event, addition.message_id)
    return _recounted(
        msgspec.structs.replace(row, inbound_events=row.inbound_events + 1, counted=counted)
    )


def _visited(row: Conversation, event: Added, message_id: MessageId) -> Conversation:
    """The row with the visit of the livechat customer's last message, whether it has one or not."""
    if not isinstance(event, MessageReceived) or event.channel is not Channel.LIVECHAT:
        return row
    order = (stored_time(event.occurred_at), stored_time(event.accepted_at), message_id)
    if row.visited is not None and row.visited > order:
        return row
    return msgspec.structs.replace(row, visit=event.visit, visited=order)


def _identified(
    row: Conversation,
    event: Added,
    customer: Customer,
    message_id: MessageId,
    name_folded: str | None,
) -> Conversation:
    """The row with what an event by or to a customer says about whose it is."""
    order = (stored_time(event.occurred_at), stored_time(event.accepted_at), message_id)
    kind, external_id, post_id = ConversationKind.MESSAGE, customer.external_id, None
    reply = False
    if isinstance(event, CommentAdded):
        post_id = event.post_external_id
        kind = ConversationKind.LIVESTREAM if event.livestream else ConversationKind.COMMENT
        if kind is ConversationKind.COMMENT:
            reply = event.parent_external_id is not None
            external_id = event.parent_external_id or event.external_id
    rank: Rank = (_ROOT, *order)
    if kind is ConversationKind.COMMENT:
        root = _ROOT if is_unnamed(customer.external_id) else _NAMED_ROOT
        rank = (_REPLY if reply else root, *order)
    names = customer.name is not None and (row.customer_named is None or row.customer_named < order)
    if kind is ConversationKind.COMMENT:
        names = row.customer_rank is None or rank < row.customer_rank
    if row.customer_rank is not None and row.customer_rank <= rank and not names:
        return row
    return msgspec.structs.replace(
        row,
        organization=event.organization,
        page_id=event.page_id,
        channel=event.channel,
        kind=kind,
        external_id=external_id,
        post_id=post_id,
        customer=_shown(row.customer, customer, names),
        customer_rank=rank if row.customer_rank is None else min(rank, row.customer_rank),
        customer_named=order if names else row.customer_named,
        name_folded=name_folded if names else row.name_folded,
    )


def _shown(before: RowCustomer | None, customer: Customer, names: bool) -> RowCustomer:
    if before is not None and not names:
        return before
    return RowCustomer(
        id=customer.id,
        external_id=customer.external_id,
        name=customer.name,
        picture=customer.picture,
    )


def reconcile(row: Conversation, message: Message) -> tuple[Conversation, Doubt]:
    """The row after its thread's message came to be as it is now. Idempotent.

    A removed message moves the row to where it was in the list, and leaves no text behind.
    """
    moment = message.moment
    if moment is None:
        return row, Doubt.NOTHING
    row = _active(_moved(row, moment[0]), moment[1])
    if message.direction is Direction.OUT:
        row, doubt = _answered(row, moment)
    else:
        row, doubt = _asked(row, moment, message.removed)
    row, doubtful_text = _said(row, message, moment)
    return row, doubt | doubtful_text if doubtful_text else doubt


def _moved(row: Conversation, at: datetime) -> Conversation:
    if row.updated_at is not None and row.updated_at >= at:
        return row
    return msgspec.structs.replace(row, updated_at=at)


def _active(row: Conversation, at: datetime) -> Conversation:
    if row.active_at is not None and row.active_at >= at:
        return row
    return msgspec.structs.replace(row, active_at=at)


def _answered(row: Conversation, moment: Instant) -> tuple[Conversation, Doubt]:
    if row.answered is not None and row.answered >= moment:
        return row, Doubt.NOTHING
    row = msgspec.structs.replace(row, answered=moment)
    if row.waiting is None or row.waiting > moment:
        return row, Doubt.NOTHING
    between = row.last_inbound is not None and row.last_inbound > moment
    return msgspec.structs.replace(row, waiting=None), Doubt.WAITING if between else Doubt.NOTHING


def _asked(row: Conversation, moment: Instant, removed: bool) -> tuple[Conversation, Doubt]:
    if row.last_inbound is None or row.last_inbound < moment:
        row = msgspec.structs.replace(row, last_inbound=moment)
    if removed:
        return row, Doubt.WAITING if row.waiting == moment else Doubt.NOTHING
    if row.answered is not None and row.answered >= moment:
        return row, Doubt.NOTHING
    if row.waiting is not None and row.waiting <= moment:
        return row, Doubt.NOTHING
    return msgspec.structs.replace(row, waiting=moment), Doubt.NOTHING


def last_of(message: Message) -> LastMessage | None:
    """The message as a row shows it; null when it is in no thread or was removed."""
    moment = message.moment
    if moment is None or message.removed:
        return None
    return LastMessage(
        at=moment[0],
        accepted_at=moment[1],
        id=message.id,
        text=preview(message.text, message.attachments),
    )


def _said(row: Conversation, message: Message, moment: Instant) -> tuple[Conversation, Doubt]:
    if message.removed:
        shown = row.last is not None and row.last.id == message.id
        return row, Doubt.LAST if shown else Doubt.NOTHING
    if row.last is not None and row.last.order > (*moment, message.id):
        return row, Doubt.NOTHING
    return msgspec.structs.replace(row, last=last_of(message)), Doubt.NOTHING


def settle_last(row: Conversation, newest: Message | None) -> Conversation:
    """The row with the newest message of its thread that was not removed."""
    return msgspec.structs.replace(row, last=None if newest is None else last_of(newest))


def settle_waiting(row: Conversation, first: Message | None) -> Conversation:
    """The row with the first inbound message after our last word that was not removed."""
    return msgspec.structs.replace(row, waiting=None if first is None else first.moment)


def progress(row: Conversation, event: MessagesDelivered | MessagesSeen) -> Conversation:
    """The row after the customer's device told how far it has come; never goes back."""
    until = stored_time(event.watermark)
    if isinstance(event, MessagesSeen):
        if row.seen_until is not None and row.seen_until >= until:
            return row
        return msgspec.structs.replace(row, seen_until=until)
    if row.delivered_until is not None and row.delivered_until >= until:
        return row
    return msgspec.structs.replace(row, delivered_until=until)


def assign(row: Conversation, event: AssignmentEvent) -> Conversation:
    """The row after an assignment record: the highest version counts, of two with one version the
    first in the log."""
    if event.version <= row.version:
        return row
    return msgspec.structs.replace(
        row,
        assignee=event.agent_id,
        decided_for=event.customer_id,
        queued=isinstance(event, AssignmentQueued),
        version=event.version,
    )


def mark_read(row: Conversation, event: ConversationRead, offset: int) -> Conversation:
    """The row after an agent's mark (I5); `offset` is its place in the conversation's partition."""
    if offset <= row.marks_offset:
        return row
    marks = {read.agent_id: read for read in row.reads}
    marks[event.agent_id] = Read(agent_id=event.agent_id, seen_events=event.seen_events)
    reads = tuple(marks[agent_id] for agent_id in sorted(marks))
    return _recounted(msgspec.structs.replace(row, reads=reads, marks_offset=offset))


def mark_done(
    row: Conversation, event: MarkConversationDone, partition: int, offset: int
) -> Conversation:
    """The row after somebody closed or reopened it (I12): the later command counts. The commands of
    a thread stand in another partition once its root's author is known."""
    said = (stored_time(event.at), partition, offset)
    if not event.done:
        row = _active(row, said[0])
    if row.done_set is not None and row.done_set >= said:
        return row
    done_events = event.seen_events if event.done else -1
    return _recounted(
        msgspec.structs.replace(
            row, done_events=done_events, done_set=said, done_command=event.command_id
        )
    )


def seen_offset(row: Conversation, partition: int) -> int:
    """The last inbound event of a partition that the row has counted; -1 where there is none."""
    return row.counted.get(str(partition), NONE_YET)


def _recounted(row: Conversation) -> Conversation:
    """The row with what follows from its counts."""
    done = row.inbound_events <= row.done_events
    read_by = tuple(r.agent_id for r in row.reads if r.seen_events >= row.inbound_events)
    if done == row.done and read_by == row.read_by:
        return row
    return msgspec.structs.replace(row, done=done, read_by=read_by)
