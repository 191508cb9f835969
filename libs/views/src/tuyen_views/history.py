"""The history of contacts (C8). The CRM writes it; the gateway reads it."""

import re
from collections.abc import Callable
from datetime import datetime

import msgspec
from pymongo import ASCENDING, DESCENDING, IndexModel

from tuyen_events.ids import AgentId, OrganizationId
from tuyen_views.view import BY_CONTACT, OfContact, View

_MENTION = re.compile(r"⟦([^⟦⟧]+)⟧")


def mention_agent(agent_id: AgentId) -> str:
    """An agent in a sentence: a reader puts the present name there."""
    return f"⟦{agent_id}⟧"


def name_mentioned(sentence: str, name_of: Callable[[AgentId], str]) -> str:
    """The sentence with the names of the agents that it mentions."""
    return _MENTION.sub(lambda found: name_of(AgentId(found[1])), sentence)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """The values of one field before and after an event."""

    field: str
    before: str | None
    after: str | None


class HistoryDocument(OfContact, frozen=True, kw_only=True):
    """One event of a contact, in words. Its `_id` is the contact's id and the event's sequence.

    `vi` and `en` are sentences in Vietnamese and English. If `by` is an agent, they lack the
    subject: a reader puts the agent's present name before them. Other agents are in them as
    `mention_agent` writes them.
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
