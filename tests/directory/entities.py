"""Entities of one organization's directory, each made in one line, and their fold."""

from collections.abc import Sequence
from datetime import UTC, datetime

from tuyen_directory.organization import Organization, Removed, evolve
from tuyen_events.directory import (
    AgentChanged,
    DepartmentChanged,
    DirectoryEvent,
    GroupChanged,
    LinkChanged,
    OrganizationChanged,
    PageChanged,
    RegionChanged,
    RuleChanged,
    SettingsChanged,
)
from tuyen_events.ids import (
    AgentId,
    DepartmentId,
    GroupId,
    LinkId,
    OrganizationId,
    PageId,
    RegionId,
    RuleId,
)
from tuyen_events.vocabulary import Channel, Role, Strategy

AT = datetime(2026, 11, 21, 8, tzinfo=UTC)
SHOP = OrganizationId("shop")


def profile(*, suspended: bool = False) -> OrganizationChanged:
    return OrganizationChanged(organization=SHOP, at=AT, name="Shop", suspended=suspended)


def settings(*, page_permissions: bool = False) -> SettingsChanged:
    return SettingsChanged(organization=SHOP, at=AT, page_permissions=page_permissions)


def agent(
    agent_id: str,
    role: Role = Role.AGENT,
    disabled: bool = False,
    username: str | None = None,
) -> AgentChanged:
    return AgentChanged(
        organization=SHOP,
        at=AT,
        id=AgentId(agent_id),
        name=agent_id.title(),
        username=username or agent_id,
        role=role,
        disabled=disabled,
    )


def page(page_id: str, *staff: str) -> PageChanged:
    return PageChanged(
        organization=SHOP,
        at=AT,
        id=PageId(page_id),
        channel=Channel.FACEBOOK,
        external_id=page_id,
        name=page_id,
        staff=tuple(AgentId(one) for one in staff),
    )


def rule(rule_id: str) -> RuleChanged:
    return RuleChanged(
        organization=SHOP,
        at=AT,
        id=RuleId(rule_id),
        name=rule_id,
        enabled=True,
        mode=Strategy.SEQUENTIAL,
    )


def department(department_id: str, name: str) -> DepartmentChanged:
    return DepartmentChanged(organization=SHOP, at=AT, id=DepartmentId(department_id), name=name)


def region(department_id: str, region_id: str) -> RegionChanged:
    return RegionChanged(
        organization=SHOP,
        at=AT,
        department_id=DepartmentId(department_id),
        id=RegionId(region_id),
        name=region_id,
    )


def group(group_id: str, *members: str) -> GroupChanged:
    return GroupChanged(
        organization=SHOP,
        at=AT,
        id=GroupId(group_id),
        name=group_id,
        members=tuple(AgentId(one) for one in members),
    )


def link(link_id: str, group_id: str) -> LinkChanged:
    return LinkChanged(
        organization=SHOP,
        at=AT,
        id=LinkId(link_id),
        url="https://shop.example",
        group=GroupId(group_id),
    )


def fold(changes: Sequence[DirectoryEvent | Removed]) -> Organization:
    organization = Organization(id=SHOP)
    for version, change in enumerate(changes):
        organization = evolve(organization, change, version)
    return organization
