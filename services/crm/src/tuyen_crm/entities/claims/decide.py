"""Handles commands that change the assignee or the warehouse of a contact.

Decides W4, W5 and W7.
"""

from functools import partial
from typing import assert_never

from msgspec import UNSET

from tuyen_crm.domain.decision import (
    NOT_FOUND,
    CommandDecision,
    build_event,
    decide_applied,
    decide_conflict,
    decide_refused,
    decide_unchanged,
)
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.state import ContactState
from tuyen_crm.domain.survivors import decide_for_survivor
from tuyen_crm.entities.teams.decide import TEAMS
from tuyen_crm.entities.warehouses.placing import has_warehouse, is_manager, may_claim
from tuyen_events.crm.claims import (
    ClaimContact,
    ContactAssigned,
    ContactClaimed,
    ContactMoved,
    PlaceContact,
    PlaceEvent,
)
from tuyen_events.crm.records import CrmRefusal
from tuyen_events.crm.teams import TeamChanged
from tuyen_events.ids import AgentId

ClaimCommands = ClaimContact | PlaceContact


def decide(known: KnownState, command: ClaimCommands) -> CommandDecision:
    match command:
        case ClaimContact():
            return decide_for_survivor(known, command, partial(_claim, known))
        case PlaceContact():
            return decide_for_survivor(known, command, partial(decide_place, known))
        case _:
            assert_never(command)


def _claim(known: KnownState, contact: ContactState, command: ClaimContact) -> CommandDecision:
    """The first agent who claims an unassigned contact becomes its assignee, and may repeat the
    claim; all others are told who did, whatever version they know. An agent who may not claim from
    the warehouse is answered as if the contact did not exist (W6)."""
    if contact.warehouse_id != command.warehouse_id:
        return NOT_FOUND
    if not may_claim(known, command.warehouse_id, command.by):
        return NOT_FOUND
    if contact.assignee == command.by:
        return decide_unchanged(contact.version)
    if contact.assignee is not None:
        return decide_refused(CrmRefusal.HELD, contact.version, contact.assignee)
    if command.expected_version not in (None, contact.version):
        return decide_conflict(contact.version)
    sequence = contact.sequence + 1
    return decide_applied(build_event(command, ContactClaimed, sequence, assignee=command.by))


def decide_place(
    known: KnownState, contact: ContactState, command: PlaceContact
) -> CommandDecision:
    """Changes the assignee and the warehouse of the contact."""
    if command.expected_version not in (None, contact.version):
        return decide_conflict(contact.version)
    assignee = contact.assignee if command.assignee is UNSET else command.assignee
    warehouse = contact.warehouse_id if command.warehouse_id is UNSET else command.warehouse_id
    moves, assigns = warehouse != contact.warehouse_id, assignee != contact.assignee
    if not moves and not assigns:
        return decide_unchanged(contact.version)
    if not _may_place(known, contact, command, moves=moves, assignee=assignee):
        return decide_refused(CrmRefusal.NOT_ALLOWED, contact.version)
    if not has_warehouse(known, warehouse):
        return decide_refused(CrmRefusal.NO_WAREHOUSE, contact.version)
    events: list[PlaceEvent] = []
    if moves:
        events.append(_build_moved(contact, command, warehouse))
    if assigns:
        events.append(_build_assigned(contact, command, warehouse, assignee, len(events)))
    return decide_applied(*events)


def _may_place(
    known: KnownState,
    contact: ContactState,
    command: PlaceContact,
    *,
    moves: bool,
    assignee: AgentId | None,
) -> bool:
    """The managers of its warehouse may do everything with a contact (W5). The leader of a team may
    assign a contact of one member to another one, or to themselves (W7)."""
    if is_manager(known, contact.warehouse_id, command.by, administrator=command.administrator):
        return True
    if moves or assignee is None or contact.assignee is None:
        return False
    return any(
        command.by in team.leaders
        and contact.assignee in team.members
        and assignee in (*team.members, command.by)
        for team in known.list_setup(TEAMS)
        if isinstance(team, TeamChanged)
    )


def _build_moved(contact: ContactState, command: PlaceContact, warehouse: str) -> ContactMoved:
    return ContactMoved(
        organization=command.organization,
        contact_id=command.contact_id,
        sequence=contact.sequence + 1,
        warehouse_id=warehouse,
        previous_warehouse_id=contact.warehouse_id,
        assignee=contact.assignee,
        by=command.by,
        caused_by=command.command_id,
        at=command.at,
    )


def _build_assigned(
    contact: ContactState,
    command: PlaceContact,
    warehouse: str,
    assignee: AgentId | None,
    before: int,
) -> ContactAssigned:
    """`before` is the number of events before it that follow from the command."""
    return ContactAssigned(
        organization=command.organization,
        contact_id=command.contact_id,
        sequence=contact.sequence + before + 1,
        warehouse_id=warehouse,
        assignee=assignee,
        previous_assignee=contact.assignee,
        by=command.by,
        caused_by=command.command_id,
        at=command.at,
    )
