"""Sorts a batch of events by what they are about."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from tuyen_events.assignments import AssignmentEvent
from tuyen_events.commands import MarkConversationDone
from tuyen_events.ids import ConversationId, MessageId, message_id
from tuyen_events.inbound import (
    CommentAdded,
    CustomerDescribed,
    CustomerFollowed,
    CustomerUnfollowed,
    InboundEvent,
    MessageEchoed,
    MessageReacted,
    MessageReceived,
    MessagesDelivered,
    MessagesSeen,
)
from tuyen_events.marks import ConversationRead, ConversationTagged
from tuyen_events.media import MediaKept, MediaMissed
from tuyen_events.outbound import OutboundEvent, OutboundRequested, OutboundSettled
from tuyen_events.pools import PoolRecorded
from tuyen_events.vocabulary import ConversationKind
from tuyen_gateway.domain.customer_descriptions import note_description
from tuyen_gateway.domain.followers import FollowEvent, note_follow
from tuyen_gateway.domain.inbox import (
    Addition,
    InboxRow,
    apply_done_mark,
    assign,
    note_reaction,
    note_receipt,
)
from tuyen_gateway.domain.marks import note_mark
from tuyen_gateway.domain.posts import PostUpdate, post_update_of, update_of_kept
from tuyen_gateway.domain.replies import messages_of
from tuyen_gateway.domain.threads import EventSource, message_of
from tuyen_platform.kafka.ports import RecordPosition
from tuyen_platform.projection import FoldedEvent
from tuyen_platform.text import fold_accents

RowEvent = (
    MessagesDelivered
    | MessagesSeen
    | MessageReacted
    | FollowEvent
    | CustomerDescribed
    | AssignmentEvent
    | MarkConversationDone
    | ConversationRead
    | ConversationTagged
)


@dataclass(frozen=True, slots=True)
class RowEventRecord:
    """An event about the row itself, and the position of its record in the topic."""

    event: RowEvent
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class BatchWork:
    """The content of a batch, each list in the order of every partition."""

    messages: dict[MessageId, list[tuple[InboundEvent | OutboundEvent, EventSource]]] = field(
        default_factory=dict
    )
    additions: dict[ConversationId, list[Addition]] = field(default_factory=dict)
    row_events: dict[ConversationId, list[RowEventRecord]] = field(default_factory=dict)
    recipients: dict[ConversationId, list[OutboundRequested]] = field(default_factory=dict)
    """Requests of messages to customers."""
    requested: set[MessageId] = field(default_factory=set)
    """Replies that were requested: others may claim to be their parts."""
    outbound: set[MessageId] = field(default_factory=set)
    """The replies and comments that were requested, cancelled or settled."""
    described: list[tuple[CustomerDescribed, EventSource]] = field(default_factory=list)
    assignments: list[AssignmentEvent] = field(default_factory=list)
    pools: list[PoolRecorded] = field(default_factory=list)
    media: dict[MessageId, list[MediaKept | MediaMissed]] = field(default_factory=dict)
    posts: list[tuple[PostUpdate, str]] = field(default_factory=list)
    """The updates of posts, each with the id of its event."""
    parents: set[MessageId] = field(default_factory=set)
    """Messages from which others get their conversation."""
    comments: set[MessageId] = field(default_factory=set)
    """Comments that were added: others may get their conversation only from them."""


def fold_row_event(row: InboxRow, record: RowEventRecord) -> InboxRow:
    """The row after one event about it."""
    match record.event:
        case MessagesDelivered() | MessagesSeen():
            return note_receipt(row, record.event)
        case MessageReacted():
            return note_reaction(row, record.event)
        case CustomerFollowed() | CustomerUnfollowed() | CustomerDescribed():
            return _note_customer(row, record.event)
        case ConversationRead() | ConversationTagged():
            return note_mark(row, record.event, record.offset)
        case MarkConversationDone():
            return apply_done_mark(row, record.event, record.partition, record.offset)
        case AssignmentEvent():
            return assign(row, record.event, record.partition)


def _note_customer(row: InboxRow, event: FollowEvent | CustomerDescribed) -> InboxRow:
    if not isinstance(event, CustomerDescribed):
        return note_follow(row, event)
    name = event.customer.name
    return note_description(row, event, None if name is None else fold_accents(name))


def read_batch(batch: Sequence[FoldedEvent]) -> BatchWork:
    """The batch, sorted."""
    work = BatchWork()
    for one in batch:
        _sort(work, one)
    return work


def _sort(work: BatchWork, one: FoldedEvent) -> None:
    event, position = one.event, one.position
    match event:
        case (
            MessagesDelivered()
            | MessagesSeen()
            | ConversationRead()
            | ConversationTagged()
            | MarkConversationDone()
            | CustomerFollowed()
            | CustomerUnfollowed()
            | CustomerDescribed()
        ):
            record = RowEventRecord(event, position.partition, position.offset)
            _note(work, event.conversation_id, record)
            if isinstance(event, CustomerDescribed):
                source = EventSource(one.id, position.partition, position.offset)
                work.described.append((event, source))
        case AssignmentEvent():
            _note(
                work,
                event.conversation_id,
                RowEventRecord(event, position.partition, position.offset),
            )
            work.assignments.append(event)
        case PoolRecorded():
            work.pools.append(event)
        case MediaKept() if (update := update_of_kept(event)) is not None:
            work.posts.append((update, one.id))
        case MediaKept() | MediaMissed():
            work.media.setdefault(event.message_id, []).append(event)
        case InboundEvent():
            if (update := post_update_of(event)) is not None:
                work.posts.append((update, one.id))
            about = message_of(event)
            source = EventSource(one.id, position.partition, position.offset)
            if about is not None:
                _sort_message(work, about, event, source)
            if isinstance(event, MessageReacted):
                record = RowEventRecord(event, position.partition, position.offset)
                _note(work, event.conversation_id, record)
        case OutboundEvent():
            source = EventSource(one.id, position.partition, position.offset)
            _sort_outbound(work, _by_broker_time(event, position), source)
        case _:
            pass


def _note(work: BatchWork, conversation_id: ConversationId, record: RowEventRecord) -> None:
    work.row_events.setdefault(conversation_id, []).append(record)


def _sort_message(
    work: BatchWork, about: MessageId, event: InboundEvent, source: EventSource
) -> None:
    work.messages.setdefault(about, []).append((event, source))
    if isinstance(event, CommentAdded):
        work.comments.add(about)
        if event.conversation_id is None and event.parent_external_id is not None:
            parent = message_id(event.organization, event.page_id, event.parent_external_id)
            work.parents.add(parent)
    if isinstance(event, MessageReceived | MessageEchoed | CommentAdded) and event.conversation_id:
        addition = Addition(event, about, source.partition, source.offset)
        work.additions.setdefault(event.conversation_id, []).append(addition)


def _by_broker_time(event: OutboundEvent, position: RecordPosition) -> OutboundEvent:
    """A result with the time at which the broker got it: of two changes of a comment the later one
    counts, whatever the clocks of those who made them show."""
    if not isinstance(event, OutboundSettled):
        return event
    return msgspec.structs.replace(event, at=datetime.fromtimestamp(position.timestamp / 1000, UTC))


def _sort_outbound(work: BatchWork, event: OutboundEvent, source: EventSource) -> None:
    for about in messages_of(event):
        work.messages.setdefault(about, []).append((event, source))
    work.outbound.add(event.message_id)
    if isinstance(event, OutboundRequested) and event.action.makes_message:
        work.requested.add(event.message_id)
        if event.kind is ConversationKind.MESSAGE:
            work.recipients.setdefault(event.conversation_id, []).append(event)
