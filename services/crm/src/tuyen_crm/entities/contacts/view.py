"""The documents of contacts."""

from collections.abc import Collection
from typing import Any

import msgspec

from tuyen_crm.domain.content import list_patched_fields
from tuyen_crm.domain.suggesting import remember_declined
from tuyen_crm.entities.contacts.evolve import (
    customer_of_event,
    name_customer,
    read_gender,
)
from tuyen_events.crm.contacts import (
    ContactAdded,
    ContactContent,
    ContactCreated,
    ContactMerged,
    ContactNamed,
    ContactPatched,
    ContactRemoved,
    ContactRenamed,
    ContactSeparated,
)
from tuyen_events.crm.records import ContactEvent
from tuyen_platform.text import fold_accents
from tuyen_views.contacts import ContactDocument
from tuyen_views.shares import Share


def fold(document: ContactDocument | None, event: ContactEvent) -> ContactDocument | None:
    """The document after any event of the contact, also of what belongs to it. An event whose
    sequence is not new changes nothing; events of a contact that does not exist are ignored."""
    if document is not None and document.sequence >= event.sequence:
        return document
    if isinstance(event, ContactCreated):
        return _build_created(event)
    if isinstance(event, ContactAdded):
        head = _head_fields(event)
        return ContactDocument(**head, **show_content(event.content, event), created_by=event.by)
    if document is None or isinstance(event, ContactRemoved):
        return None
    changed = _changed_fields(document, event)
    if changed is None:
        return msgspec.structs.replace(document, sequence=event.sequence)
    return change_contact(document, event, **changed)


def change_contact(
    document: ContactDocument, event: ContactEvent, **fields: Any
) -> ContactDocument:
    """The document after an event that changed these fields of the contact itself."""
    if "name" in fields:
        fields |= _name_fields(fields["name"])
    return msgspec.structs.replace(
        document,
        **fields,
        updated_at=event.at,
        version=event.sequence,
        sequence=event.sequence,
    )


def show_content(
    content: ContactContent, event: ContactEvent, before: Collection[Share] = ()
) -> dict[str, Any]:
    """The fields of the document that show the content of a contact after an event; `before` are
    the shares that the document shows by now."""
    fields = {name: getattr(content, name) for name in content.__struct_fields__}
    known = {(each.agent_id, each.rule_id): each for each in before}
    reasons = [
        (agent, reason or None)
        for agent, given in sorted(content.shares.items())
        for reason in given
    ]
    shares = tuple(
        known.get((agent, rule_id))
        or Share(agent_id=agent, rule_id=rule_id, at=event.at, version=event.sequence)
        for agent, rule_id in reasons
    )
    return {
        **fields,
        **_name_fields(content.name),
        "shares": shares,
        "viewers": tuple(sorted(content.shares)),
    }


def _name_fields(name: str | None) -> dict[str, Any]:
    return {"name": name, "name_folded": fold_accents(name or "")}


def _changed_fields(document: ContactDocument, event: ContactEvent) -> dict[str, Any] | None:
    """None for an event of something that belongs to the contact."""
    fields: dict[str, Any] | None = None
    match event:
        case ContactNamed():
            name = document.name if event.renamed else document.name or event.name
            customers = tuple(name_customer(each, event) for each in document.customers)
            fields = {"name": name, "customers": customers}
        case ContactRenamed():
            fields = {"name": event.name}
        case ContactPatched():
            fields = list_patched_fields(document.custom, event)
            fields["declined"] = remember_declined(document.declined, event.removed)
        case ContactMerged():
            hidden = show_content(ContactContent(warehouse_id=""), event)
            fields = {**hidden, "rules": (), "merged": (), "merged_into": event.into}
        case ContactSeparated():
            content = show_content(event.content, event)
            fields = {**content, "merged": event.merged, "merged_into": None}
    return fields


def _head_fields(event: ContactEvent) -> dict[str, Any]:
    return {
        "id": event.contact_id,
        "organization": event.organization,
        "created_at": event.at,
        "updated_at": event.at,
        "version": event.sequence,
        "sequence": event.sequence,
    }


def _build_created(event: ContactCreated) -> ContactDocument:
    """Records of earlier versions have the phone number and the email as the site sent them."""
    phones = (event.phone,) if event.phones is None and event.phone else event.phones
    emails = (event.email,) if event.emails is None and event.email else event.emails
    content = ContactContent(
        name=event.name,
        phones=phones or (),
        emails=emails or (),
        gender=read_gender(event.gender),
        location=event.location,
        customers=(customer_of_event(event),),
        source=event.page_id,
        warehouse_id=event.warehouse_id,
    )
    return ContactDocument(**_head_fields(event), **show_content(content, event))
