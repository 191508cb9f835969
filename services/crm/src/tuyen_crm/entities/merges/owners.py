"""Who has a contact, as far as a merge needs to know it (C2)."""

from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.state import ContactState
from tuyen_events.crm.contacts import DEFAULT_WAREHOUSE
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


def _managers_of(known: KnownState, warehouse_id: str) -> frozenset[AgentId | None]:
    """None stands for the system administrators, who manage the default warehouse (W1)."""
    warehouse = known.setup(_WAREHOUSES, warehouse_id)
    administrators = {None} if warehouse_id == DEFAULT_WAREHOUSE else set()
    return frozenset({*getattr(warehouse, "managers", ()), *administrators})
