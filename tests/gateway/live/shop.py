"""What an organization of these tests has set up."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tuyen_directory.organization import Organization, StoredEntity, evolve
from tuyen_events.directory import AgentChanged, OrganizationChanged, PageChanged, SettingsChanged
from tuyen_events.ids import AgentId, OrganizationId, PageId
from tuyen_events.vocabulary import Channel, Role

SHOP = OrganizationId("shop")
START = datetime(2026, 11, 21, 8, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def agent(
    name: str, role: Role = Role.AGENT, *, since: datetime | None = None, disabled: bool = False
) -> AgentChanged:
    return AgentChanged(
        organization=SHOP,
        id=AgentId(name),
        name=name.title(),
        username=name,
        role=role,
        since=since,
        disabled=disabled,
        at=START,
    )


def page(name: str, *staff: str) -> PageChanged:
    return PageChanged(
        organization=SHOP,
        id=PageId(name),
        channel=Channel.FACEBOOK,
        external_id=f"fb-{name}",
        name=name.title(),
        staff=tuple(AgentId(each) for each in staff),
        at=START,
    )


def shop(*agents: AgentChanged, pages: Sequence[PageChanged] = (), **settings: Any) -> Organization:
    """An organization with these agents and pages."""
    profile = OrganizationChanged(organization=SHOP, name="Shop", at=START)
    found = Organization(id=SHOP, version=1, profile=StoredEntity(profile, 1))
    for event in (*agents, *pages, SettingsChanged(organization=SHOP, at=START, **settings)):
        found = evolve(found, event, 1)
    return found
