"""Templates: texts that agents send, with placeholders for names (I7).

Decides I7.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response, status
from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from tuyen_events.desk import TemplateChanged
from tuyen_events.ids import CHOSEN_ID_PATTERN, TemplateId
from tuyen_events.limits import QUERY_CHARACTERS, TEMPLATE_CHARACTERS
from tuyen_events.vocabulary import Channel
from tuyen_gateway.api.bodies import Name, RequestBody, Versioned
from tuyen_gateway.api.dependencies import AfterDeskVersion, Curator, CurrentCaller, GatewayPorts
from tuyen_gateway.api.editors import editor_of
from tuyen_gateway.api.etags import set_etag
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.positions import desk_position
from tuyen_gateway.api.problems import problems
from tuyen_gateway.api.words import Known
from tuyen_gateway.domain.placeholders import NAMES, find_unknown
from tuyen_gateway.errors import NotFoundError
from tuyen_gateway.ports.desk import StoredDeskEntity

router = APIRouter(prefix="/templates", tags=["templates and views"])

TemplateParam = Annotated[TemplateId, Path(pattern=CHOSEN_ID_PATTERN)]


def _of_known_placeholders(text: str) -> str:
    unknown = find_unknown(text)
    if unknown is not None:
        known = " and ".join(f"{{{{{name}}}}}" for name in NAMES)
        detail = f"There is no placeholder {unknown[:50]!r}: there are {known}."
        raise PydanticCustomError("placeholder", "{detail}", {"detail": detail})
    return text


TemplateText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=TEMPLATE_CHARACTERS),
    AfterValidator(_of_known_placeholders),
]


class TemplateIn(RequestBody):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "Chào khách",
                    "text": "Chào {{customer.name|bạn}}, mình là {{agent.name}}.",
                    "channels": ["facebook"],
                }
            ]
        }
    )

    title: Name
    text: TemplateText
    """`{{customer.name}}` and `{{agent.name}}` are replaced when it is sent. A default after a bar
    is for customers without a name: `{{customer.name|bạn}}`."""
    channels: list[Known[Channel]] | None = Field(default=None, max_length=len(Channel))
    """The channels that it is meant for; null and an empty list are all."""


class TemplateView(Versioned):
    id: str
    title: str
    text: str
    channels: list[Channel] | None


@router.put("/{template_id}", summary="Add or change a template", responses=problems(403))
async def put_template(
    template_id: TemplateParam,
    body: TemplateIn,
    caller: Curator,
    gateway: GatewayPorts,
    response: Response,
) -> TemplateView:
    """For managing roles."""
    stored = await gateway.desk.put_template(
        editor_of(caller, gateway),
        template_id,
        title=body.title,
        text=body.text,
        channels=tuple(dict.fromkeys(body.channels or ())) or None,
    )
    set_etag(response, stored.version)
    return _view(stored)


@router.get(
    "", summary="List the templates", dependencies=[AfterDeskVersion], responses=problems(403)
)
async def list_templates(
    caller: CurrentCaller,
    gateway: GatewayPorts,
    paging: CurrentPaging,
    q: Annotated[
        str,
        Query(
            max_length=QUERY_CHARACTERS,
            description="A part of the title or the text; accents and case are ignored.",
        ),
    ] = "",
    channel: Annotated[
        Known[Channel] | None, Query(description="Those that are meant for this channel.")
    ] = None,
) -> Listed[TemplateView]:
    """For every agent; in the order of their titles, accents and case ignored."""
    organization = caller.organization.id
    found = gateway.desk.templates(organization, q, channel)
    page, following = paging.cut(found, lambda one: one[0])
    return Listed(
        items=[_view(stored) for _, stored in page],
        next=following,
        position=desk_position(gateway, organization),
    )


@router.get(
    "/{template_id}",
    summary="One template",
    dependencies=[AfterDeskVersion],
    responses=problems(403, 404),
)
async def get_template(
    template_id: TemplateParam, caller: CurrentCaller, gateway: GatewayPorts, response: Response
) -> TemplateView:
    """For every agent."""
    stored = gateway.desk.template(caller.organization.id, template_id)
    if stored is None:
        raise NotFoundError(f"There is no template {template_id!r}.")
    set_etag(response, stored.version)
    return _view(stored)


@router.delete(
    "/{template_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Remove a template",
    responses=problems(403, 404),
)
async def delete_template(
    template_id: TemplateParam, caller: Curator, gateway: GatewayPorts, response: Response
) -> None:
    """For managing roles. Messages that were sent with it stay as they are."""
    version = await gateway.desk.remove_template(editor_of(caller, gateway), template_id)
    set_etag(response, version)


def _view(stored: StoredDeskEntity[TemplateChanged]) -> TemplateView:
    template = stored.value
    return TemplateView(
        id=template.id,
        title=template.title,
        text=template.text,
        channels=None if template.channels is None else list(template.channels),
        version=stored.version,
    )
