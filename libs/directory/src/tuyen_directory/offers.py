"""What a livechat page offers its visitors (L2), and whether anybody is there to answer them.

Decides L2.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from tuyen_directory.organization import Organization, may_work_on
from tuyen_events.directory import AgentChanged, DepartmentChanged, RegionChanged
from tuyen_events.ids import AgentId, PageId


class DepartmentChoice(NamedTuple):
    """A department, with those of its regions that are offered."""

    department: DepartmentChanged
    regions: Sequence[RegionChanged]


def find_present(
    organization: Organization, page_id: PageId, is_online: Callable[[AgentId], bool]
) -> Sequence[AgentChanged]:
    """The agents who are online, not disabled, and allowed on the page (R1.4)."""
    return [
        stored.value
        for stored in organization.agents.values()
        if is_online(stored.value.id)
        and not stored.value.disabled
        and may_work_on(organization, stored.value, page_id)
    ]


def find_choices(
    organization: Organization, page_id: PageId, is_online: Callable[[AgentId], bool]
) -> Sequence[DepartmentChoice]:
    """L2: departments with an agent who is present; with their regions for which the same holds, if
    there is more than one. In the order of their ids."""
    present = find_present(organization, page_id, is_online)
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
