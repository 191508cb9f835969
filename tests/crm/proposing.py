"""Commands about proposals to merge contacts, in the shop of `crm.world`."""

from typing import Any

from crm.world import AGENT, MOMENT, SHOP, World
from tuyen_crm.domain.decision import CommandDecision
from tuyen_events.crm.claims import PlaceContact
from tuyen_events.crm.contacts import RemoveContact
from tuyen_events.crm.merge_proposals import DecideProposal, MergeProposalClosed, ProposalState
from tuyen_events.crm.shared_numbers import AddSharedNumber, RemoveSharedNumber
from tuyen_events.crm.warehouses import PutWarehouse
from tuyen_events.ids import AgentId, ContactId, proposal_id
from tuyen_views.merge_proposals import ProposalOfContact

A, B, C = "+84912345678", "+84987654321", "+84382345678"
an, binh, hoa, quan = (AgentId(name) for name in ("an", "binh", "hoa", "quan"))


def put_warehouse(world: World, warehouse_id: str, *managers: AgentId, **more: Any) -> None:
    world.do(
        PutWarehouse(
            command_id=f"cmd_{warehouse_id}",
            organization=SHOP,
            id=warehouse_id,
            at=MOMENT,
            name=warehouse_id,
            managers=managers,
            **more,
            by=AGENT,
        )
    )


def place(world: World, contact: ContactId, **fields: Any) -> CommandDecision:
    """As an administrator does, who manages every warehouse of the test."""
    manager = world.contacts[contact].warehouse_id
    entity = world.setup("warehouses", manager)
    by = getattr(entity, "managers", (AGENT,))[0]
    command = PlaceContact(**world._common(contact), by=by, administrator=True, **fields)
    return world.do(command)


def remove(world: World, contact: ContactId) -> CommandDecision:
    return world.do(RemoveContact(**world._common(contact), by=AGENT))


def mark(world: World, value: str, *, shared: bool = True) -> CommandDecision:
    kind = AddSharedNumber if shared else RemoveSharedNumber
    command_id = f"cmd_{value}_{shared}"
    command = kind(command_id=command_id, organization=SHOP, id=value, at=MOMENT, by=AGENT)
    return world.do(command)


def decide(
    world: World,
    contact: ContactId,
    other: ContactId,
    *,
    by: AgentId,
    fact: str = A,
    accept: bool = True,
    **more: Any,
) -> CommandDecision:
    return world.do(
        DecideProposal(
            **world._common(contact),
            other=other,
            proposal_id=proposal_id(contact, other, fact),
            accept=accept,
            by=by,
            **more,
        )
    )


def only(world: World, contact: ContactId) -> ProposalOfContact:
    """The one proposal that the contact's document shows."""
    (proposal,) = world.documents[contact].proposals
    return proposal


def closed(world: World) -> list[tuple[ContactId, ProposalState | None, AgentId | None]]:
    """How proposals ended, in the order of the contacts."""
    found = [event for event in world.events if isinstance(event, MergeProposalClosed)]
    return sorted(((each.contact_id, each.state, each.by) for each in found), key=str)
