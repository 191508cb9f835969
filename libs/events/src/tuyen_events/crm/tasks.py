"""Tasks that agents set themselves or each other about contacts."""

from typing import ClassVar, NewType

from msgspec import UNSET, UnsetType

from tuyen_events.crm.records import ChildCommand, ChildEvent
from tuyen_events.crm.reminders import RemindCommand, Reminded, ReminderKind
from tuyen_events.ids import AgentId
from tuyen_events.vocabulary import Moment, Word

TaskId = NewType("TaskId", str)


class TaskState(Word):
    OPEN = "open"
    DONE = "done"


class TaskCommand(ChildCommand, frozen=True, kw_only=True):
    """A request about a task."""

    task_id: TaskId

    @property
    def child_id(self) -> str:
        return self.task_id


class AddTask(TaskCommand, frozen=True, kw_only=True):
    """Add a task to the contact, or replace the one with that id."""

    type: ClassVar[str] = "task.add.v1"
    title: str
    due_at: Moment | None = None
    remind_at: Moment | None = None
    """When the assignee is reminded of it, if it is open then."""
    assignee: AgentId | None = None
    state: TaskState = TaskState.OPEN


class ChangeTask(TaskCommand, frozen=True, kw_only=True):
    """Change the fields that are given."""

    type: ClassVar[str] = "task.change.v1"
    title: str | UnsetType = UNSET
    due_at: Moment | UnsetType | None = UNSET
    remind_at: Moment | UnsetType | None = UNSET
    assignee: AgentId | UnsetType | None = UNSET
    state: TaskState | UnsetType = UNSET


class RemoveTask(TaskCommand, frozen=True, kw_only=True):
    """Remove the task; if there is none, nothing changes."""

    type: ClassVar[str] = "task.remove.v1"


class RemindOfTask(RemindCommand, frozen=True, kw_only=True):
    """Remind the assignee of the task."""

    type: ClassVar[str] = "task.remind.v1"
    task_id: TaskId

    @property
    def child_id(self) -> str:
        return self.task_id


class TaskEvent(ChildEvent, frozen=True, kw_only=True):
    """Something that happened to a task."""

    task_id: TaskId

    @property
    def child_id(self) -> str:
        return self.task_id


class TaskAdded(TaskEvent, frozen=True, kw_only=True):
    """An agent added a task to the contact (C5)."""

    type: ClassVar[str] = "task.added.v1"
    title: str
    due_at: Moment | None = None
    remind_at: Moment | None = None
    """When the assignee is reminded of it, if it is open then."""
    assignee: AgentId | None = None
    state: TaskState = TaskState.OPEN


class TaskChanged(TaskEvent, frozen=True, kw_only=True):
    """An agent changed the fields of a task that are given."""

    type: ClassVar[str] = "task.changed.v1"
    title: str | UnsetType = UNSET
    due_at: Moment | UnsetType | None = UNSET
    remind_at: Moment | UnsetType | None = UNSET
    assignee: AgentId | UnsetType | None = UNSET
    state: TaskState | UnsetType = UNSET


class TaskRemoved(TaskEvent, frozen=True, kw_only=True):
    """An agent removed a task."""

    type: ClassVar[str] = "task.removed.v1"
    removes: ClassVar[bool] = True


class TaskReminded(Reminded, frozen=True, kw_only=True):
    """The assignee of a task is reminded of it (C5)."""

    type: ClassVar[str] = "task.reminded.v1"
    kind: ClassVar[ReminderKind] = ReminderKind.TASK
    task_id: TaskId

    @property
    def child_id(self) -> str:
        return self.task_id
