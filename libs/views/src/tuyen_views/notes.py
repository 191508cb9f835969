"""Notes about contacts. The CRM writes them; the gateway reads them."""

from datetime import datetime

from tuyen_events.ids import AgentId
from tuyen_views.view import BY_CONTACT, ContactPart, View


class NoteDocument(ContactPart, frozen=True, kw_only=True):
    """A note."""

    text: str
    created_at: datetime
    created_by: AgentId
    updated_at: datetime


NOTES_VIEW = View("contact_notes", NoteDocument, (BY_CONTACT,))
