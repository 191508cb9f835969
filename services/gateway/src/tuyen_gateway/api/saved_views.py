"""Saved views: filters of the inbox with a name, shared by a manager or private (I15)."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response, status
from pydantic import ConfigDict

from tuyen_events.desk import ViewChanged
from tuyen_events.ids import CHOSEN_ID_PATTERN, ViewId
from tuyen_gateway.api.bodies import Name, RequestBody, Versioned
from tuyen_gateway.api.conversation_filter import FilterIn
from tuyen_gateway.api.dependencies import AfterDeskVersion, CurrentCaller, GatewayPorts
from tuyen_gateway.api.editors import editor_of
from tuyen_gateway.api.etags import set_etag
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.positions import desk_position
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.rights import Right
from tuyen_gateway.ports.desk import StoredDeskEntity

router = APIRouter(prefix="/views", tags=["templates and views"])

ViewParam = Annotated[ViewId, Path(pattern=CHOSEN_ID_PATTERN)]


class ViewIn(RequestBody):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Của tôi, chưa đọc",
                    "filter": {"assignee": "me", "state": "unread"},
                    "shared": False,
                }
            ]
        }
    )

    name: Name
    filter: FilterIn = FilterIn()
    shared: bool = False
    """Whether all agents of the organization have it. A shared view is changed by managing roles
    only."""


class SavedView(Versioned):
    id: str
    name: str
    filter: dict[str, Any]
    """The parameters of `GET /v1/conversations`, as they were put: `assignee: me` is whoever uses
    the view."""
    shared: bool


@router.put("/{view_id}", summary="Save a view", responses=problems(403))
async def put_view(
    view_id: ViewParam,
    body: ViewIn,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    response: Response,
) -> SavedView:
    """Private views are those of one agent: others may use the same id for theirs. A view of one's
    own hides a shared one with the same id. `403` for a shared view unless one has a managing
    role; they can also change a view from shared to private, which is theirs then, and back."""
    stored = await gateway.desk.put_view(
        editor_of(caller, gateway),
        view_id,
        name=body.name,
        conditions=body.filter.model_dump(mode="json", exclude_unset=True, exclude_none=True),
        shared=body.shared,
        may_share=caller.may(Right.CURATE),
    )
    set_etag(response, stored.version)
    return _view(stored)


@router.get(
    "", summary="List the saved views", dependencies=[AfterDeskVersion], responses=problems(403)
)
async def list_views(
    caller: CurrentCaller, gateway: GatewayPorts, paging: CurrentPaging
) -> Listed[SavedView]:
    """One's own and the shared ones, in the order of their ids."""
    organization = caller.organization.id
    found = gateway.desk.views(organization, caller.viewer.agent_id)
    page, following = paging.cut(found, lambda stored: stored.value.id)
    return Listed(
        items=[_view(stored) for stored in page],
        next=following,
        position=desk_position(gateway, organization),
    )


@router.delete(
    "/{view_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Remove a saved view",
    responses=problems(403, 404),
)
async def delete_view(
    view_id: ViewParam, caller: CurrentCaller, gateway: GatewayPorts, response: Response
) -> None:
    """One's own or, if there is none with this id, the shared one, which managing roles can
    remove."""
    version = await gateway.desk.remove_view(
        editor_of(caller, gateway), view_id, may_share=caller.may(Right.CURATE)
    )
    set_etag(response, version)


def _view(stored: StoredDeskEntity[ViewChanged]) -> SavedView:
    view = stored.value
    return SavedView(
        id=view.id,
        name=view.name,
        filter=view.filter,
        shared=view.agent_id is None,
        version=stored.version,
    )
