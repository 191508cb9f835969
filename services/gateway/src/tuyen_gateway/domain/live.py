"""What changes report to live streams: who saw a conversation before, who sees it now, and for whom
it is unread.

Decides R7.3 and I11.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from tuyen_events.ids import AgentId, ConversationId, MessageId, PageId
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.domain.attempts import find_sent_at
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.read_marks import ReadMark, count_unread_events
from tuyen_gateway.domain.threads import Direction, Message
from tuyen_gateway.domain.visibility import Scope

_EPOCH = datetime.fromtimestamp(0, UTC)
_MILLISECOND = timedelta(milliseconds=1)


class JournaledRow(msgspec.Struct, frozen=True, array_like=True):
    """What the journal contains of a row: everything that decides who sees it and how it is counted
    for them."""

    page_id: PageId
    channel: Channel
    kind: ConversationKind
    assignee: AgentId | None
    live: bool
    """Whether it contains a customer's message that was not removed."""
    last_inbound_ms: int | None
    """When the last one of these was accepted, in milliseconds since 1970."""
    read: tuple[AgentId, ...]
    """The agents who marked it and have nothing unread."""
    again: tuple[AgentId, ...]
    """The agents who marked it and have something unread."""


class RowChange(msgspec.Struct, frozen=True, array_like=True):
    """One write of a row; null for a row that is in no list."""

    conversation_id: ConversationId
    revision: int
    before: JournaledRow | None
    after: JournaledRow | None
    kept: bool = False
    """Whether `before` and `after` are the same: then `before` is null to save space."""
    reported: bool = False
    """Whether the customer's device reported what was delivered or seen: then the state of our
    messages after `reported_after` changed, up to `reported_until`."""
    reported_after: datetime | None = None
    reported_until: datetime | None = None

    @property
    def previous(self) -> JournaledRow | None:
        return self.after if self.kept else self.before


class Changes(msgspec.Struct, frozen=True, array_like=True):
    """The rows and the messages of one organization that were written together; messages with their
    conversations."""

    rows: tuple[RowChange, ...] = ()
    messages: tuple[tuple[ConversationId, MessageId], ...] = ()
    proposals: tuple[str, ...] = ()
    """The keys of the documents of proposals to merge contacts that changed."""
    unlisted: bool = False
    """Whether more rows changed than are listed: every reader has to fetch again."""
    left: tuple[tuple[str, str], ...] = ()
    """The proposals of contacts that came from another warehouse, each with that warehouse."""

    @property
    def size(self) -> int:
        return len(self.rows) + len(self.messages) + len(self.proposals)


class JournalPosition(NamedTuple):
    """A place in the order in which the database committed changes: the time of a commit, its
    number within that second, and how many items of it come before."""

    seconds: int
    number: int
    items: int = 0


NOWHERE = JournalPosition(0, 0)
"""Before all changes."""

WHOLE = 2**32 - 1
"""More items than any commit has."""

_PLACE_BYTES = (5, 4, 4)
"""Fixed sizes: the length of a position says nothing of what is in it."""


def pack_place(place: JournalPosition) -> bytes:
    return b"".join(number.to_bytes(size) for number, size in zip(place, _PLACE_BYTES, strict=True))


def unpack_place(packed: bytes) -> JournalPosition:
    """The inverse. Raises ValueError for anything else."""
    if len(packed) != sum(_PLACE_BYTES):
        raise ValueError("this is no place")
    seconds, number, items = (packed[:5], packed[5:9], packed[9:])
    return JournalPosition(int.from_bytes(seconds), int.from_bytes(number), int.from_bytes(items))


class LivePosition(msgspec.Struct, frozen=True, array_like=True):
    """From where a stream continues. What a list of presence or of jobs returns has no inbox."""

    inbox: bytes | None
    """A `JournalPosition`, packed."""
    presence: bytes
    """`Heads` of the presence that was sent."""
    jobs: bytes
    setup: bytes
    """`Organization.shown_setup`: with another one, what was sent may look different now."""
    fetched: bool = False
    """Whether it was returned with what was fetched: then `inbox` is a time of a write that
    followed the changes, instead of the place of one of them."""
    replays: bytes = b""
    reminders: bytes = b""


