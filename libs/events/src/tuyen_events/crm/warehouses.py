"""Warehouses: who works with which contacts."""

from typing import ClassVar

from tuyen_events.crm.records import SetupCommand, SetupEvent
from tuyen_events.ids import AgentId
from tuyen_events.vocabulary import Strategy


class PutWarehouse(SetupCommand, frozen=True, kw_only=True):
    """Create the warehouse, or replace the one with that id."""

    type: ClassVar[str] = "warehouse.put.v1"
    name: str
    description: str | None = None
    members: tuple[AgentId, ...] = ()
    managers: tuple[AgentId, ...] = ()
    sources: tuple[str, ...] = ()
    """The pages and integrations whose new contacts are put here."""
    distribute: Strategy | None = None
    """How new contacts are distributed to the members; null if they are not."""


class EmptyWarehouse(SetupCommand, frozen=True, kw_only=True):
    """Move some of the warehouse's contacts to the default one. If it has none, nothing changes."""

    type: ClassVar[str] = "warehouse.empty.v1"


class RemoveWarehouse(SetupCommand, frozen=True, kw_only=True):
    """Remove the warehouse, and move its contacts to the default one; if there is none, nothing
    changes. With many contacts it has to be emptied first."""

    type: ClassVar[str] = "warehouse.remove.v1"


class WarehouseChanged(SetupEvent, frozen=True, kw_only=True):
    """An agent created or changed a warehouse (W2). The event contains all of it."""

    type: ClassVar[str] = "warehouse.changed.v1"
    name: str
    description: str | None = None
    members: tuple[AgentId, ...] = ()
    managers: tuple[AgentId, ...] = ()
    sources: tuple[str, ...] = ()
    distribute: Strategy | None = None


class WarehouseRemoved(SetupEvent, frozen=True, kw_only=True):
    """An agent removed a warehouse, which had no contacts any more. The default one can be changed,
    and is never removed."""

    type: ClassVar[str] = "warehouse.removed.v1"
    removes: ClassVar[bool] = True
