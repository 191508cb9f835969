"""Fields of contacts that an administrator defines (C10)."""

from tuyen_crm.entities.contact_fields import decide, view
from tuyen_crm.entities.entity import Entity
from tuyen_events.crm.contact_fields import (
    ContactFieldChanged,
    ContactFieldRemoved,
    PutContactField,
    RemoveContactField,
)
from tuyen_views.contact_fields import CONTACT_FIELDS_VIEW, ContactFieldDocument
from tuyen_views.view import setup_key

ENTITY: Entity[decide.ContactFieldCommands, view.ContactFieldEvents, ContactFieldDocument] = Entity(
    name=decide.KIND,
    commands=(PutContactField, RemoveContactField),
    decide=decide.decide,
    events=(ContactFieldChanged, ContactFieldRemoved),
    view=CONTACT_FIELDS_VIEW,
    key=setup_key,
    fold=view.fold,
    describe=view.describe,
)
