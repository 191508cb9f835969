"""Tasks about contacts. The CRM writes them; the gateway reads them."""

from datetime import datetime

from tuyen_events.crm.tasks import TaskState
from tuyen_views.reminders import BY_ORGANIZATIONS_REMINDER, BY_REMINDER, RemindingChild
from tuyen_views.view import BY_ASSIGNEE, BY_CONTACT, BY_ORGANIZATION, View


class TaskDocument(RemindingChild, frozen=True, kw_only=True, omit_defaults=True):
    """A task."""

    title: str
    due_at: datetime | None = None
    remind_at: datetime | None = None
    state: TaskState


TASKS_VIEW = View(
    "crm_tasks_2",
    TaskDocument,
    (BY_CONTACT, BY_ASSIGNEE, BY_ORGANIZATION, BY_REMINDER, BY_ORGANIZATIONS_REMINDER),
)
