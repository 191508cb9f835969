"""Chooses the member of a warehouse who gets a new contact, if the warehouse distributes them.

Decides W5.
"""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

from tuyen_crm.domain.index_keys import assignee_key
from tuyen_crm.domain.known import KnownState
from tuyen_crm.entities.warehouses.placing import find_warehouse
from tuyen_events.choosing import ORDER_MEMBERS, Cursor, choose, needs_loads
from tuyen_events.crm.claims import ContactAssigned
from tuyen_events.crm.records import ContactEvent
from tuyen_events.ids import AgentId, EventId


def distribute(
    known: KnownState, created: ContactEvent, warehouse_id: str, staff: Collection[AgentId]
) -> ContactAssigned | None:
    """The event that assigns a new contact to a member of its warehouse who is among `staff`, the
    agents who can work with contacts; None if the warehouse does not distribute contacts, or has no
    such member.

    Members are chosen in turn (R2.1, R2.4), or the one with the fewest contacts of the warehouse is
    (R2.3).
    """
    warehouse = find_warehouse(known, warehouse_id)
    if warehouse is None or warehouse.distribute is None:
        return None
    members = _Members(warehouse.members, frozenset(staff))
    if not members.agents:
        return None
    loads = {}
    if needs_loads(warehouse.distribute):
        loads = {each: known.count(assignee_key(warehouse_id, each)) for each in members.agents}
    seed = EventId(created.caused_by)
    agent, _ = choose(
        warehouse.distribute, members, known.rotation_cursor(warehouse_id), seed, loads
    )
    return ContactAssigned(
        organization=created.organization,
        contact_id=created.contact_id,
        sequence=created.sequence + 1,
        warehouse_id=warehouse_id,
        assignee=agent,
        caused_by=created.caused_by,
        at=created.at,
    )


def turn_after(known: KnownState, event: ContactEvent) -> tuple[str, Cursor] | None:
    """The warehouse and the new place in its rotation, if the event was a turn in a rotation."""
    if not isinstance(event, ContactAssigned) or event.by is not None or event.assignee is None:
        return None
    warehouse = find_warehouse(known, event.warehouse_id)
    order = warehouse.members[:ORDER_MEMBERS] if warehouse else ()
    return event.warehouse_id, Cursor(event.assignee, order)


@dataclass(frozen=True)
class _Members:
    """The members of a warehouse, of whom those who are `present` may be chosen."""

    order: tuple[AgentId, ...]
    present: AbstractSet[AgentId]

    @property
    def pool(self) -> "_Members":
        return self

    @cached_property
    def places(self) -> Mapping[AgentId, int]:
        return {agent: place for place, agent in enumerate(self.order)}

    @property
    def agents(self) -> Sequence[AgentId]:
        return self.all_from(0)

    def first_from(self, place: int) -> AgentId:
        agents = self.all_from(place)
        if not agents:
            raise ValueError("nobody is on offer")
        return agents[0]

    def all_from(self, place: int) -> Sequence[AgentId]:
        turned = (*self.order[place:], *self.order[:place])
        return [agent for agent in turned if agent in self.present]
