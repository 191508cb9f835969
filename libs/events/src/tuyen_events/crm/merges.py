"""Merges of two contacts into the older one, and their undoing (C2)."""

from typing import ClassVar

import msgspec

from tuyen_events.crm.contacts import ContactContent
from tuyen_events.crm.records import ContactCommand, ContactEvent, MergingCommand
from tuyen_events.ids import AgentId, ContactId


class GainedContent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a contact has only because it absorbed another one: `fields` by their names, and of
    those with several values, the values by the name of the field."""

    fields: tuple[str, ...] = ()
    values: dict[str, tuple[str, ...]] = {}


class MergeContacts(MergingCommand, frozen=True, kw_only=True):
    """Merge the contact with another one; the older one stays."""

    type: ClassVar[str] = "merge.request.v1"
    other: ContactId
    by: AgentId
    administrator: bool = False
    """Whether the agent's role makes them a manager of the default warehouse (W1)."""
    expected_version: int | None = None
    """Refuse when the contact has another version by then."""


class UndoMerge(ContactCommand, frozen=True, kw_only=True):
    """Separate the contacts again."""

    type: ClassVar[str] = "merge.undo.v1"
    merge_id: str
    by: AgentId
    administrator: bool = False
    """Whether the agent's role makes them a manager of the default warehouse (W1)."""
    expected_version: int | None = None
    """Refuse when the contact has another version by then."""


class MergeEvent(ContactEvent, frozen=True, kw_only=True):
    """Something that happened to a merge; it belongs to the contact that stayed."""

    merge_id: str
    by: AgentId | None = None
    """Null for a merge that follows from a phone number or an email that both have."""


class ContactAbsorbed(MergeEvent, frozen=True, kw_only=True):
    """The contact took over everything of `absorbed`, and has this content now."""

    type: ClassVar[str] = "merge.made.v1"
    absorbed: ContactId
    merged: tuple[ContactId, ...]
    """All contacts that were merged into this one."""
    content: ContactContent
    gained: GainedContent
    fact: str | None = None
    """What both had: a phone number or an email; null if somebody merged them manually."""


class ContactReleased(MergeEvent, frozen=True, kw_only=True):
    """The merge was undone: `released` is a contact of its own again, and this one has the rest."""

    type: ClassVar[str] = "merge.undone.v1"
    released: ContactId
    merged: tuple[ContactId, ...]
    content: ContactContent
    moved: dict[str, GainedContent] = msgspec.field(default_factory=dict)
    """By merge: what the contact has because of that one, now that this one is undone."""
