"""Livechat: how far a page is connected (P1), and what its visitors can choose (L2).

Decides P1 and L2.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from tuyen_channels.registry import has_page_tokens
from tuyen_directory.organization import Organization, may_work_on
from tuyen_events.directory import AgentChanged, DepartmentChanged, PageChanged, RegionChanged
from tuyen_events.ids import AgentId, PageId
from tuyen_events.vocabulary import Channel

INACTIVE, WAITING, VERIFIED, ACTIVE = "inactive", "waiting", "verified", "active"


def derive_shown_status(page: PageChanged, signed: Callable[[str], bool]) -> str:
    """P1: a page with a token is waiting until the first call that is signed with it, then
    verified, and active once somebody subscribed it; an inactive one stays inactive whatever calls
    arrive."""
    if not has_page_tokens(page.channel) or page.status == INACTIVE:
        return page.status
    if not signed(page.external_id):
        return WAITING
    return ACTIVE if page.status == ACTIVE else VERIFIED


def find_kept_status(organization: Organization, page_id: PageId, channel: Channel) -> str:
    """The status of a page that is changed without stating one."""
    if not has_page_tokens(channel):
        return ACTIVE
    before = organization.pages.get(page_id)
    return WAITING if before is None else before.value.status


class DepartmentChoice(NamedTuple):
    """A department, with those of its regions that are offered."""

    department: DepartmentChanged
    regions: Sequence[RegionChanged]


def choices(
    organization: Organization, page_id: PageId, is_online: Callable[[AgentId], bool]
) -> Sequence[DepartmentChoice]:
    """L2: departments with an agent who is online, not disabled, and allowed on the page (R1.4);
    with their regions for which the same holds, if there is more than one. In the order of their
    ids."""
    present = [
        stored.value
        for stored in organization.agents.values()
        if is_online(stored.value.id)
        and not stored.value.disabled
        and may_work_on(organization, stored.value, page_id)
    ]
    served = {department for agent in present for department in agent.departments}
    regions = _find_served_regions(organization, present)
    return [
        DepartmentChoice(stored.value, regions.get(department_id, ()))
        for department_id, stored in sorted(organization.departments.items())
        if department_id in served
    ]


def _find_served_regions(
    organization: Organization, present: Sequence[AgentChanged]
) -> Mapping[str, Sequence[RegionChanged]]:
    served = {region for agent in present for region in agent.regions}
    found: dict[str, list[RegionChanged]] = {}
    for key, stored in sorted(organization.regions.items()):
        if key in served:
            found.setdefault(stored.value.department_id, []).append(stored.value)
    return {department: regions for department, regions in found.items() if len(regions) > 1}
