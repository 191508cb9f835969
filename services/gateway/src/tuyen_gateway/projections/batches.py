"""A batch of records, sorted by what it is about."""

from dataclasses import dataclass, field

from tuyen_events.assignments import AssignmentEvent
from tuyen_events.codec import decode_data, header
from tuyen_events.commands import MarkConversationDone
from tuyen_events.event import Event
from tuyen_events.ids import ConversationId, MessageId, message_id
from tuyen_events.inbound import (
    CommentAdded,
    InboundEvent,
    MessageEchoed,
    MessageReceived,
    MessagesDelivered,
    MessagesSeen,
)
from tuyen_events.marks import ConversationRead
from tuyen_events.pools import PoolRecorded
from tuyen_gateway.domain.inbox import (
    Addition,
    Conversation,
    assign,
    mark_done,
    mark_read,
    progress,
)
from tuyen_gateway.domain.threads import Source, message_of
from tuyen_platform.kafka.ports import Batch, Record

RowEvent = (
    MessagesDelivered | MessagesSeen | AssignmentEvent | MarkConversationDone | ConversationRead
)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is said of a row itself, and where in its topic it stands."""

    event: RowEvent
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Work:
    """What a batch says, each list in the order of every partition."""

    messages: dict[MessageId, list[tuple[InboundEvent, Source]]] = field(default_factory=dict)
    additions: dict[ConversationId, list[Addition]] = field(default_factory=dict)
    facts: dict[ConversationId, list[Fact]] = field(default_factory=dict)
    assignments: list[AssignmentEvent] = field(default_factory=list)
    pools: list[PoolRecorded] = field(default_factory=list)
    parents: set[MessageId] = field(default_factory=set)
    """Messages that give others their conversation."""
    comments: set[MessageId] = field(default_factory=set)
    """Comments that were added: others may be known by them alone."""


def fold_fact(row: Conversation, fact: Fact) -> Conversation:
    """The row after one fact about it."""
    match fact.event:
        case MessagesDelivered() | MessagesSeen():
            return progress(row, fact.event)
        case ConversationRead():
            return mark_read(row, fact.event, fact.offset)
        case MarkConversationDone():
            return mark_done(row, fact.event, fact.partition, fact.offset)
        case AssignmentEvent():
            return assign(row, fact.event, fact.partition)


def read_batch(batch: Batch) -> Work:
    """The batch, sorted. Raises UnreadableEventError: what cannot be read is not to be in it."""
    work = Work()
    for records in batch.values():
        for record in records:
            if record.value is not None:
                _sort(work, decode_data(record.headers, record.value), record)
    return work


def _sort(work: Work, event: Event, record: Record) -> None:
    match event:
        case MessagesDelivered() | MessagesSeen() | ConversationRead() | MarkConversationDone():
            _note(work, event.conversation_id, Fact(event, record.partition, record.offset))
        case AssignmentEvent():
            _note(work, event.conversation_id, Fact(event, record.partition, record.offset))
            work.assignments.append(event)
        case PoolRecorded():
            work.pools.append(event)
        case InboundEvent():
            about = message_of(event)
            if about is not None:
                _sort_message(work, about, event, record)
        case _:
            pass


def _note(work: Work, conversation_id: ConversationId, fact: Fact) -> None:
    work.facts.setdefault(conversation_id, []).append(fact)


def _sort_message(work: Work, about: MessageId, event: InboundEvent, record: Record) -> None:
    event_id = (header(record.headers, "ce_id") or b"").decode("utf-8", "replace")
    source = Source(event_id, record.partition, record.offset)
    work.messages.setdefault(about, []).append((event, source))
    if isinstance(event, CommentAdded):
        work.comments.add(about)
        if event.conversation_id is None and event.parent_external_id is not None:
            parent = message_id(event.organization, event.page_id, event.parent_external_id)
            work.parents.add(parent)
    if isinstance(event, MessageReceived | MessageEchoed | CommentAdded) and event.conversation_id:
        addition = Addition(event, about, record.partition, record.offset)
        work.additions.setdefault(event.conversation_id, []).append(addition)
