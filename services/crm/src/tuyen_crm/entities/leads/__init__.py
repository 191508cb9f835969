"""Leads: contacts that an integration sends (C12)."""

from tuyen_crm.entities.contacts.view import fold
from tuyen_crm.entities.entity import Entity
from tuyen_crm.entities.leads import decide, describing, evolve
from tuyen_events.crm.leads import LeadReceived, ReceiveLead
from tuyen_views.contacts import CONTACTS_VIEW, ContactDocument

ENTITY: Entity[ReceiveLead, LeadReceived, ContactDocument] = Entity(
    name="leads",
    commands=(ReceiveLead,),
    decide=decide.decide,
    events=(LeadReceived,),
    view=CONTACTS_VIEW,
    key=lambda event: event.contact_id,
    fold=fold,
    describe=describing.describe,
    evolve=evolve.evolve,
)
