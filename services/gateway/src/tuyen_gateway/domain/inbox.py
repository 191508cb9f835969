"""Rows of the inbox, folded so that the order in which partitions are read makes no difference.

Counters are counted once, by the reader of the partition that contains the event, guarded by the
last counted offset. Everything else is the greatest or the smallest of what was seen, so folding
twice or in another order gives the same row. Some values can become wrong by a later event: the
last text (its message is removed), the first unanswered event (an answer lies between two events),
the newest event that was not removed, and whether there is a conversation at all (R4.6).
`NeedsRecheck` says when: the caller then reads the thread.

Decides R7.3 and I2.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import msgspec

from tuyen_events.assignments import AssignmentEvent, AssignmentQueued
from tuyen_events.commands import MarkConversationDone
from tuyen_events.ids import (
    AgentId,
    ContactId,
    ConversationId,
    CustomerId,
    MessageId,
    OrganizationId,
    PageId,
    is_unnamed,
)
from tuyen_events.inbound import (
    CommentAdded,
    Customer,
    MessageEchoed,
    MessageReacted,
    MessageReceived,
    MessagesDelivered,
    MessagesSeen,
    Visit,
)
from tuyen_events.outbound import OutboundAction, OutboundRequested
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.domain.previews import (
    CustomerDescription,
    LastMessage,
    Order,
    RowCustomer,
    build_shown_customer,
)
from tuyen_gateway.domain.read_marks import (
    NONE_YET,
    EventPlace,
    ReadMark,
    count_live_events,
    count_unread_events,
)
from tuyen_gateway.domain.replies import moment_of_request
from tuyen_gateway.domain.threads import Instant, believe, moment_of, truncate_time

Added = MessageReceived | MessageEchoed | CommentAdded
"""The events that add a message to a thread."""

Rank = tuple[int, datetime, datetime, int, str]
"""Decides which author is shown as a conversation's customer, the lowest rank first: the root's
author before all others, an author whom the channel names before one whom it does not name, then
whoever wrote first."""

_NAMED_ROOT, _ROOT, _REPLY = -1, 0, 1


class CommandTarget(NamedTuple):
    """The customer and the partition to which a command about a conversation is sent: those with
    which the router decides about it."""

    customer_id: CustomerId
    external_id: str
    """Empty if only the customer's id is known."""
    partition: int | None
    """The partition of the customer's events, from the router's records. Null while there are none:
    then it follows from the external id."""


class InboxRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the inbox.

    A row whose customer is not known yet (an assignment, a mark or the page's answer was read
    first) has no `organization`, so that no query finds it.
    """

    id: ConversationId = msgspec.field(name="_id")
    organization: OrganizationId | None = None
    page_id: PageId | None = None
    channel: Channel | None = None
    kind: ConversationKind | None = None
    external_id: str | None = None
    post_id: str | None = None
    customer: RowCustomer | None = None
    contact_id: ContactId | None = None
    """The contact of which the customer's own one is a part (C2): known when the row is read,
    and never stored."""
    customer_rank: Rank | None = None
    customer_named: Order | None = None
    description: CustomerDescription | None = None
    name_folded: str | None = None
    inbound_events: int = 0
    live_events: int = 0
    """How many of these were not removed (R4.6)."""
    withdrawn: tuple[EventPlace, ...] = ()
    """The positions of the last ones that were removed."""
    counted: dict[str, int] = {}
    """By partition of `inbound`, the offset of the last event that was counted."""
    visit: Visit | None = None
    """The page on which the customer of a livechat last wrote, and what they chose (L3)."""
    visited: Order | None = None
    """The message with that visit."""
    updated_at: datetime | None = None
    """When its last message was accepted: no sender's clock orders the list (I2)."""
    active_at: datetime | None = None
    """When the last message was accepted, or when somebody opened it again later (I12): a message
    that the channel delivers late counts from its acceptance."""
    last: LastMessage | None = None
    last_inbound: Instant | None = None
    first_inbound_at: datetime | None = None
    """When the first inbound event was accepted."""
    last_inbound_at: datetime | None = None
    """When the last one that was not removed was accepted."""
    answered: Instant | None = None
    """When a person on our side replied last (P5b)."""
    waiting: Instant | None = None
    """The first inbound event after our last reply that was not removed."""
    interacted_at: datetime | None = None
    """When the customer last wrote a message, pressed a button or reacted to one: the channel's
    window begins then (P5)."""
    delivered_until: datetime | None = None
    seen_until: datetime | None = None
    assignee: AgentId | None = None
    decided_for: CustomerId | None = None
    """The customer in the assignments, once there are any."""
    decided_in: int | None = None
    """The partition of these assignments."""
    queued: bool = False
    version: int = 0
    done: bool = False
    done_events: int = -1
    """Done while there are no more inbound events than these (I12)."""
    done_set: tuple[datetime, int, int] | None = None
    """When it was last closed or opened, and the position in `commands`: partition and offset."""
    done_command: str | None = None
    """The id of that command."""
    reads: tuple[ReadMark, ...] = ()
    """In the order of the agents' ids."""
    read_by: tuple[AgentId, ...] = ()
    """The agents for whom nothing is unread."""
    marks_offset: int = NONE_YET
    tags: tuple[str, ...] = ()
    tag_keys: tuple[str, ...] = ()
    """By which the tags are found, without regard to case."""
    follows: bool | None = None
    """Whether the customer follows the page, if the channel said so or the contrary."""
    follow_changed: Instant | None = None
    """When that was."""
    revision: int = 0
    """Rises with each write (I13); 0 before the first."""

    @property
    def command_target(self) -> CommandTarget | None:
        """Where commands about the conversation are sent. Once the router has decided, that is the
        customer in its records: for example one of those who replied below the page's own comment
        (R4.5), or the author of a comment that was also delivered without its author. Before that,
        it is the root's author or, if the root has not arrived, whoever replied first. None while
        nobody is known.
        """
        customer = self.customer
        if customer is None:
            return None
        if self.decided_for in (None, customer.id):
            return CommandTarget(customer.id, customer.external_id, self.decided_in)
        return CommandTarget(self.decided_for, "", self.decided_in)

    def unread_of(self, agent_id: AgentId) -> int:
        """The number of inbound events that the agent has not read."""
        for read in self.reads:
            if read.agent_id == agent_id:
                return count_unread_events(read, self.inbound_events, self.counted, self.withdrawn)
        return self.live_events


@dataclass(frozen=True, slots=True)
class Addition:
    """A message that is added to a thread: the event, and the position of the event that counts for
    it."""

    event: Added
    message_id: MessageId
    partition: int
    offset: int


def add_message(row: InboxRow, addition: Addition, name_folded: str | None) -> InboxRow:
    """The row after a message was added to its thread for the first time. Idempotent.

    Must be called in the order of each partition. `name_folded` is the author's name for searches.
    """
    event = addition.event
    if isinstance(event, MessageEchoed):
        return _identify_customer(row, event, event.customer, addition.message_id, name_folded)
    if event.customer is None:
        return row
    row = _identify_customer(row, event, event.customer, addition.message_id, name_folded)
    place = str(addition.partition)
    if row.counted.get(place, NONE_YET) >= addition.offset:
        return row
    counted = dict(sorted({**row.counted, place: addition.offset}.items()))
    row = _note_visit(row, event, addition.message_id)
    return recount(
        msgspec.structs.replace(row, inbound_events=row.inbound_events + 1, counted=counted)
    )


def _note_visit(row: InboxRow, event: Added, message_id: MessageId) -> InboxRow:
    """The row with the visit of the livechat customer's last message, if it has one."""
    if not isinstance(event, MessageReceived) or event.channel is not Channel.LIVECHAT:
        return row
    order = (*moment_of(event), message_id)
    if row.visited is not None and row.visited > order:
        return row
    return msgspec.structs.replace(row, visit=event.visit, visited=order)


def _identify_customer(
    row: InboxRow,
    event: Added,
    customer: Customer,
    message_id: MessageId,
    name_folded: str | None,
) -> InboxRow:
    """The row with the customer and the place of the conversation, as far as an event by or to a
    customer contains them."""
    order = (*moment_of(event), message_id)
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
    place = _RowPlace(event.page_id, event.channel, kind, external_id, post_id)
    named = order if names else None
    return _show_customer(row, place, customer, rank, named=named, name_folded=name_folded)


def identify_recipient(
    row: InboxRow, event: OutboundRequested, name_folded: str | None
) -> InboxRow:
    """The row with the customer to whom a message is sent, as its echo will name them: a private
    reply, which names the comment's author, may begin their thread."""
    order = (*moment_of_request(event), event.message_id)
    name = event.customer_name if event.action == OutboundAction.PRIVATE_REPLY else None
    names = name is not None and (row.customer_named is None or row.customer_named < order)
    customer = Customer(id=event.customer_id, external_id=event.customer_external_id, name=name)
    place = _RowPlace(
        event.page_id, event.channel, ConversationKind.MESSAGE, event.customer_external_id, None
    )
    rank: Rank = (_ROOT, *order)
    named = order if names else None
    return _show_customer(row, place, customer, rank, named=named, name_folded=name_folded)


