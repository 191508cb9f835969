"""What a change of the directory has to fit; each check raises what the caller got wrong."""

from collections.abc import Iterable

from tuyen_events.directory import (
    AgentChanged,
    DirectoryEvent,
    PageChanged,
    RuleChanged,
    SettingsChanged,
    SupportTeamChanged,
)
from tuyen_events.ids import AgentId, PageId
from tuyen_events.vocabulary import Mode, Role
from tuyen_gateway.domain.directory import Organization
from tuyen_gateway.errors import ConflictError, InvalidError

_BOOKKEEPING = frozenset({"at", "by", "version"})


def unchanged(before: DirectoryEvent, after: DirectoryEvent) -> bool:
    """Whether two records of an entity differ in nothing but who wrote them and when."""
    return type(before) is type(after) and all(
        getattr(before, name) == getattr(after, name)
        for name in before.__struct_fields__
        if name not in _BOOKKEEPING
    )


def check_agent(organization: Organization, change: AgentChanged) -> None:
    """A username is one agent's; nobody disables themselves; somebody stays `system_admin`."""
    named = organization.agent_named(change.username)
    if named is not None and named.id != change.id:
        raise ConflictError(f"The username {change.username!r} is taken: choose another.")
    if change.disabled and change.id == change.by:
        raise ConflictError("Nobody disables themselves: ask another system_admin.")
    if change.disabled or change.role is not Role.SYSTEM_ADMIN:
        _check_admin_stays(organization, change.id)


def check_agent_removal(organization: Organization, agent_id: AgentId, by: AgentId) -> None:
    """Nobody removes themselves; somebody stays `system_admin`."""
    if agent_id == by:
        raise ConflictError("Nobody removes themselves: ask another system_admin.")
    _check_admin_stays(organization, agent_id)


def check_support_team(organization: Organization, change: SupportTeamChanged) -> None:
    _check_agents(organization, "body.agent_ids", change.agent_ids)


def check_page(organization: Organization, change: PageChanged) -> None:
    """The staff exists. A page stays the account that it is: its customers' ids hang on it."""
    _check_agents(organization, "body.staff", change.staff)
    before = organization.pages.get(change.id)
    if before is None:
        return
    if (before.value.channel, before.value.external_id) != (change.channel, change.external_id):
        raise ConflictError(
            f"The page {change.id!r} is {before.value.channel} {before.value.external_id!r} and "
            "stays it: put the other account under another id."
        )


def check_settings(change: SettingsChanged) -> None:
    """Each step of automation stands on the one before."""
    if change.auto_assign and not change.assignment:
        raise InvalidError(
            "body.auto_assign",
            "`auto_assign` needs `assignment`: switch `assignment` on first, or both at once; "
            "to switch `assignment` off, switch `auto_assign` off with it.",
        )
    if change.auto_reassign and not change.auto_assign:
        raise InvalidError(
            "body.auto_reassign",
            "`auto_reassign` needs `auto_assign`: switch `auto_assign` on first, or both at once; "
            "to switch `auto_assign` off, switch `auto_reassign` off with it.",
        )


def check_rule(organization: Organization, change: RuleChanged) -> None:
    """Members and pages exist, each once; nothing is asked that the router does not do yet."""
    if change.mode is Mode.LEAST_LOADED:
        raise InvalidError(
            "body.mode", "The router does not choose by load yet: use sequential or random."
        )
    if any(member.capacity is not None for member in change.members):
        raise InvalidError(
            "body.members", "The router does not bound members' conversations yet: leave capacity."
        )
    _check_agents(organization, "body.members", [member.agent_id for member in change.members])
    unknown = [page for page in change.pages or () if page not in organization.pages]
    if unknown:
        raise InvalidError("body.pages", f"There is no page {unknown[0]!r}: connect it first.")
    _check_once("body.pages", change.pages or ())


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


def _check_agents(organization: Organization, field: str, agents: Iterable[AgentId]) -> None:
    listed = list(agents)
    unknown = [agent for agent in listed if agent not in organization.agents]
    if unknown:
        raise InvalidError(field, f"There is no agent {unknown[0]!r}: add them first.")
    _check_once(field, listed)


def _check_once(field: str, ids: Iterable[AgentId | PageId]) -> None:
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            raise InvalidError(field, f"{one!r} stands there twice.")
        seen.add(one)
