"""Reminders of what an agent is to do about a contact at a time: of tasks and appointments."""

from typing import ClassVar

from tuyen_events.crm.records import ContactCommand, ContactEvent
from tuyen_events.event import Event
from tuyen_events.ids import AgentId, ContactId, OrganizationId
from tuyen_events.vocabulary import Moment, Word


class ReminderKind(Word):
    TASK = "task"
    APPOINTMENT = "appointment"


class RemindCommand(ContactCommand, frozen=True, kw_only=True):
    """A request to remind an agent of a child entity, because it is time. Nobody waits for its
    result.

    `version` is that of the child entity: if it has changed since, nothing happens, and what it is
    now decides when the agent is reminded.
    """

    answered: ClassVar[bool] = False
    version: int
    remind_at: Moment
    assignee: AgentId

    @property
    def child_id(self) -> str:
        """The id of the child, which is unique among its kind in the organization."""
        raise NotImplementedError


class Reminded(ContactEvent, frozen=True, kw_only=True):
    """An agent is reminded of a child entity, whose version stays the same."""

    kind: ClassVar[ReminderKind]
    remind_at: Moment
    """The time for which it was requested."""
    assignee: AgentId

    @property
    def child_id(self) -> str:
        """The id of the child, which is unique among its kind in the organization."""
        raise NotImplementedError


class ReminderDue(Event, frozen=True, kw_only=True):
    """An agent is to be reminded now, wherever they are at work. The same one may be there twice:
    the id of the entity and `remind_at` distinguish them."""

    type: ClassVar[str] = "reminder.due.v1"
    organization: OrganizationId
    kind: ReminderKind
    id: str
    """Of the task or the appointment."""
    contact_id: ContactId
    assignee: AgentId
    remind_at: Moment
