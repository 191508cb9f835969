"""The documents of tasks, and the history of tasks in words."""

from typing import assert_never

from tuyen_crm.entities.entity import EventDescription
from tuyen_crm.entities.reminders import note_reminded, plan_reminder
from tuyen_crm.entities.wording import describe_child, describe_reminder
from tuyen_events.crm.tasks import (
    TaskAdded,
    TaskChanged,
    TaskReminded,
    TaskRemoved,
    TaskState,
)
from tuyen_views.tasks import TaskDocument
from tuyen_views.view import add_document, change_document

TaskEvents = TaskAdded | TaskChanged | TaskRemoved | TaskReminded

_FIELDS = {name: name for name in ("title", "due_at", "remind_at", "assignee", "state")}

_MOVED = {
    TaskState.DONE: ("hoàn thành công việc", "completed the task"),
    TaskState.OPEN: ("mở lại công việc", "reopened the task"),
}
"""The words for changes of the state."""


def fold(document: TaskDocument | None, event: TaskEvents) -> TaskDocument | None:
    match event:
        case TaskAdded():
            return _plan(add_document(TaskDocument, event, _FIELDS))
        case TaskChanged():
            return _plan(change_document(document, event, _FIELDS))
        case TaskRemoved():
            return None
        case TaskReminded():
            return note_reminded(document, event)
        case _:
            assert_never(event)


def _plan(document: TaskDocument | None) -> TaskDocument | None:
    if document is None or document.state is not TaskState.OPEN:
        return plan_reminder(document, None)
    return plan_reminder(document, document.remind_at)


def describe(
    event: TaskEvents, before: TaskDocument | None, after: TaskDocument | None
) -> EventDescription:
    shown = after or before
    title = shown.title if shown else None
    match event:
        case TaskReminded():
            return describe_reminder("công việc", "task", title)
        case TaskAdded():
            vi, en = "thêm công việc", "added the task"
        case TaskChanged() if before and after and before.state is not after.state:
            vi, en = _MOVED[after.state]
        case TaskChanged():
            vi, en = "sửa công việc", "changed the task"
        case TaskRemoved():
            vi, en = "xóa công việc", "removed the task"
        case _:
            assert_never(event)
    return describe_child(event, before, after, (vi, en, title), _FIELDS)
