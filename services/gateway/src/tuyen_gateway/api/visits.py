"""Where a livechat's visitor was, and what they chose there (L3)."""

from tuyen_directory.organization import Organization, region_key
from tuyen_events.ids import DepartmentId
from tuyen_events.inbound import Visit
from tuyen_gateway.api.bodies import ResponseBody


class ChosenPlaceView(ResponseBody):
    """A department or region. One that was removed, or that nobody added, has its id as name."""

    id: str
    name: str


class VisitView(ResponseBody):
    page_url: str | None
    department: ChosenPlaceView | None
    region: ChosenPlaceView | None


def view_visit(visit: Visit, organization: Organization) -> VisitView:
    """With the names that the department and the region have now."""
    department = region = None
    if visit.department is not None:
        stored = organization.departments.get(DepartmentId(visit.department))
        department = _place(visit.department, None if stored is None else stored.value.name)
        if visit.region is not None:
            part = organization.regions.get(region_key(visit.department, visit.region))
            region = _place(visit.region, None if part is None else part.value.name)
    return VisitView(page_url=visit.page_url, department=department, region=region)


def _place(place: str, name: str | None) -> ChosenPlaceView:
    return ChosenPlaceView(id=place, name=place if name is None else name)