def journal_row(row: InboxRow) -> JournaledRow | None:
    """The row as the journal contains it; null while no query finds it."""
    channel, kind = row.channel, row.kind
    if row.organization is None or row.page_id is None or channel is None or kind is None:
        return None
    read_by = frozenset(row.read_by)
    marked = [read.agent_id for read in row.reads]
    return JournaledRow(
        row.page_id,
        channel,
        kind,
        row.assignee,
        row.live_events > 0,
        None if row.last_inbound_at is None else in_milliseconds(row.last_inbound_at),
        tuple(agent_id for agent_id in marked if agent_id in read_by),
        tuple(agent_id for agent_id in marked if agent_id not in read_by),
    )


def find_change(before: InboxRow | None, after: InboxRow) -> RowChange:
    """What the journal contains of a write of a row; `after` has its new revision."""
    now = journal_row(after)
    if before is None:
        return RowChange(after.id, after.revision, None, now)
    previous = journal_row(before)
    kept = previous == now
    risen = [
        (old, new)
        for old, new in (
            (before.delivered_until, after.delivered_until),
            (before.seen_until, after.seen_until),
        )
        if new is not None and new != old
    ]
    begun = [old for old, _ in risen]
    return RowChange(
        after.id,
        after.revision,
        None if kept else previous,
        now,
        kept,
        bool(risen),
        None if None in begun else min((old for old in begun if old is not None), default=None),
        max((new for _, new in risen), default=None),
    )


def is_shown(row: JournaledRow | None, scope: Scope) -> bool:
    """Whether the viewer sees the row."""
    return row is not None and scope.covers(row.page_id, row.assignee)


def is_unread(row: JournaledRow, scope: Scope) -> bool:
    """Whether a row has something unread for the viewer, as the counters count it (I5)."""
    if not row.live or scope.agent_id in row.read:
        return False
    if scope.since is None or scope.agent_id in row.again:
        return True
    last = row.last_inbound_ms
    return last is not None and last > in_milliseconds(scope.since)


def find_marks(row: InboxRow) -> Mapping[AgentId, ReadMark]:
    """The marks of a row, by agent."""
    return {read.agent_id: read for read in row.reads}


def is_partly_read(row: InboxRow, marks: Mapping[AgentId, ReadMark], scope: Scope) -> bool:
    """Whether only what came after the viewer joined is unread (I5): `count_unread` then has to
    know how many events these are."""
    if scope.since is None or row.first_inbound_at is None or scope.agent_id in marks:
        return False
    return row.first_inbound_at <= scope.since


def count_unread(
    row: InboxRow, marks: Mapping[AgentId, ReadMark], agent_id: AgentId, newer: int | None
) -> int:
    """The number of inbound events that the viewer has not read; `newer` is the number of those
    that came after the viewer joined, where `is_partly_read`."""
    read = marks.get(agent_id)
    if read is not None:
        return count_unread_events(read, row.inbound_events, row.counted, row.withdrawn)
    return row.live_events if newer is None else min(newer, row.inbound_events)


def is_in_thread(message: Message) -> bool:
    """Whether the thread of its conversation shows a message."""
    if message.conversation_id is None or message.at is None:
        return False
    return message.part_of is None and not message.held


def note_shown(message: Message) -> Message:
    """The message as it is stored: of an echo that its thread shows, that it did."""
    is_echo = message.direction is Direction.OUT and message.request is None
    if message.shown or not is_echo or not is_in_thread(message):
        return message
    return msgspec.structs.replace(message, shown=True)


def has_left_thread(message: Message) -> bool:
    """Whether a thread that was fetched earlier may contain the message, and the present one does
    not: it turned out to be a part of a reply, or may be one, after it was shown."""
    return message.shown and not is_in_thread(message)


def find_stage(message: Message, row: InboxRow) -> int:
    """How far the customer's device has come with a message of ours: 0, delivered 1, seen 2. It
    never goes back."""
    if message.direction is not Direction.OUT or message.at is None:
        return 0
    sent_at = find_sent_at(message.attempts, message.parts) or message.at
    if row.seen_until is not None and sent_at <= row.seen_until:
        return 2
    return int(row.delivered_until is not None and sent_at <= row.delivered_until)


STAGES = 4
"""A power of two above all stages."""


def find_message_revision(message: Message, row: InboxRow) -> int:
    """The revision of a message as a viewer sees it. Its state also follows from the row."""
    return message.revision * STAGES + find_stage(message, row)


def in_milliseconds(moment: datetime) -> int:
    """Since 1970, as the views store times: smaller parts are cut off."""
    return (moment - _EPOCH) // _MILLISECOND
