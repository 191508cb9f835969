"""Handles commands about tasks."""

from typing import assert_never

from tuyen_crm.domain.children import change_child, put_child, remind_of_child, remove_child
from tuyen_crm.domain.decision import CommandDecision
from tuyen_crm.domain.known import KnownState
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

KIND = "tasks"

TaskCommands = AddTask | ChangeTask | RemoveTask | RemindOfTask


def decide(known: KnownState, command: TaskCommands) -> CommandDecision:
    match command:
        case AddTask():
            return put_child(known, KIND, command, added=TaskAdded, changed=TaskChanged)
        case ChangeTask():
            return change_child(known, KIND, command, TaskChanged)
        case RemoveTask():
            return remove_child(known, KIND, command, TaskRemoved)
        case RemindOfTask():
            return remind_of_child(known, KIND, command, TaskReminded)
        case _:
            assert_never(command)
