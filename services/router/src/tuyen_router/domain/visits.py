"""What a request says of a visitor: whom they asked for (R1.5), where they were (R1.6).

Sites and visitors choose both, at any length. No more of them is kept than could be one of an
organization's departments, regions or links.

Decides L3.
"""

from msgspec.structs import replace

from tuyen_events.inbound import Visit
from tuyen_events.limits import ID_CHARACTERS, URL_CHARACTERS
from tuyen_events.routing import ChoiceRequested


def address_of(url: str | None) -> str | None:
    """The URL without query and fragment, which say nothing about the place (R1.6) and can say much
    about the visitor; of a longer one the beginning."""
    return None if url is None else url.partition("#")[0].partition("?")[0][:URL_CHARACTERS]


def word_of(chosen: str | None) -> str | None:
    """The department or region that a visitor named.

    One that is longer than an id is nobody's, and what is kept of it is longer too.
    """
    return None if chosen is None else chosen[: ID_CHARACTERS + 1]


def bound_visit(visit: Visit) -> Visit:
    """The visit, with no more of it than counts."""
    return Visit(
        page_url=address_of(visit.page_url),
        department=word_of(visit.department),
        region=word_of(visit.region),
    )


def within_bounds(request: ChoiceRequested) -> ChoiceRequested:
    """The request with no more of the visit than is asked today; older ones may have it whole."""
    if request.department is None and request.region is None and request.page_url is None:
        return request
    department, region = word_of(request.department), word_of(request.region)
    page_url = address_of(request.page_url)
    if (department, region, page_url) == (request.department, request.region, request.page_url):
        return request
    return replace(request, department=department, region=region, page_url=page_url)
