"""Fields of contacts that an organization defines for itself."""

from typing import ClassVar

from tuyen_events.crm.records import SetupCommand, SetupEvent
from tuyen_events.custom_fields import FieldDefinition


class PutContactField(SetupCommand, frozen=True, kw_only=True):
    """Create the field, or replace the one with that id."""

    type: ClassVar[str] = "contact_field.put.v1"
    definition: FieldDefinition


class RemoveContactField(SetupCommand, frozen=True, kw_only=True):
    """Remove the field; if there is none, nothing changes."""

    type: ClassVar[str] = "contact_field.remove.v1"


class ContactFieldChanged(SetupEvent, frozen=True, kw_only=True):
    """An agent defined a field of contacts, or changed its definition (C10). The event contains all
    of it. The values that contacts have do not change."""

    type: ClassVar[str] = "contact_field.changed.v1"
    definition: FieldDefinition


class ContactFieldRemoved(SetupEvent, frozen=True, kw_only=True):
    """An agent removed a field. Contacts keep their values, which nobody sees."""

    type: ClassVar[str] = "contact_field.removed.v1"
    removes: ClassVar[bool] = True
