"""Assigning manually, and taking (R6)."""

from uuid import uuid4

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field

from tuyen_directory.organization import Organization
from tuyen_events.commands import AssignConversation, CommandSettled, Outcome
from tuyen_events.ids import AgentId, ConversationId
from tuyen_events.limits import NOTE_CHARACTERS
from tuyen_gateway.api.bodies import ChosenId, RequestBody, ResponseBody
from tuyen_gateway.api.conversation_views import AssigneeView
from tuyen_gateway.api.dependencies import Caller, CurrentCaller, GatewayPorts, PathId
from tuyen_gateway.api.etags import ExpectedVersion, set_etag
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.assignment import check_assignee, check_taking
from tuyen_gateway.domain.rights import Right
from tuyen_gateway.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    TakenError,
    VersionPassedError,
)
from tuyen_gateway.gateway import Gateway

router = APIRouter(prefix="/conversations", tags=["conversations"])


class AssigneeIn(RequestBody):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"agent_id": "lan", "note": "quen khách này"}]}
    )

    agent_id: ChosenId | None
    """The new assignee; null is nobody."""
    note: str | None = Field(default=None, max_length=NOTE_CHARACTERS)
    """Why; shown in the history (R6.3)."""


class AssignedView(ResponseBody):
    id: str
    """The conversation."""
    assignee: AssigneeView | None
    version: int
    """The version of the assignee, for `If-Match` on the next change and for `?after=`."""
    changed: bool
    """False if that was the assignee already (R6.3)."""


@router.put(
    "/{conversation_id}/assignee",
    summary="Assign, reassign, unassign, or take",
    responses=problems(403, 404, 409, 412),
)
async def put_assignee(
    *,
    conversation_id: PathId,
    body: AssigneeIn,
    expected: ExpectedVersion,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    response: Response,
) -> AssignedView:
    """For managing roles, on the pages that they may see (R6.1); and for an agent who takes an
    unassigned conversation for themselves, if the setting `take_unassigned` allows it (R6.6). If
    several take it at once, one gets it; the others learn who, with `409`.

    A manager's choice is limited by the agent's page permissions, not by presence (R6.2). With
    `If-Match`, an earlier change by somebody else refuses this one with `412`; without it, the
    later of two wins (R6.4). `503` if the router has not answered within 5 s: the command is in the
    log then and will be carried out.
    """
    command, partition = await _command(
        gateway, caller, ConversationId(conversation_id), body, expected
    )
    settled = await gateway.commands.assign(command, partition)
    _refuse(settled, command, caller.organization)
    set_etag(response, settled.version)
    return AssignedView(
        id=settled.conversation_id,
        assignee=_to_view(caller.organization, settled.agent_id),
        version=settled.version,
        changed=settled.outcome is Outcome.APPLIED,
    )


async def _command(
    gateway: Gateway,
    caller: Caller,
    conversation_id: ConversationId,
    body: AssigneeIn,
    expected: int | None,
) -> tuple[AssignConversation, int | None]:
    """The command, and the partition in which the router decides about the conversation."""
    agent_id = None if body.agent_id is None else AgentId(body.agent_id)
    takes = not caller.may(Right.ASSIGN)
    if takes:
        check_taking(caller.organization, agent_id, caller.viewer.agent_id)
    row = await gateway.views.find(caller.scope, conversation_id)
    if row is None:
        raise NotFoundError(f"There is no conversation {conversation_id!r}.")
    if row.customer_id is None or row.customer_external_id is None:
        raise ConflictError("Its first comment has not arrived yet: try again when it has.")
    check_assignee(caller.organization, agent_id, row.page_id)
    command = AssignConversation(
        command_id=f"cmd_{uuid4().hex}",
        organization=caller.organization.id,
        page_id=row.page_id,
        conversation_id=row.id,
        customer_id=row.customer_id,
        customer_external_id=row.customer_external_id,
        kind=row.kind,
        agent_id=agent_id,
        by=caller.viewer.agent_id,
        note=body.note,
        expected_version=expected,
        take=takes,
        known_version=row.version,
        known_agent_id=row.agent_id,
        at=gateway.clock.now(),
    )
    return command, row.partition


def _refuse(
    settled: CommandSettled, command: AssignConversation, organization: Organization
) -> None:
    """Raises the error for a command that was not carried out."""
    match settled.outcome:
        case Outcome.APPLIED | Outcome.UNCHANGED:
            return
        case Outcome.ALREADY_TAKEN if settled.agent_id == command.agent_id:
            return  # the same agent took it before: `PUT` is idempotent
        case Outcome.ALREADY_TAKEN:
            present = _to_view(organization, settled.agent_id)
            name = "Somebody" if present is None else present.name
            raise TakenError(f"{name} has this conversation already.", settled.agent_id)
        case Outcome.TAKING_OFF:
            raise ForbiddenError("Taking was switched off a moment ago: ask a manager.")
        case Outcome.VERSION_PASSED:
            raise VersionPassedError(
                "Somebody changed the assignee first: look again, then decide.",
                settled.version,
                settled.agent_id,
            )
        case Outcome.NOT_ALLOWED:
            raise InvalidError(
                "agent_id",
                f"The agent {command.agent_id!r} may not work on the page {command.page_id!r}: "
                "they were disabled, removed, or not given the page.",
            )
        case Outcome.ASSIGNMENT_OFF:
            raise ConflictError("Assignment is switched off: a system_admin switches it on.")


def _to_view(organization: Organization, agent_id: AgentId | None) -> AssigneeView | None:
    if agent_id is None:
        return None
    stored = organization.agents.get(agent_id)
    return AssigneeView(agent_id=agent_id, name=agent_id if stored is None else stored.value.name)
