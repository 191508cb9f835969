"""The conditions for a change of the directory; each check raises the caller's mistake.

Decides L1.
"""

from collections.abc import Container, Iterable, Sequence

from tuyen_directory.organization import Organization
from tuyen_events.directory import (
    AgentChanged,
    DirectoryEvent,
    GroupChanged,
    IntegrationChanged,
    LinkChanged,
    PageChanged,
    RegionChanged,
    RuleChanged,
    SettingsChanged,
    SupportTeamChanged,
)
from tuyen_events.ids import AgentId, DepartmentId, GroupId
from tuyen_events.vocabulary import Role
from tuyen_gateway.errors import ConflictError, InvalidError, NotFoundError

_MOST_NAMED = 3

BOOKKEEPING = frozenset({"at", "by", "version"})
"""The fields of a record that say who wrote it, and when."""


def is_unchanged(before: DirectoryEvent, after: DirectoryEvent) -> bool:
    """Whether two records of an entity differ only in who wrote them and when."""
    return type(before) is type(after) and all(
        getattr(before, name) == getattr(after, name)
        for name in before.__struct_fields__
        if name not in BOOKKEEPING
    )


def check_agent(organization: Organization, change: AgentChanged) -> None:
    """A username belongs to one agent; nobody disables themselves; at least one `system_admin`
    stays; the departments and regions exist."""
    _check_places(organization, change)
    named = organization.find_agent_by_username(change.username)
    if named is not None and named.id != change.id:
        raise ConflictError(f"The username {change.username!r} is taken: choose another.")
    if change.disabled and change.id == change.by:
        raise ConflictError("Nobody disables themselves: ask another system_admin.")
    if change.disabled or change.role is not Role.SYSTEM_ADMIN:
        _check_admin_stays(organization, change.id)


def check_agent_removal(organization: Organization, agent_id: AgentId, by: AgentId) -> None:
    """Nobody removes themselves; at least one `system_admin` stays."""
    if agent_id == by:
        raise ConflictError("Nobody removes themselves: ask another system_admin.")
    _check_admin_stays(organization, agent_id)


def check_support_team(organization: Organization, change: SupportTeamChanged) -> None:
    check_agents(organization, "agent_ids", change.agent_ids)


def check_page(organization: Organization, change: PageChanged) -> None:
    """The staff exists. A page stays the same account: its customers' ids depend on it. No
    integration has its id."""
    check_agents(organization, "staff", change.staff)
    before = organization.pages.get(change.id)
    if before is None:
        _check_not_taken(change.id, "an integration", organization.integrations)
        return
    if (before.value.channel, before.value.external_id) != (change.channel, change.external_id):
        raise ConflictError(
            f"The page {change.id!r} is {before.value.channel} {before.value.external_id!r} and "
            "cannot change: put the other account under another id."
        )


def check_integration(organization: Organization, change: IntegrationChanged) -> None:
    """No page has its id: warehouses have the ids of both among their sources (W2)."""
    if change.id not in organization.integrations:
        _check_not_taken(change.id, "a page", organization.pages)


def _check_not_taken(entity_id: str, other: str, others: Container[str]) -> None:
    if entity_id in others:
        raise ConflictError(f"The id {entity_id!r} is that of {other}: choose another.")


def check_settings(change: SettingsChanged) -> None:
    """Each step of automation needs the one before."""
    if change.auto_assign and not change.assignment:
        raise InvalidError(
            "auto_assign",
            "`auto_assign` needs `assignment`: switch `assignment` on first, or both at once; "
            "to switch `assignment` off, switch `auto_assign` off with it.",
        )
    if change.auto_reassign and not change.auto_assign:
        raise InvalidError(
            "auto_reassign",
            "`auto_reassign` needs `auto_assign`: switch `auto_assign` on first, or both at once; "
            "to switch `auto_assign` off, switch `auto_reassign` off with it.",
        )


