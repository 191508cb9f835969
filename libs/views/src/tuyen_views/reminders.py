"""What the documents of tasks and appointments have for reminders. The CRM writes and reads it."""

from datetime import datetime
from typing import TypeVar

from pymongo import ASCENDING, IndexModel

from tuyen_events.ids import AgentId
from tuyen_views.view import ChildDocument


class RemindingChild(ChildDocument, frozen=True, kw_only=True, omit_defaults=True):
    """A document of something that its assignee is reminded of.

    `reminds_at` is null unless a reminder waits for its time, and `reminded_at` the time of the
    last one that does not wait any more.
    """

    assignee: AgentId | None = None
    reminds_at: datetime | None = None
    reminded_at: datetime | None = None


RemindingT = TypeVar("RemindingT", bound=RemindingChild)

BY_REMINDER = IndexModel([("reminds_at", ASCENDING)], name="by_reminder", sparse=True)
"""The reminders that wait, of all organizations."""

BY_ORGANIZATIONS_REMINDER = IndexModel(
    [("organization", ASCENDING), ("reminds_at", ASCENDING)],
    name="by_organizations_reminder",
    partialFilterExpression={"reminds_at": {"$exists": True}},
)
"""The same, by organization: it lists the organizations for which some are due."""
