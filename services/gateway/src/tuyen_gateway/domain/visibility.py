"""Who sees what (R7): one scope, which limits every list, count, detail and update.

Decides R7, R7.1, R7.2 and INV5.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tuyen_directory.organization import Organization
from tuyen_events.directory import AgentChanged, CrmRights, SettingsChanged
from tuyen_events.ids import AgentId, OrganizationId, PageId
from tuyen_events.vocabulary import Channel, Role, Visibility
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.read_marks import ReadMark


class Assignees(StrEnum):
    """The assignees whose conversations a viewer sees, on the visible pages."""

    ALL = "all"
    OWN_AND_UNASSIGNED = "own_and_unassigned"
    OWN = "own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """The agent who reads. `pages` are those whose staff the agent belongs to."""

    organization: OrganizationId
    agent_id: AgentId
    name: str
    role: Role
    pages: frozenset[PageId]
    since: datetime | None = None
    """When the agent was added; null for agents from before this was stored."""
    other_channels: frozenset[Channel] = frozenset()
    """The channels of the organization's pages that this version does not know."""
    crm: CrmRights = field(default_factory=CrmRights)

    @property
    def manages_default_warehouse(self) -> bool:
        """Whether the role makes them a manager of the default warehouse (W1)."""
        return self.role is Role.SYSTEM_ADMIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The conversations that a viewer may see; `pages` None is all of the organization's."""

    organization: OrganizationId
    agent_id: AgentId
    pages: frozenset[PageId] | None
    assignees: Assignees
    since: datetime | None = None
    """Everything before this counts as read for a new agent (I5)."""
    other_channels: frozenset[Channel] = frozenset()
    """Channels that this version does not know, whose conversations are listed with the others."""

    def covers(self, page: PageId, assignee: AgentId | None) -> bool:
        """Whether a conversation of `page` whose assignee is `assignee` is visible."""
        if self.pages is not None and page not in self.pages:
            return False
        match self.assignees:
            case Assignees.ALL:
                return True
            case Assignees.OWN_AND_UNASSIGNED:
                return assignee is None or assignee == self.agent_id
            case Assignees.OWN:
                return assignee == self.agent_id


def viewer_of(organization: Organization, agent: AgentChanged) -> Viewer:
    """The agent as a viewer."""
    return Viewer(
        organization=organization.id,
        agent_id=agent.id,
        name=agent.name,
        role=agent.role,
        pages=organization.find_staffed_pages(agent.id),
        since=agent.since,
        other_channels=organization.other_channels,
        crm=agent.crm,
    )


def sees_page(scope: Scope, page_id: PageId) -> bool:
    """Whether a viewer may see a page at all (R7.1)."""
    return scope.pages is None or page_id in scope.pages


def scope_of(viewer: Viewer, settings: SettingsChanged) -> Scope:
    """R7's table, limited to the viewer's pages by R7.1."""
    bound_to_pages = settings.page_permissions and viewer.role is not Role.SYSTEM_ADMIN
    if viewer.role.managing:
        assignees = Assignees.ALL
    else:
        assignees = {
            Visibility.EVERYONE: Assignees.ALL,
            Visibility.OWN_AND_UNASSIGNED: Assignees.OWN_AND_UNASSIGNED,
            Visibility.OWN_ONLY: Assignees.OWN,
        }[settings.visibility]
    return Scope(
        organization=viewer.organization,
        agent_id=viewer.agent_id,
        pages=viewer.pages if bound_to_pages else None,
        assignees=assignees,
        since=viewer.since,
        other_channels=viewer.other_channels,
    )


def began_before(row: InboxRow, scope: Scope) -> bool:
    """Whether the viewer has never marked a conversation that existed before they joined."""
    if scope.since is None or row.first_inbound_at is None:
        return False
    marked = any(read.agent_id == scope.agent_id for read in row.reads)
    return row.first_inbound_at <= scope.since and not marked


def read_at_start(row: InboxRow, scope: Scope, newer: Mapping[str, int]) -> ReadMark:
    """What a viewer has read of a conversation that existed before they joined, in which `newer`
    events arrived since."""
    seen = max(0, row.inbound_events - newer.get(row.id, 0))
    return ReadMark(agent_id=scope.agent_id, seen_events=seen)
