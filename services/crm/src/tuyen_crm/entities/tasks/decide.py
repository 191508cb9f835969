"""Handles commands about tasks.

Decides C5.
"""

from typing import assert_never

from tuyen_crm.domain.decision import CommandDecision
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.parts import change_part, put_part, remove_part
from tuyen_events.crm.tasks import (
    AddTask,
    ChangeTask,
    RemoveTask,
    TaskAdded,
    TaskChanged,
    TaskRemoved,
)

KIND = "tasks"

TaskCommands = AddTask | ChangeTask | RemoveTask


def decide(known: KnownState, command: TaskCommands) -> CommandDecision:
    match command:
        case AddTask():
            return put_part(known, KIND, command, added=TaskAdded, changed=TaskChanged)
        case ChangeTask():
            return change_part(known, KIND, command, TaskChanged)
        case RemoveTask():
            return remove_part(known, KIND, command, TaskRemoved)
        case _:
            assert_never(command)
