"""The assignee in a contact's document, and its changes in words."""

from typing import assert_never

import msgspec

from tuyen_crm.entities.entity import EventDescription
from tuyen_crm.entities.wording import list_changes
from tuyen_events.crm.claims import ContactAssigned, ContactClaimed, ContactMoved
from tuyen_views.contacts import ContactDocument
from tuyen_views.history import mention_agent

ClaimEvents = ContactClaimed | ContactAssigned | ContactMoved

_SHOWN = ("warehouse_id", "assignee")


def fold(document: ContactDocument | None, event: ClaimEvents) -> ContactDocument | None:
    return document and msgspec.structs.replace(
        document,
        warehouse_id=event.warehouse_id,
        assignee=event.assignee,
        updated_at=event.at,
        version=event.sequence,
        sequence=event.sequence,
    )


def describe(
    event: ClaimEvents, before: ContactDocument | None, after: ContactDocument | None
) -> EventDescription:
    match event:
        case ContactClaimed():
            by = event.assignee
            vi, en = "nhận khách từ kho.", "claimed the contact."
        case ContactAssigned():
            by = event.by
            vi, en = _describe_assigned(event)
        case ContactMoved():
            by = event.by
            vi = f"chuyển khách sang kho “{event.warehouse_id}”."
            en = f"moved the contact to the warehouse “{event.warehouse_id}”."
        case _:
            assert_never(event)
    return EventDescription(by=by, vi=vi, en=en, changes=list_changes(before, after, _SHOWN))


def _describe_assigned(event: ContactAssigned) -> tuple[str, str]:
    agent = event.assignee or event.previous_assignee
    whom = "" if agent is None else mention_agent(agent)
    if event.assignee is None:
        return f"thu hồi khách từ {whom}.", f"took the contact back from {whom}."
    if event.by is None:
        vi = f"Kho “{event.warehouse_id}” chia khách cho {whom}."
        return vi, f"The warehouse “{event.warehouse_id}” gave the contact to {whom}."
    return f"giao khách cho {whom}.", f"assigned the contact to {whom}."
