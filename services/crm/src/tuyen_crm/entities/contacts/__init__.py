"""Contacts: created from inbound events (C1) or added (C12), edited by agents (C4)."""

from tuyen_crm.entities.contacts import decide, describing, evolve, view
from tuyen_crm.entities.entity import Entity
from tuyen_events.crm.contacts import (
    AddContact,
    ContactAdded,
    ContactCreated,
    ContactMerged,
    ContactNamed,
    ContactPatched,
    ContactRemoved,
    ContactRenamed,
    ContactSeparated,
    ObserveCustomer,
    PatchContact,
    RemoveContact,
    RenameContact,
)
from tuyen_views.contacts import CONTACTS_VIEW, ContactDocument

ENTITY: Entity[decide.OwnContactCommand, evolve.OwnContactEvent, ContactDocument] = Entity(
    name="contacts",
    commands=(ObserveCustomer, AddContact, PatchContact, RemoveContact, RenameContact),
    decide=decide.decide,
    events=(
        ContactCreated,
        ContactAdded,
        ContactPatched,
        ContactRemoved,
        ContactMerged,
        ContactSeparated,
        ContactNamed,
        ContactRenamed,
    ),
    view=CONTACTS_VIEW,
    key=lambda event: event.contact_id,
    fold=view.fold,
    describe=describing.describe,
    evolve=evolve.evolve,
)
