"""Applies the events of a contact's tags to the state that decisions depend on."""

from typing import assert_never

import msgspec

from tuyen_crm.domain.state import ContactState
from tuyen_events.crm.tags import TagAdded, TagRemoved, fold_tag


def evolve(contact: ContactState | None, event: TagAdded | TagRemoved) -> ContactState | None:
    """The contact after the event: a tag is a change of the contact itself."""
    return contact and msgspec.structs.replace(
        contact,
        sequence=event.sequence,
        version=event.sequence,
        tags=change_tags(contact.tags, event),
    )


def change_tags(tags: tuple[str, ...], event: TagAdded | TagRemoved) -> tuple[str, ...]:
    """The tags of a contact after the event, in the order in which they were added."""
    match event:
        case TagAdded():
            return (*tags, event.tag)
        case TagRemoved():
            return tuple(each for each in tags if fold_tag(each) != fold_tag(event.tag))
        case _:
            assert_never(event)
