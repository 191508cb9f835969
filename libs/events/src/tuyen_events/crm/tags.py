"""Tags of contacts."""

import unicodedata
from typing import ClassVar

from tuyen_events.crm.records import ContactCommand, ContactEvent
from tuyen_events.ids import AgentId, ContactId


class TagCommand(ContactCommand, frozen=True, kw_only=True):
    """A request about one tag of a contact. Its version is that of the contact."""

    tag: str
    by: AgentId
    expected_version: int | None = None
    """Refuse when the contact has another version by then."""


class AddTag(TagCommand, frozen=True, kw_only=True):
    """Give the contact the tag; if it has the tag, however it is written, nothing changes."""

    type: ClassVar[str] = "tag.add.v1"


class RemoveTag(TagCommand, frozen=True, kw_only=True):
    """Take the tag from the contact; if it does not have it, nothing changes."""

    type: ClassVar[str] = "tag.remove.v1"


class TagEvent(ContactEvent, frozen=True, kw_only=True):
    """Something that an agent did with a tag of a contact."""

    tag: str
    by: AgentId


class TagAdded(TagEvent, frozen=True, kw_only=True):
    """An agent gave the contact a tag (C5)."""

    type: ClassVar[str] = "tag.added.v1"


class TagRemoved(TagEvent, frozen=True, kw_only=True):
    """An agent took a tag, as it is written at the contact, from it."""

    type: ClassVar[str] = "tag.removed.v1"


def fold_tag(tag: str) -> str:
    """What two tags have in common that differ only in how they are written."""
    return unicodedata.normalize("NFC", tag).casefold()


def tag_id(contact_id: ContactId, tag: str) -> str:
    """The id of a contact's tag in its organization."""
    return f"{contact_id}/{fold_tag(tag)}"
