"""The documents of appointments, and the history of appointments in words.

Decides C5 and C8.
"""

from typing import assert_never

from tuyen_crm.entities.entity import EventDescription
from tuyen_crm.entities.wording import describe_part
from tuyen_events.crm.appointments import (
    AppointmentAdded,
    AppointmentChanged,
    AppointmentRemoved,
    AppointmentState,
)
from tuyen_views.appointments import AppointmentDocument
from tuyen_views.view import add_document, change_document

AppointmentEvents = AppointmentAdded | AppointmentChanged | AppointmentRemoved

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
"""What a change of the state is called."""


def fold(
    document: AppointmentDocument | None, event: AppointmentEvents
) -> AppointmentDocument | None:
    match event:
        case AppointmentAdded():
            return add_document(AppointmentDocument, event, _FIELDS)
        case AppointmentChanged():
            return change_document(document, event, _FIELDS)
        case AppointmentRemoved():
            return None
        case _:
            assert_never(event)


def describe(
    event: AppointmentEvents, before: AppointmentDocument | None, after: AppointmentDocument | None
) -> EventDescription:
    shown = after or before
    match event:
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
    return describe_part(event, before, after, (vi, en, shown.title if shown else None), _FIELDS)
