"""With whom a contact is shared: manually (S1), and by the rules of its campaign (S2 to S4)."""

from tuyen_crm.entities.entity import Entity
from tuyen_crm.entities.shares import decide, evolve, view
from tuyen_events.crm.shares import (
    ApplySharingRule,
    ContactEnrolled,
    ContactShared,
    ContactUnshared,
    EnrollContact,
    ShareContact,
    SharingRuleApplied,
    SharingRuleEnded,
    UnshareContact,
)
from tuyen_views.contacts import CONTACTS_VIEW, ContactDocument

ENTITY: Entity[decide.ShareCommands, evolve.ShareEvents, ContactDocument] = Entity(
    name="shares",
    commands=(ShareContact, UnshareContact, EnrollContact, ApplySharingRule),
    decide=decide.decide,
    events=(ContactShared, ContactUnshared, ContactEnrolled, SharingRuleApplied, SharingRuleEnded),
    view=CONTACTS_VIEW,
    key=lambda event: event.contact_id,
    fold=view.fold,
    describe=view.describe,
    evolve=evolve.evolve,
)
