"""Notes about contacts. The CRM writes them; the gateway reads them."""

from tuyen_views.view import BY_CONTACT, ChildDocument, View


class NoteDocument(ChildDocument, frozen=True, kw_only=True):
    """A note."""

    text: str


NOTES_VIEW = View("crm_notes_2", NoteDocument, (BY_CONTACT,))
