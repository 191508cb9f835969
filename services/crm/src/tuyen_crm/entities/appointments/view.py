"""The documents of appointments, and the history of appointments in words."""

from datetime import timedelta
from typing import assert_never

from tuyen_crm.entities.entity import EventDescription
from tuyen_crm.entities.reminders import note_reminded, plan_reminder
from tuyen_crm.entities.wording import describe_child, describe_reminder
from tuyen_events.crm.appointments import (
    AppointmentAdded,
    AppointmentChanged,
    AppointmentReminded,
    AppointmentRemoved,
    AppointmentState,
)
from tuyen_views.appointments import AppointmentDocument
from tuyen_views.view import add_document, change_document

AppointmentEvents = AppointmentAdded | AppointmentChanged | AppointmentRemoved | AppointmentReminded

_FIELDS = {
    "title": "title",
    "starts_at": "starts_at",
    "ends_at": "ends_at",
    "location": "place",
    "remind_minutes": "remind_minutes",
    "state": "state",
    "assignee": "assignee",
}

_MOVED = {
    AppointmentState.KEPT: (
        "đánh dấu khách đã đến lịch hẹn",
        "noted that the contact kept the appointment",
    ),
    AppointmentState.MISSED: (
        "đánh dấu khách lỡ lịch hẹn",
        "noted that the contact missed the appointment",
    ),
    AppointmentState.CANCELLED: ("hủy lịch hẹn", "cancelled the appointment"),
    AppointmentState.PLANNED: ("đặt lại lịch hẹn", "planned the appointment again:"),
}
"""The words for changes of the state."""


def fold(
    document: AppointmentDocument | None, event: AppointmentEvents
) -> AppointmentDocument | None:
    match event:
        case AppointmentAdded():
            return _plan(add_document(AppointmentDocument, event, _FIELDS))
        case AppointmentChanged():
            return _plan(change_document(document, event, _FIELDS))
        case AppointmentRemoved():
            return None
        case AppointmentReminded():
            return note_reminded(document, event)
        case _:
            assert_never(event)


def _plan(document: AppointmentDocument | None) -> AppointmentDocument | None:
    if document is None or document.state is not AppointmentState.PLANNED:
        return plan_reminder(document, None)
    minutes = document.remind_minutes
    before = None if minutes is None else timedelta(minutes=minutes)
    return plan_reminder(document, None if before is None else document.starts_at - before)


def describe(
    event: AppointmentEvents, before: AppointmentDocument | None, after: AppointmentDocument | None
) -> EventDescription:
    shown = after or before
    title = shown.title if shown else None
    match event:
        case AppointmentReminded():
            return describe_reminder("lịch hẹn", "appointment", title)
        case AppointmentAdded():
            vi, en = "thêm lịch hẹn", "added the appointment"
        case AppointmentChanged() if before and after and before.state is not after.state:
            vi, en = _MOVED[after.state]
        case AppointmentChanged():
            vi, en = "sửa lịch hẹn", "changed the appointment"
        case AppointmentRemoved():
            vi, en = "xóa lịch hẹn", "removed the appointment"
        case _:
            assert_never(event)
    return describe_child(event, before, after, (vi, en, title), _FIELDS)