class _RowPlace(NamedTuple):
    """The conversation of a row, as one event describes it."""

    page_id: PageId
    channel: Channel
    kind: ConversationKind
    external_id: str
    post_id: str | None


def _show_customer(
    row: InboxRow,
    place: _RowPlace,
    customer: Customer,
    rank: Rank,
    *,
    named: Order | None,
    name_folded: str | None,
) -> InboxRow:
    """The row with a customer: what it is about is what the event of the lowest rank says, the name
    is the one that was `named` last. Null if this event is not the one that names them."""
    first = row.customer_rank is None or rank < row.customer_rank
    if not first and named is None:
        return row
    before = None if row.customer_rank is None else row.customer
    row = msgspec.structs.replace(
        row, customer=build_shown_customer(before, customer, named is not None)
    )
    if named is not None:
        row = msgspec.structs.replace(row, customer_named=named, name_folded=name_folded)
    if not first:
        return row
    return msgspec.structs.replace(
        row,
        page_id=place.page_id,
        channel=place.channel,
        kind=place.kind,
        external_id=place.external_id,
        post_id=place.post_id,
        customer_rank=rank,
    )


def note_interaction(row: InboxRow, at: datetime) -> InboxRow:
    """The row whose customer wrote or reacted at `at`, by the channel's clock."""
    if row.interacted_at is not None and row.interacted_at >= at:
        return row
    return msgspec.structs.replace(row, interacted_at=at)


def note_reaction(row: InboxRow, event: MessageReacted) -> InboxRow:
    """The row after the customer reacted to a message."""
    return row if event.emoji is None else note_interaction(row, moment_of(event)[0])


def note_activity(row: InboxRow, at: datetime) -> InboxRow:
    """The row in which something happened at `at`."""
    if row.active_at is not None and row.active_at >= at:
        return row
    return msgspec.structs.replace(row, active_at=at)


def note_receipt(row: InboxRow, event: MessagesDelivered | MessagesSeen) -> InboxRow:
    """The row after the customer's device reported what was delivered or seen; never goes back."""
    until = believe(event, event.watermark)
    if isinstance(event, MessagesSeen):
        if row.seen_until is not None and row.seen_until >= until:
            return row
        return msgspec.structs.replace(row, seen_until=until)
    if row.delivered_until is not None and row.delivered_until >= until:
        return row
    return msgspec.structs.replace(row, delivered_until=until)


def assign(row: InboxRow, event: AssignmentEvent, partition: int) -> InboxRow:
    """The row after an assignment record: the highest version counts, of two with one version the
    first in the log. `partition` is the partition of the record."""
    if event.version <= row.version:
        return row
    return msgspec.structs.replace(
        row,
        assignee=event.agent_id,
        decided_for=event.customer_id,
        decided_in=partition,
        queued=isinstance(event, AssignmentQueued),
        version=event.version,
    )


def apply_done_mark(
    row: InboxRow, event: MarkConversationDone, partition: int, offset: int
) -> InboxRow:
    """The row after somebody closed or reopened it (I12): the later command counts. The commands of
    a thread are in another partition once its root's author is known."""
    set_at = (truncate_time(event.at), partition, offset)
    if not event.done:
        row = note_activity(row, set_at[0])
    if row.done_set is not None and row.done_set >= set_at:
        return row
    done_events = event.seen_events if event.done else -1
    return recount(
        msgspec.structs.replace(
            row, done_events=done_events, done_set=set_at, done_command=event.command_id
        )
    )


def recount(row: InboxRow) -> InboxRow:
    """The row with the values that are derived from its counts."""
    live = count_live_events(row.inbound_events, row.counted, row.withdrawn)
    done = row.inbound_events <= row.done_events
    read_by = tuple(
        read.agent_id
        for read in row.reads
        if not count_unread_events(read, row.inbound_events, row.counted, row.withdrawn)
    )
    if (live, done, read_by) == (row.live_events, row.done, row.read_by):
        return row
    return msgspec.structs.replace(row, live_events=live, done=done, read_by=read_by)
