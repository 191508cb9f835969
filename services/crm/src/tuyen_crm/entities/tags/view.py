"""The documents of tags, and the history of tags in words."""

from typing import assert_never

from tuyen_crm.entities.contacts.view import change_contact
from tuyen_crm.entities.entity import EventDescription
from tuyen_crm.entities.tags.evolve import change_tags
from tuyen_events.crm.tags import TagAdded, TagRemoved, fold_tag, tag_id
from tuyen_views.contacts import ContactDocument
from tuyen_views.history import Change
from tuyen_views.tags import TagDocument
from tuyen_views.view import build_child_key, place_in_order


def key(event: TagAdded | TagRemoved) -> str:
    """The `_id` of the tag's document."""
    own = tag_id(event.contact_id, event.tag)
    return build_child_key(event.organization, own, event.contact_id)


def fold(_document: TagDocument | None, event: TagAdded | TagRemoved) -> TagDocument | None:
    match event:
        case TagAdded():
            return TagDocument(
                key=key(event),
                id=tag_id(event.contact_id, event.tag),
                organization=event.organization,
                contact_id=event.contact_id,
                place=place_in_order(event),
                sequence=event.sequence,
                created_at=event.at,
                created_by=event.by,
                updated_at=event.at,
                tag=event.tag,
                folded=fold_tag(event.tag),
            )
        case TagRemoved():
            return None
        case _:
            assert_never(event)


def show(document: ContactDocument, event: TagAdded | TagRemoved) -> ContactDocument:
    """The document of the contact, with its tags."""
    return change_contact(document, event, tags=change_tags(document.tags, event))


def describe(
    event: TagAdded | TagRemoved, _before: TagDocument | None, _after: TagDocument | None
) -> EventDescription:
    match event:
        case TagAdded():
            vi, en = "gắn nhãn", "added the tag"
            change = Change(field="tags", before=None, after=event.tag)
        case TagRemoved():
            vi, en = "gỡ nhãn", "removed the tag"
            change = Change(field="tags", before=event.tag, after=None)
        case _:
            assert_never(event)
    return EventDescription(
        by=event.by, vi=f"{vi} “{event.tag}”.", en=f"{en} “{event.tag}”.", changes=(change,)
    )
