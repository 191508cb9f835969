"""Contacts: created from inbound events (C1), edited by agents (C4)."""

from tuyen_crm.entities.contacts import decide, evolve, view
from tuyen_crm.entities.entity import Entity
from tuyen_events.crm.contacts import (
    ContactCreated,
    ContactNamed,
    ContactRenamed,
    ObserveCustomer,
    RenameContact,
)
from tuyen_views.contacts import CONTACTS_VIEW, ContactDocument

ENTITY: Entity[decide.OwnContactCommand, view.OwnContactEvent, ContactDocument] = Entity(
    name="contacts",
    commands=(ObserveCustomer, RenameContact),
    decide=decide.decide,
    events=(ContactCreated, ContactNamed, ContactRenamed),
    view=CONTACTS_VIEW,
    key=lambda event: event.contact_id,
    fold=view.fold,
    describe=view.describe,
    evolve=evolve.evolve,
)
