"""What a request contains of a visit: the department and region (R1.5), and the address (R1.6).

Sites and visitors choose these texts, at any length. They are cut to the longest text that can be
the id of a department or region, or match a link.

Decides L3.
"""

from msgspec.structs import replace

from tuyen_events.ids import cut_chosen_id
from tuyen_events.inbound import Visit
from tuyen_events.limits import URL_CHARACTERS
from tuyen_events.routing import ChoiceRequested


def address_of(url: str | None) -> str | None:
    """The URL without query and fragment, which do not matter for links (R1.6) and may contain
    personal data; a longer one is cut to its beginning."""
    return None if url is None else url.partition("#")[0].partition("?")[0][:URL_CHARACTERS]


def bound_visit(visit: Visit) -> Visit:
    """The visit, cut to what routing uses."""
    return Visit(
        page_url=address_of(visit.page_url),
        department=cut_chosen_id(visit.department),
        region=cut_chosen_id(visit.region),
    )


def bound_request(request: ChoiceRequested) -> ChoiceRequested:
    """The request with its visit cut as new requests are; older records may contain all of it."""
    if request.department is None and request.region is None and request.page_url is None:
        return request
    department, region = cut_chosen_id(request.department), cut_chosen_id(request.region)
    page_url = address_of(request.page_url)
    if (department, region, page_url) == (request.department, request.region, request.page_url):
        return request
    return replace(request, department=department, region=region, page_url=page_url)
