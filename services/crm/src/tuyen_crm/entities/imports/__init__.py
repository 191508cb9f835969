"""Rows of files that become contacts (C9). What happens is said by the events of contacts."""

from tuyen_crm.entities.contacts.describing import describe
from tuyen_crm.entities.contacts.evolve import OwnContactEvent
from tuyen_crm.entities.contacts.view import fold
from tuyen_crm.entities.entity import Entity
from tuyen_crm.entities.imports import decide
from tuyen_events.crm.imports import ImportContact
from tuyen_views.contacts import CONTACTS_VIEW, ContactDocument

ENTITY: Entity[ImportContact, OwnContactEvent, ContactDocument] = Entity(
    name="imports",
    commands=(ImportContact,),
    decide=decide.decide,
    events=(),
    view=CONTACTS_VIEW,
    key=lambda event: event.contact_id,
    fold=fold,
    describe=describe,
)
