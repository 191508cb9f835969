"""Which conversations: what the inbox lists and counts, and what a job changes (I4, R6.5)."""

import msgspec

from tuyen_events.ids import AgentId, ConversationId, PageId
from tuyen_events.vocabulary import Channel, ConversationKind


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """The assignee to select by, or to assign to; null is nobody."""

    agent_id: AgentId | None


class ConversationFilter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Matches conversations that match all fields that are set; the default of each field matches
    everything."""

    kind: ConversationKind | None = None
    channel: Channel | None = None
    page_id: PageId | None = None
    unread: bool = False
    """Only those that are unread for the requester."""
    held_by: Holder | None = None
    tag: str | None = None
    name: str | None = None
    """A part of the customer's name, without regard to accents and case."""
    external_id: str | None = None
    done: bool | None = None


class Selection(ConversationFilter, frozen=True):
    """Which conversations: those in `ids`, or else all that match the fields that are set (I4). In
    both cases only those that the requester may see by then."""

    # Not `kw_only`, so that it stays the first field of the schema, before the inherited ones.
    ids: tuple[ConversationId, ...] | None = None
