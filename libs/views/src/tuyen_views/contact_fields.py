"""Fields of contacts that organizations define. The CRM writes them; the gateway reads them."""

from tuyen_events.custom_fields import FieldDefinition
from tuyen_views.view import BY_ID, SetupDocument, View


class ContactFieldDocument(SetupDocument, frozen=True, kw_only=True):
    """A field of contacts."""

    definition: FieldDefinition


CONTACT_FIELDS_VIEW = View("crm_contact_fields", ContactFieldDocument, (BY_ID,))
