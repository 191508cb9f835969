"""Appointments with contacts. The CRM writes them; the gateway reads them."""

from datetime import datetime

from pymongo import ASCENDING, IndexModel

from tuyen_events.crm.appointments import AppointmentState
from tuyen_views.reminders import BY_ORGANIZATIONS_REMINDER, BY_REMINDER, RemindingChild
from tuyen_views.view import BY_CONTACT, View


class AppointmentDocument(RemindingChild, frozen=True, kw_only=True, omit_defaults=True):
    """An appointment."""

    title: str
    starts_at: datetime
    ends_at: datetime | None = None
    location: str | None = None
    remind_minutes: int | None = None
    state: AppointmentState


BY_START = IndexModel(
    [("organization", ASCENDING), ("starts_at", ASCENDING), ("place", ASCENDING)], name="by_start"
)
"""A calendar."""

BY_ASSIGNED_START = IndexModel(
    [
        ("organization", ASCENDING),
        ("assignee", ASCENDING),
        ("starts_at", ASCENDING),
        ("place", ASCENDING),
    ],
    name="by_assigned_start",
)
"""An agent's calendar."""

APPOINTMENTS_VIEW = View(
    "crm_appointments_2",
    AppointmentDocument,
    (BY_CONTACT, BY_START, BY_ASSIGNED_START, BY_REMINDER, BY_ORGANIZATIONS_REMINDER),
)
