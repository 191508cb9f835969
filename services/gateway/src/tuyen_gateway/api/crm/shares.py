"""With whom a contact is shared (S1)."""

from datetime import datetime
from enum import StrEnum

from fastapi import APIRouter, Response, status

from tuyen_events.crm.records import CrmOutcome
from tuyen_events.crm.shares import ShareContact, UnshareContact
from tuyen_events.ids import AgentId
from tuyen_gateway.api.bodies import ResponseBody
from tuyen_gateway.api.crm.access import (
    AfterContactVersion,
    carry_out,
    find_visible_contact,
    find_writable_contact,
)
from tuyen_gateway.api.crm.entities import build_command_fields
from tuyen_gateway.api.dependencies import CurrentCaller, GatewayPorts, PathId
from tuyen_gateway.api.etags import ExpectedVersion, set_etag
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.positions import contact_position
from tuyen_gateway.api.problems import problems
from tuyen_gateway.errors import InvalidError
from tuyen_views.shares import Share

router = APIRouter(prefix="/contacts/{contact_id}/shares", tags=["contacts"])


class ShareOrigin(StrEnum):
    HAND = "hand"
    RULE = "rule"


class ShareView(ResponseBody):
    """One reason for which an agent may read the contact."""

    agent_id: str
    by: ShareOrigin
    rule_id: str | None
    """The sharing rule; null for what was shared manually."""
    created_at: datetime
    created_by: str | None
    """The agent who shared it; null by a rule."""
    updated_at: datetime
    version: int
    """The version of the contact that it was shared by."""


@router.put("/{agent_id}", summary="Share a contact", responses=problems(403, 404, 409, 412, 429))
async def put_share(
    *,
    contact_id: PathId,
    agent_id: PathId,
    expected: ExpectedVersion,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    response: Response,
) -> ShareView:
    """Lets an agent read the contact, and nothing else, for callers who may change it. `If-Match`
    compares the version of the contact."""
    contact = (await find_writable_contact(gateway, caller, contact_id)).document
    agent = AgentId(agent_id)
    if agent not in caller.organization.agents:
        raise InvalidError("agent_id", f"There is no agent {agent_id!r}.")
    command = ShareContact(
        **build_command_fields(gateway, caller, expected), contact_id=contact.id, agent_id=agent
    )
    settled = await carry_out(gateway, command, "contact")
    set_etag(response, settled.version)
    if settled.outcome is CrmOutcome.UNCHANGED:
        for share in contact.shares:
            if share.agent_id == agent and share.rule_id is None:
                return _view(share)
    return _view(Share(agent_id=agent, by=command.by, at=command.at, version=settled.version))


@router.get("", summary="List with whom a contact is shared", responses=problems(404))
async def list_shares(
    contact_id: PathId,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    paging: CurrentPaging,
    after: AfterContactVersion = None,
) -> Listed[ShareView]:
    """In the order of the agents' ids. An agent to whom several rules gave the contact is listed
    once for each of them."""
    contact = await find_visible_contact(gateway, caller, contact_id, after)
    page, following = paging.cut(contact.document.shares, _key)
    return Listed(
        items=[_view(share) for share in page],
        next=following,
        position=contact_position(gateway, contact),
    )


@router.delete(
    "/{agent_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Stop sharing a contact",
    responses=problems(403, 404, 412, 429),
)
async def delete_share(
    *,
    contact_id: PathId,
    agent_id: PathId,
    expected: ExpectedVersion,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    response: Response,
) -> None:
    """Ends what was given manually; the answer is the same if nothing was. What a rule gave stays
    until the rule is changed (S4). `ETag` is the version of the contact."""
    contact = (await find_writable_contact(gateway, caller, contact_id)).document
    command = UnshareContact(
        **build_command_fields(gateway, caller, expected),
        contact_id=contact.id,
        agent_id=AgentId(agent_id),
    )
    settled = await carry_out(gateway, command, "contact")
    set_etag(response, settled.version)


def _key(share: Share) -> str:
    return f"{share.agent_id} {share.rule_id or ''}"


def _view(share: Share) -> ShareView:
    return ShareView(
        agent_id=share.agent_id,
        by=ShareOrigin.HAND if share.rule_id is None else ShareOrigin.RULE,
        rule_id=share.rule_id,
        created_at=share.at,
        created_by=share.by,
        updated_at=share.at,
        version=share.version,
    )
