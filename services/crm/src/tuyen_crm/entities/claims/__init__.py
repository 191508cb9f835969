"""The assignee of a contact: claims, assignments, and moves between warehouses (W4, W5, W7).

These events change the contact's own document.
"""

from tuyen_crm.entities.claims import decide, evolve, view
from tuyen_crm.entities.entity import Entity
from tuyen_events.crm.claims import (
    ClaimContact,
    ContactAssigned,
    ContactClaimed,
    ContactMoved,
    PlaceContact,
)
from tuyen_views.contacts import CONTACTS_VIEW, ContactDocument

ENTITY: Entity[decide.ClaimCommands, view.ClaimEvents, ContactDocument] = Entity(
    name="claims",
    commands=(ClaimContact, PlaceContact),
    decide=decide.decide,
    events=(ContactClaimed, ContactAssigned, ContactMoved),
    view=CONTACTS_VIEW,
    key=lambda event: event.contact_id,
    fold=view.fold,
    describe=view.describe,
    evolve=evolve.evolve,
)
