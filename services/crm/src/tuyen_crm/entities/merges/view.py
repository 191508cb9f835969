"""The documents of merges, what a merge changes in the document of the contact that stays, and both
in words.

Decides C2 and C8.
"""

from typing import assert_never

import msgspec

from tuyen_crm.entities.contacts.view import change_contact, show_content
from tuyen_crm.entities.entity import EventDescription
from tuyen_crm.entities.merges.evolve import MergeEvents
from tuyen_events.crm.merges import ContactAbsorbed, ContactReleased, MergeEvent
from tuyen_views.contacts import ContactDocument
from tuyen_views.merges import MergeDocument
from tuyen_views.view import place_in_order


def find_key(event: MergeEvent) -> str:
    """The `_id` of the merge's document."""
    return f"{event.organization}/{event.merge_id}"


def fold(document: MergeDocument | None, event: MergeEvents) -> MergeDocument | None:
    match event:
        case ContactAbsorbed():
            return MergeDocument(
                key=find_key(event),
                id=event.merge_id,
                organization=event.organization,
                contact_id=event.contact_id,
                place=place_in_order(event),
                sequence=event.sequence,
                absorbed=event.absorbed,
                fact=event.fact,
                created_at=event.at,
                created_by=event.by,
                updated_at=event.at,
            )
        case ContactReleased():
            return document and msgspec.structs.replace(
                document, undone=True, sequence=event.sequence, updated_at=event.at
            )
        case _:
            assert_never(event)


def show(document: ContactDocument, event: MergeEvents) -> ContactDocument:
    content = show_content(event.content, event, document.shares)
    return change_contact(document, event, **content, merged=event.merged)


def describe(
    event: MergeEvents, _before: MergeDocument | None, _after: MergeDocument | None
) -> EventDescription:
    match event:
        case ContactAbsorbed() if event.by is None:
            vi = f"Một khách khác cũng có {event.fact} đã được gộp vào khách này."
            en = f"Another contact that has {event.fact} as well was merged into this one."
        case ContactAbsorbed():
            vi, en = "gộp một khách khác vào khách này.", "merged another contact into this one."
        case ContactReleased():
            vi, en = "tách một khách đã gộp ra.", "separated a contact that had been merged."
        case _:
            assert_never(event)
    return EventDescription(by=event.by, vi=vi, en=en)
