"""Links: which group answers the visitors of a site's address first (L1, R1.6)."""

import re
from typing import Annotated

from fastapi import APIRouter, Path, Response, status
from pydantic import AfterValidator, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

from tuyen_directory.organization import Organization, StoredEntity
from tuyen_events.directory import LinkChanged
from tuyen_events.ids import CHOSEN_ID_PATTERN, GroupId, LinkId
from tuyen_events.limits import URL_CHARACTERS
from tuyen_gateway.api.bodies import ChosenId, RequestBody, Versioned
from tuyen_gateway.api.dependencies import Administrator, AfterVersion, GatewayPorts, SetupReader
from tuyen_gateway.api.entities import find_existing, list_entities
from tuyen_gateway.api.etags import set_etag
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.changes import check_link

router = APIRouter(prefix="/links", tags=["livechat"])

Link = Annotated[LinkId, Path(pattern=CHOSEN_ID_PATTERN)]
_WEB_ADDRESS = re.compile(r"https?://[^\s/?#@:\[\]]+(:[0-9]{1,5})?([/?#]\S*)?", re.IGNORECASE)


def _whole(url: str) -> str:
    """The address, if it is valid; a sentence is clearer to people than a pattern."""
    if not _WEB_ADDRESS.fullmatch(url):
        raise PydanticCustomError(
            "web_address",
            "Give the whole address of a page, without blanks: https://shop.example/vn",
        )
    return url


Url = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=URL_CHARACTERS), AfterValidator(_whole)
]
"""An address of a web site: `https://shop.example/vn`."""


class LinkIn(RequestBody):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"url": "https://shop.example/vn/giay", "group": "giay"}]}
    )

    url: Url
    """Covers everything below it: `/vn` covers `/vn/giay`, but not `/vnx`. Scheme, port, query and
    fragment are ignored."""
    group: ChosenId


class LinkView(Versioned):
    id: str
    url: str
    group: str


@router.put("/{link_id}", summary="Add or change a link", responses=problems(403))
async def put_link(
    link_id: Link, body: LinkIn, caller: Administrator, gateway: GatewayPorts, response: Response
) -> LinkView:
    """For the role `system_admin`. The longest link that covers a visitor's page counts; of several
    with the same address, the one with the smallest id: so one can be replaced by another without a
    moment in which there is none."""
    change = LinkChanged(
        organization=caller.organization.id,
        by=caller.viewer.agent_id,
        at=gateway.clock.now(),
        id=link_id,
        url=body.url,
        group=GroupId(body.group),
    )

    def decide(organization: Organization) -> LinkChanged:
        check_link(organization, change)
        return change

    stored = await gateway.directory.change(caller.organization.id, decide)
    set_etag(response, stored.version)
    return _view(stored)


@router.get("", summary="List the links", dependencies=[AfterVersion], responses=problems(403))
async def list_links(
    caller: SetupReader, gateway: GatewayPorts, paging: CurrentPaging
) -> Listed[LinkView]:
    """For managing roles; in the order of their ids."""
    return list_entities(gateway, caller, paging, caller.organization.links, _view)


@router.get(
    "/{link_id}", summary="One link", dependencies=[AfterVersion], responses=problems(403, 404)
)
async def get_link(link_id: Link, caller: SetupReader, response: Response) -> LinkView:
    """For managing roles."""
    stored = find_existing("link", caller.organization.links, link_id)
    set_etag(response, stored.version)
    return _view(stored)


@router.delete(
    "/{link_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Remove a link",
    responses=problems(403, 404),
)
async def delete_link(
    link_id: Link, caller: Administrator, gateway: GatewayPorts, response: Response
) -> None:
    """For the role `system_admin`. From now on its visitors are assigned among all agents who cover
    their page."""
    version = await gateway.directory.remove(
        caller.organization.id, "link", link_id, caller.viewer.agent_id, lambda _: None
    )
    set_etag(response, version)


def _view(stored: StoredEntity[LinkChanged]) -> LinkView:
    link = stored.value
    return LinkView(id=link.id, url=link.url, group=link.group, version=stored.version)
