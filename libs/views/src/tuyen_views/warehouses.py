"""Warehouses. The CRM writes them; the gateway reads them."""

from pymongo import ASCENDING, IndexModel

from tuyen_events.ids import AgentId
from tuyen_events.vocabulary import Strategy
from tuyen_views.view import BY_ID, SetupDocument, View


class WarehouseDocument(SetupDocument, frozen=True, kw_only=True):
    """A warehouse (W2)."""

    name: str
    description: str | None = None
    members: tuple[AgentId, ...] = ()
    managers: tuple[AgentId, ...] = ()
    sources: tuple[str, ...] = ()
    distribute: Strategy | None = None


WAREHOUSES_VIEW = View(
    "crm_warehouses",
    WarehouseDocument,
    (
        BY_ID,
        IndexModel([("organization", ASCENDING), ("members", ASCENDING)], name="by_member"),
        IndexModel([("organization", ASCENDING), ("managers", ASCENDING)], name="by_manager"),
    ),
)
