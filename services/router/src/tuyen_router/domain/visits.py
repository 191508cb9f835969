"""What a request says of a visitor: whom they asked for (R1.5), where they were (R1.6).

Sites and visitors choose both, at any length. No more of them is kept than could be one of an
organization's departments, regions or links.
"""

from msgspec.structs import replace

from tuyen_events.ids import chosen_id
from tuyen_events.inbound import Visit
from tuyen_events.limits import URL_CHARACTERS
from tuyen_events.routing import ChoiceRequested


def address_of(url: str | None) -> str | None:
    """The URL without query and fragment, which say nothing about the place (R1.6) and can say much
    about the visitor; of a longer one the beginning."""
    return None if url is None else url.partition("#")[0].partition("?")[0][:URL_CHARACTERS]


def kept(visit: Visit) -> Visit:
    """The visit, with no more of it than counts."""
    return Visit(
        page_url=address_of(visit.page_url),
        department=chosen_id(visit.department),
        region=chosen_id(visit.region),
    )


def within_bounds(request: ChoiceRequested) -> ChoiceRequested:
    """The request with no more of the visit than is asked today; older ones may have it whole."""
    if request.department is None and request.region is None and request.page_url is None:
        return request
    department, region = chosen_id(request.department), chosen_id(request.region)
    page_url = address_of(request.page_url)
    if (department, region, page_url) == (request.department, request.region, request.page_url):
        return request
    return replace(request, department=department, region=region, page_url=page_url)
