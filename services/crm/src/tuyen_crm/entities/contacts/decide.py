"""Handles commands about a contact itself.

Decides C1 and C4.
"""

from typing import assert_never

from tuyen_crm.domain.decision import (
    NOT_FOUND,
    CommandDecision,
    decide_applied,
    decide_passed,
    decide_unchanged,
)
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.state import ContactState
from tuyen_crm.entities.warehouses.distributing import distribute
from tuyen_crm.entities.warehouses.placing import warehouse_for
from tuyen_events.crm.contacts import (
    ContactCreated,
    ContactNamed,
    ContactRenamed,
    ObserveCustomer,
    RenameContact,
)

OwnContactCommand = ObserveCustomer | RenameContact


def decide(known: KnownState, command: OwnContactCommand) -> CommandDecision:
    contact = known.contact(command.contact_id)
    match command:
        case ObserveCustomer():
            return _observe(known, contact, command)
        case RenameContact():
            return NOT_FOUND if contact is None else _rename(contact, command)
        case _:
            assert_never(command)


def _observe(
    known: KnownState, contact: ContactState | None, command: ObserveCustomer
) -> CommandDecision:
    """A contact is created once, and each of its customers gets the first name that the channel
    sends. A name that an agent gave the contact does not change."""
    if contact is None:
        created = _build_created(command, warehouse_for(known, command.page_id))
        given = distribute(known, created, created.warehouse_id, command.staff)
        return decide_applied(created, *([] if given is None else [given]))
    if command.name is None or command.customer_id not in contact.nameless:
        return decide_unchanged(contact.version)
    return decide_applied(
        ContactNamed(
            organization=command.organization,
            contact_id=command.contact_id,
            sequence=contact.sequence + 1,
            customer_id=command.customer_id,
            name=command.name,
            picture=command.picture,
            renamed=contact.renamed,
            caused_by=command.caused_by,
            at=command.at,
        )
    )


def _build_created(command: ObserveCustomer, warehouse_id: str) -> ContactCreated:
    return ContactCreated(
        organization=command.organization,
        contact_id=command.contact_id,
        customer_id=command.customer_id,
        page_id=command.page_id,
        channel=command.channel,
        external_id=command.external_id,
        name=command.name,
        picture=command.picture,
        phone=command.phone,
        email=command.email,
        gender=command.gender,
        location=command.location,
        browser=command.browser,
        page_url=command.page_url,
        warehouse_id=warehouse_id,
        caused_by=command.caused_by,
        at=command.at,
    )


def _rename(contact: ContactState, command: RenameContact) -> CommandDecision:
    if command.expected_version not in (None, contact.version):
        return decide_passed(contact.version)
    if command.name == contact.name:
        return decide_unchanged(contact.version)
    return decide_applied(
        ContactRenamed(
            organization=command.organization,
            contact_id=command.contact_id,
            sequence=contact.sequence + 1,
            name=command.name,
            previous_name=contact.name,
            by=command.by,
            caused_by=command.command_id,
            at=command.at,
        )
    )
