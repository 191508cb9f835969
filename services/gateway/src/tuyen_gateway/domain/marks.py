"""Rows of the inbox after what agents noted about their conversations.

Decides I4.
"""

from collections.abc import Iterable

import msgspec

from tuyen_events.crm.tags import fold_tag
from tuyen_events.marks import ConversationRead, ConversationTagged
from tuyen_gateway.domain.inbox import InboxRow, recount
from tuyen_gateway.domain.read_marks import add_read_mark


def note_mark(row: InboxRow, event: ConversationRead | ConversationTagged, offset: int) -> InboxRow:
    """The row after what an agent noted; `offset` is its position in the conversation's
    partition. Idempotent."""
    if isinstance(event, ConversationTagged):
        return set_tags(row, event, offset)
    return mark_read(row, event, offset)


def mark_read(row: InboxRow, event: ConversationRead, offset: int) -> InboxRow:
    """The row after an agent's mark (I5)."""
    if offset <= row.marks_offset:
        return row
    reads = add_read_mark(row.reads, event, offset)
    return recount(msgspec.structs.replace(row, reads=reads, marks_offset=offset))


def set_tags(row: InboxRow, event: ConversationTagged, offset: int) -> InboxRow:
    """The row with other tags."""
    if offset <= row.marks_offset:
        return row
    keys = tuple(sorted({fold_tag(tag) for tag in event.tags}))
    return msgspec.structs.replace(row, tags=event.tags, tag_keys=keys, marks_offset=offset)


def list_distinct(tags: Iterable[str]) -> tuple[str, ...]:
    """The tags in their order, without those that differ from an earlier one in case alone."""
    first: dict[str, str] = {}
    for tag in tags:
        first.setdefault(fold_tag(tag), tag)
    return tuple(first.values())
