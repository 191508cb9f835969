"""The history of contacts (C8). The CRM writes it; the gateway reads it."""

from datetime import datetime

import msgspec

from tuyen_events.ids import AgentId
from tuyen_views.view import BY_CONTACT, ContactPart, View


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """The values of one field before and after an event."""

    field: str
    before: str | None
    after: str | None


class HistoryDocument(ContactPart, frozen=True, kw_only=True):
    """One event of a contact, in words. Its `_id` is the contact's id and the event's sequence.

    `vi` and `en` are sentences in Vietnamese and English. If `by` is an agent, they lack the
    subject: a reader puts the agent's present name before them.
    """

    event: str
    by: AgentId | None = None
    at: datetime
    vi: str
    en: str
    changes: tuple[Change, ...] = ()


HISTORY_VIEW = View("contact_history", HistoryDocument, (BY_CONTACT,))
