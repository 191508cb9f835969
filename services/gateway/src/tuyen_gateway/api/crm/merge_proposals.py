"""Proposals to merge contacts that different people look after (C2)."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import ConfigDict

from tuyen_events.crm.merge_proposals import DecideProposal, ProposalState
from tuyen_events.crm.records import CrmOutcome
from tuyen_events.ids import CHOSEN_ID_PATTERN, ContactId
from tuyen_gateway.api.bodies import RequestBody
from tuyen_gateway.api.crm.access import check_settled, load_scope, not_found
from tuyen_gateway.api.crm.entities import EntityView, build_command_fields
from tuyen_gateway.api.dependencies import Caller, CurrentCaller, GatewayPorts
from tuyen_gateway.api.etags import ExpectedVersion, set_etag
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.positions import inbox_position
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.contact_visibility import ContactScope
from tuyen_gateway.domain.merge_proposals import ProposalFilter
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.ports.views import MergeProposal

router = APIRouter(prefix="/merge-proposals", tags=["contacts"])

ProposalPath = Annotated[str, Path(pattern=CHOSEN_ID_PATTERN)]


class DecisionIn(RequestBody):
    model_config = ConfigDict(json_schema_extra={"examples": [{"accept": True}]})

    accept: bool


class MergeProposalView(EntityView):
    """Nothing of the contacts but their ids: a manager may manage one of them only."""

    contact_ids: list[str]
    state: ProposalState
    accepted_for: list[str]
    """While it is open: the contacts whose managers have accepted."""


@router.get("", summary="List the proposals to merge contacts")
async def list_merge_proposals(
    caller: CurrentCaller,
    gateway: GatewayPorts,
    paging: CurrentPaging,
    state: Annotated[ProposalState | None, Query(description="Only those in this state.")] = None,
) -> Listed[MergeProposalView]:
    """Newest first, those of contacts that the caller manages; for the role `system_admin` all. Two
    contacts have one phone number or email, and different people look after them. A proposal whose
    reason is gone is not listed."""
    position = await inbox_position(gateway, caller.organization)
    scope = await load_scope(gateway, caller)
    wanted = _filter(caller, scope, state=state)
    page = await gateway.crm.proposals(wanted, paging.limit, paging.after)
    return Listed(
        items=[show_proposal(proposal) for proposal in page.items],
        next=paging.cursor(page.following),
        position=position,
    )


@router.post(
    "/{proposal_id}",
    summary="Accept or decline a merge",
    responses=problems(403, 404, 409, 412, 429),
)
async def post_decision(
    *,
    proposal_id: ProposalPath,
    body: DecisionIn,
    expected: ExpectedVersion,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    response: Response,
) -> MergeProposalView:
    """For managers of one of the contacts. It is accepted, and the contacts are merged, once
    managers of both have accepted: who manages both, or has the role `system_admin`, does it at
    once. One side is enough to decline; then the two are not proposed again for the same phone
    number or email. `409` if it was decided otherwise before."""
    scope = await load_scope(gateway, caller)
    proposal = await _find(gateway, _filter(caller, scope, proposal_id=proposal_id))
    command = DecideProposal(
        **build_command_fields(gateway, caller, expected),
        contact_id=proposal.contact_id,
        other=proposal.shown.other,
        proposal_id=proposal_id,
        accept=body.accept,
        administrator=caller.viewer.manages_default_warehouse,
    )
    settled = check_settled(await gateway.crm_commands.carry_out(command), command, "proposal")
    if settled.outcome is CrmOutcome.APPLIED:
        merged = settled.survivor is not None
        await gateway.crm.wait_for_proposal(proposal, settled.version, merged=merged)
    set_etag(response, settled.version)
    view = show_proposal(proposal)
    if settled.outcome is CrmOutcome.UNCHANGED:
        return view
    state = ProposalState.OPEN if body.accept else ProposalState.DECLINED
    accepted_for = await _accepted_for(gateway, caller, scope, proposal) if body.accept else []
    if settled.survivor is not None:
        state, accepted_for = ProposalState.ACCEPTED, []
    changed = {
        "state": state,
        "accepted_for": accepted_for,
        "updated_at": command.at,
        "version": settled.version,
    }
    return view.model_copy(update=changed)


def _filter(
    caller: Caller,
    scope: ContactScope,
    *,
    proposal_id: str | None = None,
    state: ProposalState | None = None,
) -> ProposalFilter:
    every = caller.viewer.manages_default_warehouse
    return ProposalFilter(
        organization=scope.organization,
        warehouses=None if every else scope.managed,
        id=proposal_id,
        state=state,
    )


async def _find(gateway: Gateway, wanted: ProposalFilter) -> MergeProposal:
    page = await gateway.crm.proposals(wanted, 1, None)
    if not page.items:
        raise not_found("proposal", str(wanted.id))
    return page.items[0]


async def _accepted_for(
    gateway: Gateway, caller: Caller, scope: ContactScope, proposal: MergeProposal
) -> list[ContactId]:
    """The contacts for which it is accepted after the caller has accepted for theirs."""
    found = await gateway.crm.find_contacts(scope, proposal.contact_ids)
    own = {each.document.id for each in found if each.document.warehouse_id in scope.managed}
    return sorted({*proposal.shown.approved, *own})


def show_proposal(proposal: MergeProposal) -> MergeProposalView:
    """A proposal, as it is listed."""
    shown = proposal.shown
    is_open = shown.state is ProposalState.OPEN
    return MergeProposalView(
        id=shown.id,
        contact_ids=list(proposal.contact_ids),
        state=shown.state,
        accepted_for=list(shown.approved) if is_open else [],
        created_at=shown.created_at,
        created_by=None,
        updated_at=shown.updated_at,
        version=shown.version,
    )
