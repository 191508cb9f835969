"""The sources that a live feed reads, and what its events show of an organization."""

from collections.abc import Mapping
from dataclasses import dataclass

from tuyen_directory.organization import Organization
from tuyen_gateway.ports.dead_letters import Replays
from tuyen_gateway.ports.directory import Directory
from tuyen_gateway.ports.jobs import Jobs
from tuyen_gateway.ports.live import LiveViews, Renderer, ViewingBoard
from tuyen_gateway.ports.logins import Cipher
from tuyen_gateway.ports.presence import PresenceBoard
from tuyen_gateway.ports.reminders import Reminders
from tuyen_gateway.ports.views import CrmViews
from tuyen_platform.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The ports that all feeds share."""

    directory: Directory
    presence: PresenceBoard
    jobs: Jobs
    replays: Replays
    reminders: Reminders
    crm: CrmViews
    viewing: ViewingBoard
    views: LiveViews
    cipher: Cipher
    renderer: Renderer
    clock: Clock


def find_names(organization: Organization) -> Mapping[tuple[str, str], str]:
    """The names that rows and messages show: of the agents who are not disabled, and of pages."""
    agents: dict[tuple[str, str], str] = {
        ("agent", agent_id): stored.value.name
        for agent_id, stored in organization.agents.items()
        if not stored.value.disabled
    }
    pages: dict[tuple[str, str], str] = {
        ("page", page_id): stored.value.name for page_id, stored in organization.pages.items()
    }
    return agents | pages
