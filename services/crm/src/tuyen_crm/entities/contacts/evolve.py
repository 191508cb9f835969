"""Applies the events of a contact itself to the state that decisions depend on."""

from typing import Any, assert_never

import msgspec

from tuyen_crm.domain.content import FIELDS, list_patched_fields
from tuyen_crm.domain.state import ContactState, note_separation
from tuyen_crm.domain.suggesting import remember_declined
from tuyen_events.crm.contacts import (
    ContactAdded,
    ContactCreated,
    ContactMerged,
    ContactNamed,
    ContactPatched,
    ContactRemoved,
    ContactRenamed,
    ContactSeparated,
    CustomerOfContact,
    Gender,
)

_ChangingEvent = ContactNamed | ContactRenamed | ContactPatched | ContactMerged | ContactSeparated

OwnContactEvent = ContactCreated | ContactAdded | ContactRemoved | _ChangingEvent
"""The events of a contact itself, and not of what belongs to it."""


def evolve(contact: ContactState | None, event: OwnContactEvent) -> ContactState | None:
    """The contact after the event. Events of a contact that does not exist are ignored."""
    if isinstance(event, ContactCreated):
        return _create(event)
    if isinstance(event, ContactAdded):
        return _add(event)
    if contact is None:
        return None
    counted: dict[str, Any] = {"sequence": event.sequence, "version": event.sequence}
    if isinstance(event, ContactRemoved):
        return ContactState(**counted, created_at=contact.created_at, removed=True)
    return msgspec.structs.replace(contact, **counted, **_list_changed(contact, event))


def _list_changed(contact: ContactState, event: _ChangingEvent) -> dict[str, Any]:
    fields: dict[str, Any]
    match event:
        case ContactNamed():
            name = contact.name if event.renamed else contact.name or event.name
            customers = tuple(name_customer(each, event) for each in contact.customers)
            fields = {"name": name, "customers": customers}
        case ContactRenamed():
            fields = {"name": event.name, "renamed": True}
        case ContactPatched():
            fields = list_patched_fields(contact.custom, event)
            fields["declined"] = remember_declined(contact.declined, event.removed)
            if event.by is not None and "name" in fields:
                fields["renamed"] = True
        case ContactMerged():
            fields = {"merged_into": event.into}
        case ContactSeparated():
            fields = {name: getattr(event.content, name) for name in FIELDS}
            separated_from = note_separation(contact, event.out_of)
            fields |= {"merged_into": None, "separated_from": separated_from, "applied": {}}
        case _:
            assert_never(event)
    return fields


def _add(event: ContactAdded) -> ContactState:
    return ContactState(
        **{name: getattr(event.content, name) for name in FIELDS},
        sequence=event.sequence,
        version=event.sequence,
        renamed=event.content.name is not None,
        created=event.order,
        created_at=event.at,
        began=event.sequence,
    )


def _create(event: ContactCreated) -> ContactState:
    return ContactState(
        sequence=event.sequence,
        version=event.sequence,
        name=event.name,
        phones=event.phones or (),
        emails=event.emails or (),
        gender=read_gender(event.gender),
        location=event.location,
        customers=(customer_of_event(event),),
        source=event.page_id,
        warehouse_id=event.warehouse_id,
        created=event.order,
        created_at=event.at,
        began=event.sequence,
    )


def customer_of_event(event: ContactCreated) -> CustomerOfContact:
    return CustomerOfContact(
        id=event.customer_id,
        page_id=event.page_id,
        channel=event.channel,
        external_id=event.external_id,
        name=event.name,
        picture=event.picture,
        gender=event.gender,
        location=event.location,
        browser=event.browser,
        page_url=event.page_url,
    )


def name_customer(customer: CustomerOfContact, event: ContactNamed) -> CustomerOfContact:
    """The customer with the name that the channel sent, if it is the one in the event."""
    if customer.id != event.customer_id:
        return customer
    picture = event.picture or customer.picture
    return msgspec.structs.replace(customer, name=event.name, picture=picture)


def read_gender(sent: str | None) -> Gender | None:
    """What a site sent, if it is one of our words."""
    word = (sent or "").strip().lower()
    return Gender(word) if word in set(Gender) else None
