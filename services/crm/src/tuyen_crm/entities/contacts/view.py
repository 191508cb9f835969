"""The documents of contacts, and the history of contacts in words.

Decides C8.
"""

from typing import assert_never

import msgspec

from tuyen_crm.entities.entity import EventDescription
from tuyen_events.crm.contacts import ContactCreated, ContactNamed, ContactRenamed
from tuyen_events.crm.records import ContactEvent
from tuyen_platform.text import fold_accents
from tuyen_views.contacts import ContactDocument, CustomerOfContact
from tuyen_views.history import Change
from tuyen_views.names import list_suffixes

OwnContactEvent = ContactCreated | ContactNamed | ContactRenamed
"""The events of a contact itself, and not of what belongs to it."""


def fold(document: ContactDocument | None, event: ContactEvent) -> ContactDocument | None:
    """The document after any event of the contact, also of what belongs to it. An event whose
    sequence is not new changes nothing; events of a contact that does not exist are ignored."""
    if isinstance(event, ContactCreated) and (document is None or document.sequence == 0):
        return _build_document(event)
    if document is None or event.sequence <= document.sequence:
        return document
    match event:
        case ContactNamed():
            name = document.name if event.renamed else document.name or event.name
            customers = tuple(
                _with_name(customer, event) if customer.id == event.customer_id else customer
                for customer in document.customers
            )
            return _change_document(
                msgspec.structs.replace(document, customers=customers), event, name
            )
        case ContactRenamed():
            return _change_document(document, event, event.name)
        case _:
            return msgspec.structs.replace(document, sequence=event.sequence)


def _change_document(
    document: ContactDocument, event: ContactEvent, name: str | None
) -> ContactDocument:
    folded = fold_accents(name or "")
    return msgspec.structs.replace(
        document,
        name=name,
        name_folded=folded,
        name_suffixes=list_suffixes(folded),
        updated_at=event.at,
        version=event.sequence,
        sequence=event.sequence,
    )


def _build_document(event: ContactCreated) -> ContactDocument:
    customer = CustomerOfContact(
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
    folded = fold_accents(event.name or "")
    return ContactDocument(
        id=event.contact_id,
        organization=event.organization,
        name=event.name,
        name_folded=folded,
        name_suffixes=list_suffixes(folded),
        phones=() if event.phone is None else (event.phone,),
        emails=() if event.email is None else (event.email,),
        customers=(customer,),
        warehouse_id=event.warehouse_id,
        source=event.page_id,
        created_at=event.at,
        updated_at=event.at,
        version=event.sequence,
        sequence=event.sequence,
    )


def _with_name(customer: CustomerOfContact, event: ContactNamed) -> CustomerOfContact:
    return msgspec.structs.replace(
        customer, name=event.name, picture=event.picture or customer.picture
    )


def describe(
    event: OwnContactEvent, _before: ContactDocument | None, _after: ContactDocument | None
) -> EventDescription:
    """Describes the event (C8)."""
    match event:
        case ContactCreated():
            channel = event.channel.capitalize()
            return EventDescription(
                vi=f"Khách liên hệ lần đầu qua {channel}.",
                en=f"The customer got in touch for the first time, by {channel}.",
                changes=_name_change(None, event.name),
            )
        case ContactNamed():
            return EventDescription(
                vi=f"Kênh cho biết tên của khách: “{event.name}”.",
                en=f"The channel said the customer's name: “{event.name}”.",
                changes=() if event.renamed else _name_change(None, event.name),
            )
        case ContactRenamed():
            return _describe_name(event)
        case _:
            assert_never(event)


def _describe_name(event: ContactRenamed) -> EventDescription:
    changes = _name_change(event.previous_name, event.name)
    if event.name is None:
        vi, en = "xóa tên của khách.", "removed the contact's name."
    elif event.previous_name is None:
        vi, en = f"đặt tên cho khách là “{event.name}”.", f"named the contact “{event.name}”."
    else:
        vi = f"đổi tên khách từ “{event.previous_name}” thành “{event.name}”."
        en = f"renamed the contact from “{event.previous_name}” to “{event.name}”."
    return EventDescription(by=event.by, vi=vi, en=en, changes=changes)


def _name_change(before: str | None, after: str | None) -> tuple[Change, ...]:
    return () if before == after else (Change(field="name", before=before, after=after),)
