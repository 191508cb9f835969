"""What an organization has set up: compacted, one record per entity, the latest one counts.

Keyed `organization/entity/id`. A removed entity is a record without a value, whose type says so. A
region's id is `department/region`. Every record contains the whole entity. Secrets are never in it.
"""

from typing import ClassVar

import msgspec

from tuyen_events.event import Event
from tuyen_events.ids import (
    AgentId,
    DepartmentId,
    GroupId,
    IntegrationId,
    LinkId,
    OrganizationId,
    PageId,
    RegionId,
    RuleId,
)
from tuyen_events.vocabulary import (
    AppliesTo,
    Capability,
    Channel,
    IntegrationKind,
    Merging,
    Moment,
    Role,
    Strategy,
    Visibility,
    WhenNobody,
)

DEFAULT_TIME_ZONE = "Asia/Ho_Chi_Minh"


class DirectoryEvent(Event, frozen=True, kw_only=True):
    organization: OrganizationId
    by: AgentId | None = None
    """Who changed it; null for the operator."""
    at: Moment


COUNTRY = "VN"
"""The country of an organization that has named none."""


class OrganizationChanged(DirectoryEvent, frozen=True, kw_only=True):
    type: ClassVar[str] = "organization.changed.v1"
    name: str
    country: str = COUNTRY
    time_zone: str = DEFAULT_TIME_ZONE
    """By its name in the IANA database: reports are by its hours and days."""
    suspended: bool = False


class SettingsChanged(DirectoryEvent, frozen=True, kw_only=True):
    """All settings of an organization; a setting that was never set has its default."""

    type: ClassVar[str] = "settings.changed.v1"
    page_permissions: bool = False
    assignment: bool = False
    visibility: Visibility = Visibility.EVERYONE
    auto_assign: bool = False
    auto_reassign: bool = False
    when_nobody: WhenNobody = WhenNobody.QUEUE
    take_unassigned: bool = False
    done_after_hours: int = 0
    merge_contacts: Merging = Merging.PROPOSE
    version: int = 0
    """Rises by one with each change; 0 if they were never set."""


class CrmRights(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an agent may do in the CRM (C11), beside what their warehouses and teams let them."""

    access: bool = True
    """Use it at all."""
    imports: bool = msgspec.field(name="import", default=True)
    export: bool = True
    delete: bool = True
    """Remove contacts."""


class AgentChanged(DirectoryEvent, frozen=True, kw_only=True):
    type: ClassVar[str] = "agent.changed.v1"
    id: AgentId
    name: str
    username: str
    role: Role
    departments: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    disabled: bool = False
    crm: CrmRights = CrmRights()
    since: Moment | None = None
    """When the agent was added: earlier events count as read (I5). Null in older records."""


class SupportTeamChanged(DirectoryEvent, frozen=True, kw_only=True):
    type: ClassVar[str] = "support_team.changed.v1"
    agent_ids: tuple[AgentId, ...] = ()


class PageChanged(DirectoryEvent, frozen=True, kw_only=True):
    """A connected account. A page belongs to one organization: the first that connected it.

    `status` is `active`, `inactive` (its events are not processed), or `waiting`: a livechat page
    that nobody subscribed yet, whose events are processed from its site's first call on.
    """

    type: ClassVar[str] = "page.changed.v1"
    id: PageId
    channel: Channel
    external_id: str
    name: str
    staff: tuple[AgentId, ...] = ()
    status: str = "active"
    automatic_apps: tuple[str, ...] = ()
    """Apps at the channel whose messages are automatic answers: they end no customer's wait
    (P5b)."""
    reply_url: str | None = None
    """Where replies to the visitors of a livechat page are sent (L5)."""
    sites: tuple[str, ...] = ()
    """The origins of the sites that may show a livechat page's widget (L4), such as
    `https://shop.example`; without any, every site may."""


class Member(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One agent of a rule's pool. Without capabilities, all are given (R1.3); without a capacity,
    there is no limit."""

    agent_id: AgentId
    capabilities: tuple[Capability, ...] | None = None
    capacity: int | None = None


class RuleChanged(DirectoryEvent, frozen=True, kw_only=True):
    """An assignment rule. With `pages` null it is the organization's default rule (R1.1)."""

    type: ClassVar[str] = "rule.changed.v1"
    id: RuleId
    name: str
    enabled: bool
    mode: Strategy
    applies_to: AppliesTo = AppliesTo.ONLINE
    pages: tuple[PageId, ...] | None = None
    members: tuple[Member, ...] = ()
    version: int = 1


class DepartmentChanged(DirectoryEvent, frozen=True, kw_only=True):
    """A department that a livechat's visitor can choose (L1)."""

    type: ClassVar[str] = "department.changed.v1"
    id: DepartmentId
    name: str


class RegionChanged(DirectoryEvent, frozen=True, kw_only=True):
    """A region inside a department (L1). `id` is unique only within its department."""

    type: ClassVar[str] = "region.changed.v1"
    department_id: DepartmentId
    id: RegionId
    name: str


class GroupChanged(DirectoryEvent, frozen=True, kw_only=True):
    """Agents who answer the visitors of certain links first (R1.6)."""

    type: ClassVar[str] = "group.changed.v1"
    id: GroupId
    name: str
    members: tuple[AgentId, ...] = ()


class LinkChanged(DirectoryEvent, frozen=True, kw_only=True):
    """Which group answers the visitors of a site's address, and of everything below it (R1.6)."""

    type: ClassVar[str] = "link.changed.v1"
    id: LinkId
    url: str
    group: GroupId


class IntegrationChanged(DirectoryEvent, frozen=True, kw_only=True):
    """A program that sends calls or leads with a token of its own (C7, C12)."""

    type: ClassVar[str] = "integration.changed.v1"
    id: IntegrationId
    name: str
    kind: IntegrationKind
    warehouse_id: str | None = None
    """Where its new contacts are put; null for the warehouse that has it among its sources."""
    token_hash: str
    """The SHA-256 of its token, which is random: the token cannot be found from it."""
    token_made_at: Moment
    created_at: Moment
    created_by: AgentId


REMOVED_TYPES: dict[str, str] = {
    "agent": "agent.removed.v1",
    "page": "page.removed.v1",
    "rule": "rule.removed.v1",
    "department": "department.removed.v1",
    "region": "region.removed.v1",
    "group": "group.removed.v1",
    "link": "link.removed.v1",
    "integration": "integration.removed.v1",
}
"""Entity to the type of the record without a value that removes it."""


def directory_key(organization: OrganizationId, entity: str, entity_id: str = "") -> str:
    """The Kafka key of an entity's record: `organization/entity/id`."""
    return f"{organization}/{entity}/{entity_id}"


def split_directory_key(key: bytes | None) -> tuple[OrganizationId, str, str] | None:
    """The organization, entity and id of a record; None for a key that is none of the
    directory's."""
    match (key or b"").decode("utf-8", "replace").split("/", 2):
        case [organization, entity, entity_id] if organization:
            return OrganizationId(organization), entity, entity_id
        case _:
            return None


EVENT_TYPES: tuple[type[Event], ...] = (
    OrganizationChanged,
    SettingsChanged,
    AgentChanged,
    SupportTeamChanged,
    PageChanged,
    RuleChanged,
    DepartmentChanged,
    RegionChanged,
    GroupChanged,
    LinkChanged,
    IntegrationChanged,
)
"""All of them, as they are in their topic."""
