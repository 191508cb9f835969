"""Appointments with contacts."""

from typing import ClassVar, NewType

from msgspec import UNSET, UnsetType

from tuyen_events.crm.records import ChildCommand, ChildEvent
from tuyen_events.crm.reminders import RemindCommand, Reminded, ReminderKind
from tuyen_events.ids import AgentId
from tuyen_events.vocabulary import Moment, Word

AppointmentId = NewType("AppointmentId", str)


class AppointmentState(Word):
    PLANNED = "planned"
    KEPT = "kept"
    MISSED = "missed"
    CANCELLED = "cancelled"


class AppointmentCommand(ChildCommand, frozen=True, kw_only=True):
    """A request about an appointment."""

    appointment_id: AppointmentId

    @property
    def child_id(self) -> str:
        return self.appointment_id


class AddAppointment(AppointmentCommand, frozen=True, kw_only=True):
    """Add an appointment to the contact, or replace the one with that id."""

    type: ClassVar[str] = "appointment.add.v1"
    title: str
    starts_at: Moment
    ends_at: Moment | None = None
    location: str | None = None
    """Where it is."""
    remind_minutes: int | None = None
    """How long before its start the assignee is reminded of it, if it is still planned then."""
    state: AppointmentState = AppointmentState.PLANNED
    assignee: AgentId | None = None


class ChangeAppointment(AppointmentCommand, frozen=True, kw_only=True):
    """Change the fields that are given."""

    type: ClassVar[str] = "appointment.change.v1"
    title: str | UnsetType = UNSET
    starts_at: Moment | UnsetType = UNSET
    ends_at: Moment | UnsetType | None = UNSET
    location: str | UnsetType | None = UNSET
    remind_minutes: int | UnsetType | None = UNSET
    state: AppointmentState | UnsetType = UNSET
    assignee: AgentId | UnsetType | None = UNSET


class RemoveAppointment(AppointmentCommand, frozen=True, kw_only=True):
    """Remove the appointment; if there is none, nothing changes."""

    type: ClassVar[str] = "appointment.remove.v1"


class RemindOfAppointment(RemindCommand, frozen=True, kw_only=True):
    """Remind the assignee of the appointment."""

    type: ClassVar[str] = "appointment.remind.v1"
    appointment_id: AppointmentId

    @property
    def child_id(self) -> str:
        return self.appointment_id


class AppointmentEvent(ChildEvent, frozen=True, kw_only=True):
    """Something that happened to an appointment."""

    appointment_id: AppointmentId

    @property
    def child_id(self) -> str:
        return self.appointment_id


class AppointmentAdded(AppointmentEvent, frozen=True, kw_only=True):
    """An agent added an appointment to the contact (C5)."""

    type: ClassVar[str] = "appointment.added.v1"
    title: str
    starts_at: Moment
    ends_at: Moment | None = None
    location: str | None = None
    """Where it is."""
    remind_minutes: int | None = None
    """How long before its start the assignee is reminded of it, if it is still planned then."""
    state: AppointmentState = AppointmentState.PLANNED
    assignee: AgentId | None = None


class AppointmentChanged(AppointmentEvent, frozen=True, kw_only=True):
    """An agent changed the fields of an appointment that are given."""

    type: ClassVar[str] = "appointment.changed.v1"
    title: str | UnsetType = UNSET
    starts_at: Moment | UnsetType = UNSET
    ends_at: Moment | UnsetType | None = UNSET
    location: str | UnsetType | None = UNSET
    remind_minutes: int | UnsetType | None = UNSET
    state: AppointmentState | UnsetType = UNSET
    assignee: AgentId | UnsetType | None = UNSET


class AppointmentRemoved(AppointmentEvent, frozen=True, kw_only=True):
    """An agent removed an appointment."""

    type: ClassVar[str] = "appointment.removed.v1"
    removes: ClassVar[bool] = True


class AppointmentReminded(Reminded, frozen=True, kw_only=True):
    """The assignee of an appointment is reminded of it (C5)."""

    type: ClassVar[str] = "appointment.reminded.v1"
    kind: ClassVar[ReminderKind] = ReminderKind.APPOINTMENT
    appointment_id: AppointmentId

    @property
    def child_id(self) -> str:
        return self.appointment_id
