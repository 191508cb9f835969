"""The history of a contact (C8): written by the CRM, read by the gateway."""

from datetime import datetime

import msgspec

from tuyen_events.ids import AgentId
from tuyen_views.view import BY_CONTACT, ContactPart, View


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One field, and what was in it."""

    field: str
    before: str | None
    after: str | None


class HistoryDocument(ContactPart, frozen=True, kw_only=True):
    """One event of a contact, in words. Its `_id` is the contact's id and the sequence.

    `vi` and `en` say what was done, without who did it: a reader puts the name of `by` before it,
    as that person is called today. Null is nobody of the organization's: then they are whole
    sentences.
    """

    event: str
    by: AgentId | None = None
    at: datetime
    vi: str
    en: str
    changes: tuple[Change, ...] = ()


HISTORY = View("contact_history", HistoryDocument, (BY_CONTACT,))
