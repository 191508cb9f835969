"""Who may merge two contacts, and whether anybody has to be asked first (C2)."""

from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.state import ContactState
from tuyen_crm.entities.teams.decide import TEAMS
from tuyen_crm.entities.warehouses.placing import is_manager
from tuyen_events.crm.contacts import DEFAULT_WAREHOUSE
from tuyen_events.crm.teams import TeamChanged
from tuyen_events.ids import AgentId

_WAREHOUSES = "warehouses"


def may_merge_without_asking(known: KnownState, one: ContactState, another: ContactState) -> bool:
    """Whether a merge of the two gives no contact to anybody, and takes none from anybody, who
    should be asked first: it does not if both have assignees who differ, are in warehouses with
    different managers, or are shared to different agents."""
    if None not in (one.assignee, another.assignee) and one.assignee != another.assignee:
        return False
    if one.shares.keys() != another.shares.keys():
        return False
    return one.warehouse_id == another.warehouse_id or (
        _managers_of(known, one.warehouse_id) == _managers_of(known, another.warehouse_id)
    )


def may_change(
    known: KnownState, contact: ContactState, agent: AgentId, *, administrator: bool
) -> bool:
    """Whether the agent may change the contact: its assignee may, the leaders of the assignee's
    teams, and the managers of its warehouse (W3, W7). Agents with whom it is shared only read it
    (S1), and members of its warehouse do not see its numbers before they have claimed it."""
    return (
        contact.assignee == agent
        or is_manager(known, contact.warehouse_id, agent, administrator=administrator)
        or any(
            agent in team.leaders and contact.assignee in team.members
            for team in known.list_setup(TEAMS)
            if isinstance(team, TeamChanged)
        )
    )


def may_merge_manually(
    known: KnownState,
    one: ContactState,
    another: ContactState,
    agent: AgentId,
    *,
    administrator: bool,
) -> bool:
    """Whether the agent may merge the two: they may change both, and nobody gains or loses a
    contact by it, or they manage the warehouses of both."""
    both = (one, another)
    if all(
        is_manager(known, each.warehouse_id, agent, administrator=administrator) for each in both
    ):
        return True
    return may_merge_without_asking(known, one, another) and all(
        may_change(known, each, agent, administrator=administrator) for each in both
    )


def _managers_of(known: KnownState, warehouse_id: str) -> frozenset[AgentId | None]:
    """None stands for the system administrators, who manage the default warehouse (W1)."""
    warehouse = known.setup(_WAREHOUSES, warehouse_id)
    administrators = {None} if warehouse_id == DEFAULT_WAREHOUSE else set()
    return frozenset({*getattr(warehouse, "managers", ()), *administrators})
