"""Organizations of tests: everything that people set up, each thing in one call.

What a test is not about has a default, and a keyword argument sets any other field of the event.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from tuyen_directory.organization import Organization, Removed, entity_of, evolve
from tuyen_directory.organization_state import OrganizationState
from tuyen_events.directory import (
    AgentChanged,
    DepartmentChanged,
    DirectoryEvent,
    GroupChanged,
    IntegrationChanged,
    LinkChanged,
    Member,
    OrganizationChanged,
    PageChanged,
    RegionChanged,
    RuleChanged,
    SettingsChanged,
    SupportTeamChanged,
    directory_key,
)
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.vocabulary import Channel, IntegrationKind, Presence, Role, Strategy

AT = datetime(2026, 1, 5, 8, tzinfo=UTC)
SHOP = OrganizationId("shop")

_EventT = TypeVar("_EventT", bound=DirectoryEvent)


def profile(**fields: Any) -> OrganizationChanged:
    return _event(OrganizationChanged, fields, name="Shop")


def settings(**fields: Any) -> SettingsChanged:
    return _event(SettingsChanged, fields)


def agent(agent_id: str, role: Role = Role.AGENT, **fields: Any) -> AgentChanged:
    return _event(AgentChanged, fields, id=agent_id, name=agent_id, username=agent_id, role=role)


def support_team(*agents: str, **fields: Any) -> SupportTeamChanged:
    return _event(SupportTeamChanged, fields, agent_ids=agents)


def page(page_id: str = "page", staff: Iterable[str] = (), **fields: Any) -> PageChanged:
    account: dict[str, Any] = {"channel": Channel.FACEBOOK, "external_id": page_id}
    return _event(PageChanged, fields, id=page_id, name=page_id, staff=tuple(staff), **account)


def rule(rule_id: str = "r", members: Iterable[str | Member] = "abc", **fields: Any) -> RuleChanged:
    """An enabled rule for all pages. Its members are agents' ids, or all that is said of them."""
    listed = (Member(agent_id=AgentId(one)) if isinstance(one, str) else one for one in members)
    choosing: dict[str, Any] = {"enabled": True, "mode": Strategy.SEQUENTIAL}
    return _event(RuleChanged, fields, id=rule_id, name=rule_id, members=tuple(listed), **choosing)


def department(department_id: str, **fields: Any) -> DepartmentChanged:
    return _event(DepartmentChanged, fields, id=department_id, name=department_id)


def region(department_id: str, region_id: str, **fields: Any) -> RegionChanged:
    return _event(RegionChanged, fields, department_id=department_id, id=region_id, name=region_id)


def group(group_id: str, members: Iterable[str] = (), **fields: Any) -> GroupChanged:
    return _event(GroupChanged, fields, id=group_id, name=group_id, members=tuple(members))


def link(url: str, to: str, **fields: Any) -> LinkChanged:
    return _event(LinkChanged, fields, id=url, url=url, group=to)


def integration(integration_id: str, **fields: Any) -> IntegrationChanged:
    made: dict[str, Any] = {"token_made_at": AT, "created_at": AT, "created_by": "admin"}
    return _event(
        IntegrationChanged,
        fields,
        id=integration_id,
        name=integration_id,
        kind=IntegrationKind.LEADS,
        token_hash=f"hash of {integration_id}",
        **made,
    )


def _event(kind: type[_EventT], fields: Mapping[str, Any], /, **defaults: Any) -> _EventT:
    return kind(**{"organization": SHOP, "at": AT, **defaults, **fields})


def directory_record(event: DirectoryEvent) -> tuple[str, Envelope]:
    """The key and the envelope with which the gateway writes a change."""
    key = directory_key(event.organization, *entity_of(event))
    return key, Envelope(id=f"evt_{key}", source="test", subject=key, time=event.at, data=event)


def fold(
    changes: Iterable[DirectoryEvent | Removed],
    before: Organization | None = None,
    first_version: int = 0,
) -> Organization:
    """The directory of an organization after the changes, which are numbered one by one."""
    organization = before or Organization(id=SHOP)
    for version, change in enumerate(changes, first_version):
        organization = evolve(organization, change, version)
    return organization


def after(state: OrganizationState, *changes: DirectoryEvent | Removed) -> OrganizationState:
    """The router's organization after some more changes of its directory."""
    return replace(
        state, directory=fold(changes, state.directory, first_version=state.directory.version + 1)
    )


def organization(
    changes: Iterable[DirectoryEvent],
    *,
    organization_id: OrganizationId = SHOP,
    presence: Mapping[str, Presence] | None = None,
    suspended: bool = False,
) -> OrganizationState:
    """An organization as the router has it. Of whom `presence` says nothing is offline."""
    there = {AgentId(name): status for name, status in (presence or {}).items()}
    empty = OrganizationState(Organization(id=organization_id), there)
    return after(empty, profile(organization=organization_id, suspended=suspended), *changes)


def shop(
    *,
    online: str = "abc",
    away: str = "",
    agents: Iterable[AgentChanged] = (agent("a"), agent("b"), agent("c")),
    rules: Iterable[RuleChanged] = (rule(),),
    pages: Iterable[PageChanged] = (page(),),
    team: str = "",
    suspended: bool = False,
    **changed: Any,
) -> OrganizationState:
    """An organization as the router has it. By default its rules assign, and its agents a, b and c
    are online; `changed` are settings."""
    presence = dict.fromkeys(online, Presence.ONLINE) | dict.fromkeys(away, Presence.AWAY)
    chosen = settings(**{"assignment": True, "auto_assign": True, **changed})
    teams = [support_team(*team)] if team else []
    changes = [chosen, *agents, *pages, *rules, *teams]
    return organization(changes, presence=presence, suspended=suspended)
