"""What an organization has set up, folded from the directory's records one by one.

Decides R1.4.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from hashlib import blake2b
from typing import Any, Generic, TypeVar

from tuyen_directory.usernames import fold_username
from tuyen_events.choosing import needs_loads
from tuyen_events.directory import (
    AgentChanged,
    DepartmentChanged,
    DirectoryEvent,
    GroupChanged,
    IntegrationChanged,
    LinkChanged,
    OrganizationChanged,
    PageChanged,
    RegionChanged,
    RuleChanged,
    SettingsChanged,
    SupportTeamChanged,
)
from tuyen_events.ids import (
    AgentId,
    DepartmentId,
    GroupId,
    IntegrationId,
    LinkId,
    OrganizationId,
    PageId,
    RuleId,
)
from tuyen_events.vocabulary import Channel, Role

EntityT_co = TypeVar("EntityT_co", bound=DirectoryEvent, covariant=True)

_NEVER = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class StoredEntity(Generic[EntityT_co]):
    """The present state of an entity. `version` is the number of its latest record
    (`next_version`)."""

    value: EntityT_co
    version: int


@dataclass(frozen=True, slots=True)
class Removed:
    """The record that removed an entity, with the parts of its key."""

    entity: str
    entity_id: str


@dataclass(frozen=True, kw_only=True)
class Organization:
    """Everything that one organization has set up. To callers, an organization without a profile
    does not exist."""

    id: OrganizationId
    version: int = 0
    """The number of its last record; 0 before the first."""
    profile: StoredEntity[OrganizationChanged] | None = None
    stored_settings: StoredEntity[SettingsChanged] | None = None
    support_team: StoredEntity[SupportTeamChanged] | None = None
    agents: Mapping[AgentId, StoredEntity[AgentChanged]] = field(default_factory=dict)
    pages: Mapping[PageId, StoredEntity[PageChanged]] = field(default_factory=dict)
    rules: Mapping[RuleId, StoredEntity[RuleChanged]] = field(default_factory=dict)
    departments: Mapping[DepartmentId, StoredEntity[DepartmentChanged]] = field(
        default_factory=dict
    )
    regions: Mapping[str, StoredEntity[RegionChanged]] = field(default_factory=dict)
    """By department and region, `sales/north`, as agents refer to them."""
    groups: Mapping[GroupId, StoredEntity[GroupChanged]] = field(default_factory=dict)
    links: Mapping[LinkId, StoredEntity[LinkChanged]] = field(default_factory=dict)
    integrations: Mapping[IntegrationId, StoredEntity[IntegrationChanged]] = field(
        default_factory=dict
    )

    @property
    def settings(self) -> SettingsChanged:
        """The settings; a setting that was never set has its default."""
        if self.stored_settings is None:
            return SettingsChanged(organization=self.id, at=_NEVER)
        return self.stored_settings.value

    @property
    def suspended(self) -> bool:
        return self.profile is not None and self.profile.value.suspended

    def agent(self, agent_id: AgentId) -> AgentChanged | None:
        stored = self.agents.get(agent_id)
        return None if stored is None else stored.value

    def active_agent(self, agent_id: AgentId) -> AgentChanged | None:
        """The agent, unless disabled or removed (R1.8)."""
        stored = self.agents.get(agent_id)
        return None if stored is None or stored.value.disabled else stored.value

    @cached_property
    def active_agents(self) -> tuple[AgentId, ...]:
        """The agents who are not disabled, in the order of their ids."""
        agents = sorted(self.agents.items())
        return tuple(agent_id for agent_id, stored in agents if not stored.value.disabled)

    @cached_property
    def crm_staff(self) -> tuple[AgentId, ...]:
        """The agents who are not disabled and may use the CRM (C11), in the order of their ids."""
        return tuple(each for each in self.active_agents if self.agents[each].value.crm.access)

    def find_agent_by_username(self, username: str) -> AgentChanged | None:
        """The agent who logs in with `username`, whatever its case and Unicode form; of two, the
        one who had it first. Two old usernames that differ only in their Unicode form stay
        separate."""
        found = self._agents_by_username.get(fold_username(username), ())
        wanted = username.casefold()
        own = [stored for stored in found if stored.value.username.casefold() == wanted]
        return min(own or found, key=lambda stored: stored.version).value if found else None

    def has_admin(self) -> bool:
        """Whether anybody can still manage the organization."""
        return any(
            stored.value.role is Role.SYSTEM_ADMIN and not stored.value.disabled
            for stored in self.agents.values()
        )

    def staff_of(self, page_id: PageId) -> frozenset[AgentId]:
        """The agents who were given the page."""
        return self._staff_by_page[page_id]

    def members_of_group(self, group_id: GroupId) -> frozenset[AgentId]:
        """The members of a group; nobody if there is no such group."""
        return self._members_by_group.get(group_id, frozenset())

    def find_staffed_pages(self, agent_id: AgentId) -> frozenset[PageId]:
        """The pages that the agent was given."""
        return self._pages_by_agent.get(agent_id, frozenset())

    @cached_property
    def department_choices(self) -> Mapping[tuple[str | None, str | None], None]:
        """All that a visitor may choose and somebody may belong to (R1.5), in a fixed order: no
        department, a department, or a department and a region of it."""
        departments = [(department, None) for department in self.departments]
        regions = [
            (stored.value.department_id, stored.value.id)
            for stored in self.regions.values()
            if stored.value.department_id in self.departments
        ]
        return dict.fromkeys([(None, None), *departments, *regions])

    @cached_property
    def counts_loads(self) -> bool:
        """Whether a rule needs the number of open conversations of its agents (R1.7, R2.3)."""
        return any(
            needs_loads(rule.value.mode)
            or any(member.capacity is not None for member in rule.value.members)
            for rule in self.rules.values()
            if rule.value.enabled
        )

    @cached_property
    def other_channels(self) -> frozenset[Channel]:
        """The channels of its pages that this version does not know."""
        channels = {stored.value.channel for stored in self.pages.values()}
        return frozenset(channel for channel in channels if not channel.is_known)

    @cached_property
    def shown_setup(self) -> bytes:
        """Eight bytes that represent all on which viewers' rights depend, and the names that others
        see."""
        settings = self.settings
        agents = sorted(
            (agent.id, agent.name, agent.role.value, agent.disabled, repr(agent.crm))
            for agent in (stored.value for stored in self.agents.values())
        )
        pages = sorted(
            (page.id, page.name, *sorted(page.staff))
            for page in (stored.value for stored in self.pages.values())
        )
        shown = (settings.visibility.value, settings.page_permissions, agents, pages)
        return blake2b(repr(shown).encode(), digest_size=8).digest()

    @cached_property
    def _agents_by_username(self) -> Mapping[str, Sequence[StoredEntity[AgentChanged]]]:
        found: dict[str, list[StoredEntity[AgentChanged]]] = {}
        for stored in self.agents.values():
            found.setdefault(fold_username(stored.value.username), []).append(stored)
        return found

    @cached_property
    def _staff_by_page(self) -> "_StaffByPage":
        return _StaffByPage(self.pages)

    @cached_property
    def _members_by_group(self) -> Mapping[GroupId, frozenset[AgentId]]:
        return {group_id: frozenset(group.value.members) for group_id, group in self.groups.items()}

    @cached_property
    def _pages_by_agent(self) -> Mapping[AgentId, frozenset[PageId]]:
        found: dict[AgentId, set[PageId]] = {}
        for page_id, page in self.pages.items():
            for agent_id in page.value.staff:
                found.setdefault(agent_id, set()).add(page_id)
        return {agent_id: frozenset(pages) for agent_id, pages in found.items()}


class _StaffByPage(dict[PageId, frozenset[AgentId]]):
    """The staff of pages as sets. Each set is made when it is first needed: an organization may
    have thousands of pages, and every change makes a new `Organization`."""

    def __init__(self, pages: Mapping[PageId, StoredEntity[PageChanged]]) -> None:
        super().__init__()
        self._pages = pages

    def __missing__(self, page_id: PageId) -> frozenset[AgentId]:
        page = self._pages.get(page_id)
        if page is None:
            return frozenset()
        staff = self[page_id] = frozenset(page.value.staff)
        return staff


def may_work_on(organization: Organization, agent: AgentChanged, page_id: PageId) -> bool:
    """R1.4: with page permissions on, an agent works only on the pages that they were given; this
    applies to every role except `system_admin`."""
    return works_everywhere(organization, agent) or agent.id in organization.staff_of(page_id)


def works_everywhere(organization: Organization, agent: AgentChanged) -> bool:
    """R1.4: whether the agent works on all pages, also on those that they were not given."""
    return not organization.settings.page_permissions or agent.role is Role.SYSTEM_ADMIN


def next_version(before: int, written_ms: int) -> int:
    """The number of an organization's record that follows the one numbered `before` and was written
    at `written_ms`, in milliseconds since 1970: the greater of the two.

    It rises with each record of the organization, even if two were written at once or with
    different clocks, and does not reveal how much others write (R7.2). Every reader of the log
    computes the same number; one that reads it after compaction may compute a smaller number for a
    record, by as many as were written in one millisecond, and never a larger one.
    """
    return max(before + 1, written_ms)


def evolve(
    organization: Organization, change: DirectoryEvent | Removed, version: int
) -> Organization:
    """The organization after its record `version`. An unknown entity changes nothing else."""
    organization = replace(organization, version=version)
    match change:
        case OrganizationChanged():
            return replace(organization, profile=StoredEntity(change, version))
        case SettingsChanged():
            return replace(organization, stored_settings=StoredEntity(change, version))
        case SupportTeamChanged():
            return replace(organization, support_team=StoredEntity(change, version))
        case Removed():
            entity, entity_id = change.entity, change.entity_id
        case _:
            entity, entity_id = entity_of(change)
    name = _SEVERAL.get(entity)
    if name is None:
        return organization
    after = dict(getattr(organization, name))
    if isinstance(change, Removed):
        after.pop(entity_id, None)
    else:
        after[entity_id] = StoredEntity(change, version)
    changed: Mapping[str, Any] = {name: after}
    return replace(organization, **changed)


_ENTITIES: Mapping[type[DirectoryEvent], str] = {
    OrganizationChanged: "organization",
    SettingsChanged: "settings",
    SupportTeamChanged: "support_team",
    AgentChanged: "agent",
    PageChanged: "page",
    RuleChanged: "rule",
    DepartmentChanged: "department",
    RegionChanged: "region",
    GroupChanged: "group",
    LinkChanged: "link",
    IntegrationChanged: "integration",
}

_SEVERAL: Mapping[str, str] = {
    "agent": "agents",
    "page": "pages",
    "rule": "rules",
    "department": "departments",
    "region": "regions",
    "group": "groups",
    "link": "links",
    "integration": "integrations",
}
"""The attribute of an organization for each kind of entity that it has several of, by their ids."""


def entity_of(event: DirectoryEvent) -> tuple[str, str]:
    """The parts of an entity's key: its kind, and its id if an organization has several."""
    entity = _ENTITIES.get(type(event))
    if entity is None:
        raise TypeError(f"{type(event).__name__} is no entity of the directory")
    match event:
        case RegionChanged():
            return entity, region_key(event.department_id, event.id)
        case (
            AgentChanged()
            | PageChanged()
            | RuleChanged()
            | DepartmentChanged()
            | GroupChanged()
            | LinkChanged()
            | IntegrationChanged()
        ):
            return entity, event.id
        case _:
            return entity, ""


def region_key(department_id: str, region_id: str) -> str:
    """A region as agents refer to it, and the end of its key in the directory: `sales/north`."""
    return f"{department_id}/{region_id}"


def entities(organization: Organization, entity: str) -> Mapping[str, StoredEntity[DirectoryEvent]]:
    """All entities of a kind, as it is named in keys, by their ids; none if there is only ever
    one."""
    name = _SEVERAL.get(entity)
    found: Mapping[str, StoredEntity[DirectoryEvent]] = (
        {} if name is None else getattr(organization, name)
    )
    return found


def find_entity(
    organization: Organization, entity: str, entity_id: str
) -> StoredEntity[DirectoryEvent] | None:
    """One entity by the parts of its key."""
    found: StoredEntity[DirectoryEvent] | None = None
    match entity:
        case "organization":
            found = organization.profile
        case "settings":
            found = organization.stored_settings
        case "support_team":
            found = organization.support_team
        case _:
            found = entities(organization, entity).get(entity_id)
    return found
