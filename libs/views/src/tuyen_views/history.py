"""The history of contacts (C8). The CRM writes it; the gateway reads it."""

from datetime import datetime

import msgspec
from pymongo import ASCENDING, DESCENDING, IndexModel

from tuyen_events.ids import AgentId, OrganizationId
from tuyen_views.view import BY_CONTACT, OfContact, View


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """The values of one field before and after an event."""

    field: str
    before: str | None
    after: str | None


class HistoryDocument(OfContact, frozen=True, kw_only=True):
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


HISTORY_VIEW = View("crm_history", HistoryDocument, (BY_CONTACT,))


class SetupHistoryDocument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event of the setup of an organization, in the same way (O2). Its `_id` is the
    organization and the event's sequence; `kind` is the name of the entity."""

    key: str = msgspec.field(name="_id")
    organization: OrganizationId
    kind: str
    id: str
    place: str
    event: str
    by: AgentId
    at: datetime
    vi: str
    en: str
    changes: tuple[Change, ...] = ()


BY_TIME = IndexModel(
    [("organization", ASCENDING), ("at", DESCENDING), ("place", DESCENDING)], name="by_time"
)
SETUP_HISTORY_VIEW = View("crm_setup_history", SetupHistoryDocument, (BY_TIME,))
