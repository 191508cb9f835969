"""Organizations as the router has them, made of what their people set up."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from tuyen_directory.organization import Organization, Removed, evolve
from tuyen_events.directory import DirectoryEvent, OrganizationChanged
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.vocabulary import Presence
from tuyen_router.domain.organization import OrganizationState

_AT = datetime(2026, 1, 1, tzinfo=UTC)


def organization(
    organization_id: OrganizationId,
    changes: Iterable[DirectoryEvent],
    *,
    presence: Mapping[AgentId, Presence] | None = None,
    suspended: bool = False,
) -> OrganizationState:
    """An organization after `changes`, with whoever `presence` says is there."""
    profile = OrganizationChanged(
        organization=organization_id, at=_AT, name=organization_id, suspended=suspended
    )
    empty = OrganizationState(Organization(id=organization_id), presence or {})
    return after(empty, profile, *changes)


def after(state: OrganizationState, *changes: DirectoryEvent | Removed) -> OrganizationState:
    """The organization after some more changes of its directory."""
    directory = state.directory
    for change in changes:
        directory = evolve(directory, change, directory.version + 1)
    return replace(state, directory=directory)