def check_rule(organization: Organization, change: RuleChanged) -> None:
    """Members and pages exist, each once."""
    check_agents(organization, "members", [member.agent_id for member in change.members])
    unknown = [page for page in change.pages or () if page not in organization.pages]
    if unknown:
        raise InvalidError("pages", f"There is no page {unknown[0]!r}: connect it first.")
    check_once("pages", change.pages or ())


def check_region(organization: Organization, change: RegionChanged) -> None:
    """The region's department exists."""
    check_department_exists(organization, change.department_id)


def check_department_exists(organization: Organization, department_id: DepartmentId) -> None:
    if department_id not in organization.departments:
        raise NotFoundError(f"There is no department {department_id!r}: add it first.")


def check_group(organization: Organization, change: GroupChanged) -> None:
    """The members exist, each once."""
    check_agents(organization, "members", change.members)


def check_link(organization: Organization, change: LinkChanged) -> None:
    """The group exists."""
    if change.group not in organization.groups:
        raise InvalidError("group", f"There is no group {change.group!r}: add it first.")


def check_department_removal(organization: Organization, department_id: DepartmentId) -> None:
    """No region and no agent is in it: visitors who choose it would wait for ever."""
    regions = [
        stored.value.id
        for stored in organization.regions.values()
        if stored.value.department_id == department_id
    ]
    agents = [
        a for a, stored in organization.agents.items() if department_id in stored.value.departments
    ]
    _check_unused(f"The department {department_id!r}", "region", regions)
    _check_unused(f"The department {department_id!r}", "agent", agents)


def check_region_removal(organization: Organization, region: str) -> None:
    """No agent is in it."""
    agents = [a for a, stored in organization.agents.items() if region in stored.value.regions]
    _check_unused(f"The region {region!r}", "agent", agents)


def check_group_removal(organization: Organization, group_id: GroupId) -> None:
    """No link refers to it."""
    links = [k for k, stored in organization.links.items() if stored.value.group == group_id]
    _check_unused(f"The group {group_id!r}", "link", links)


def _check_unused(what: str, kind: str, users: Sequence[str]) -> None:
    if users:
        named = ", ".join(repr(user) for user in sorted(users)[:_MOST_NAMED])
        more = len(users) - _MOST_NAMED
        others = f" and {more} more" if more > 0 else ""
        raise ConflictError(f"{what} is used by the {kind} {named}{others}: change that first.")


def _check_places(organization: Organization, change: AgentChanged) -> None:
    """An agent of a region is also in its department: visitors choose the department first."""
    check_once("departments", change.departments)
    check_once("regions", change.regions)
    for department in change.departments:
        if department not in organization.departments:
            raise InvalidError(
                "departments", f"There is no department {department!r}: add it first."
            )
    for region in change.regions:
        if region not in organization.regions:
            raise InvalidError("regions", f"There is no region {region!r}: add it first.")
        department = region.partition("/")[0]
        if department not in change.departments:
            raise InvalidError(
                "regions",
                f"The region {region!r} needs its department: add {department!r} to `departments`.",
            )


def _check_admin_stays(organization: Organization, leaving: AgentId) -> None:
    others = [
        stored.value
        for stored in organization.agents.values()
        if stored.value.id != leaving
        and stored.value.role is Role.SYSTEM_ADMIN
        and not stored.value.disabled
    ]
    if organization.has_admin() and not others:
        raise ConflictError(
            f"{leaving!r} is the last system_admin: give somebody else that role first."
        )


def check_active_agent(organization: Organization, field: str, agent_id: AgentId) -> None:
    """The agent exists and is not disabled."""
    if organization.active_agent(agent_id) is None:
        raise InvalidError(field, f"There is no active agent {agent_id!r}.")


def check_agents(organization: Organization, field: str, agents: Iterable[AgentId]) -> None:
    """All of them exist, each once."""
    listed = list(agents)
    unknown = [agent for agent in listed if agent not in organization.agents]
    if unknown:
        raise InvalidError(field, f"There is no agent {unknown[0]!r}: add them first.")
    check_once(field, listed)


def check_once(field: str, ids: Iterable[str]) -> None:
    """No id is listed twice."""
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            raise InvalidError(field, f"{one!r} is listed twice.")
        seen.add(one)
