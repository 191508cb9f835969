"""Tasks: what agents set themselves or each other to do about a contact (C5)."""

from tuyen_crm.entities.entity import Entity
from tuyen_crm.entities.tasks import decide, view
from tuyen_events.crm.tasks import (
    AddTask,
    ChangeTask,
    RemindOfTask,
    RemoveTask,
    TaskAdded,
    TaskChanged,
    TaskReminded,
    TaskRemoved,
)
from tuyen_views.tasks import TASKS_VIEW, TaskDocument
from tuyen_views.view import child_key

ENTITY: Entity[decide.TaskCommands, view.TaskEvents, TaskDocument] = Entity(
    name=decide.KIND,
    commands=(AddTask, ChangeTask, RemoveTask, RemindOfTask),
    decide=decide.decide,
    events=(TaskAdded, TaskChanged, TaskRemoved, TaskReminded),
    view=TASKS_VIEW,
    key=child_key,
    fold=view.fold,
    describe=view.describe,
)
