"""Tasks about contacts, for viewers who see the contact (C5)."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import ConfigDict

from tuyen_events.crm.tasks import AddTask, ChangeTask, RemoveTask, TaskState
from tuyen_gateway.api.bodies import ChosenId, Name
from tuyen_gateway.api.crm.child_routes import (
    AssigneeQuery,
    ChildBody,
    ChildKind,
    ChildView,
    add_child_routes,
    list_all_children,
    read_assignee_filter,
)
from tuyen_gateway.api.crm.entities import LEFT_OUT
from tuyen_gateway.api.crm.fields import MomentIn
from tuyen_gateway.api.dependencies import CurrentCaller, GatewayPorts
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.domain.child_filter import ChildFilter
from tuyen_views.tasks import TASKS_VIEW

router = APIRouter(tags=["contacts"])


class TaskIn(ChildBody):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"title": "Gọi lại cho chị Lan", "due_at": "2026-12-01T03:00:00Z"}]
        }
    )

    title: Name
    due_at: MomentIn | None = None
    remind_at: MomentIn | None = None
    """When the assignee is reminded, if the task is open then."""
    assignee: ChosenId | None = None
    state: TaskState = TaskState.OPEN


class TaskPatch(ChildBody):
    """Fields that are left out do not change; null empties one that may be empty."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"state": "done"}]})

    title: Name = LEFT_OUT
    due_at: MomentIn | None = None
    remind_at: MomentIn | None = None
    assignee: ChosenId | None = None
    state: TaskState = LEFT_OUT


class TaskView(ChildView):
    title: str
    due_at: datetime | None
    remind_at: datetime | None
    assignee: str | None
    state: TaskState


KIND = ChildKind(
    one="task",
    many="tasks",
    view=TASKS_VIEW,
    content=TaskIn,
    changes=TaskPatch,
    shown=TaskView,
    listed=Listed[TaskView],
    add=AddTask,
    change=ChangeTask,
    remove=RemoveTask,
)


@router.get("/tasks", summary="List the tasks of all contacts", response_model=KIND.listed)
async def list_tasks(
    *,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    paging: CurrentPaging,
    assignee: AssigneeQuery = None,
    state: TaskState | None = None,
    due_before: Annotated[MomentIn | None, Query()] = None,
) -> Listed[ChildView]:
    """Newest first, for viewers who see the contacts. `due_before`: of those with a due time."""
    wanted = ChildFilter(
        held_by=read_assignee_filter(assignee, caller),
        words={} if state is None else {"state": state.value},
        moment="due_at",
        until=due_before,
    )
    return await list_all_children(gateway, caller, paging, KIND, wanted)


add_child_routes(router, KIND)
