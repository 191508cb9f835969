"""Merges of contacts. The CRM writes them; the gateway reads them."""

from tuyen_events.ids import ContactId
from tuyen_views.view import BY_CONTACT, ChildDocument, View


class MergeDocument(ChildDocument, frozen=True, kw_only=True):
    """A merge. It belongs to the contact that stayed."""

    absorbed: ContactId
    fact: str | None = None
    """The phone number or email that both had; null if somebody merged them manually."""
    undone: bool = False


MERGES_VIEW = View("crm_merges", MergeDocument, (BY_CONTACT,))
