"""Who sees which contacts, and how much of them: one scope, which limits every list, search, count,
export and detail of the CRM.

Decides S1, W1, W3 and W6.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum

from tuyen_events.crm.contacts import DEFAULT_WAREHOUSE
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_gateway.domain.visibility import Viewer


class AccessLevel(IntEnum):
    """How much of a contact a viewer sees. Each includes those before it."""

    NOTHING = 0
    CLAIMABLE = 1
    """The name, the warehouse and the source of a contact that nobody has (W3)."""
    READ = 2
    WRITE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactScope:
    """The contacts that a viewer may see.

    `managed` are the warehouses whose contacts the viewer manages, and `joined` those from which
    they may claim. `led` are the agents of the teams that they lead.
    """

    organization: OrganizationId
    agent_id: AgentId
    managed: frozenset[str] = frozenset()
    joined: frozenset[str] = frozenset()
    led: frozenset[AgentId] = frozenset()

    def access_to(
        self, warehouse_id: str, assignee: AgentId | None, viewers: Collection[AgentId]
    ) -> AccessLevel:
        """The access level of the viewer to a contact of the scope's organization."""
        if warehouse_id in self.managed or assignee in {self.agent_id, *self.led}:
            return AccessLevel.WRITE
        if self.agent_id in viewers:
            return AccessLevel.READ
        if assignee is None and warehouse_id in self.joined:
            return AccessLevel.CLAIMABLE
        return AccessLevel.NOTHING

    def may_add_to(self, warehouse_id: str) -> bool:
        """Whether the viewer may add contacts to the warehouse: to one that they manage or joined,
        and to the default one. Where they are no manager, what they add is theirs."""
        return warehouse_id in {DEFAULT_WAREHOUSE, *self.joined, *self.managed}


@dataclass(frozen=True, slots=True, kw_only=True)
class Memberships:
    """The warehouses that an agent manages, those of which they are a member, and the agents of the
    teams that they lead."""

    managed: frozenset[str] = frozenset()
    joined: frozenset[str] = frozenset()
    led: frozenset[AgentId] = frozenset()


def contact_scope_of(viewer: Viewer, memberships: Memberships) -> ContactScope:
    """A manager of the default warehouse is, beside others, the system administrator (W1)."""
    default = {DEFAULT_WAREHOUSE} if viewer.manages_default_warehouse else set()
    return ContactScope(
        organization=viewer.organization,
        agent_id=viewer.agent_id,
        managed=memberships.managed | default,
        joined=memberships.joined,
        led=memberships.led,
    )
