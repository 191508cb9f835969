"""Integrations: programs that send calls (C7) or leads (C12) with a token of their own."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Response, status
from pydantic import ConfigDict

from tuyen_directory.organization import Organization, StoredEntity
from tuyen_events.crm.contacts import DEFAULT_WAREHOUSE
from tuyen_events.directory import IntegrationChanged
from tuyen_events.ids import CHOSEN_ID_PATTERN, IntegrationId
from tuyen_events.vocabulary import IntegrationKind
from tuyen_gateway.api.bodies import ChosenId, Name, RequestBody
from tuyen_gateway.api.crm.access import new_id
from tuyen_gateway.api.crm.entities import LEFT_OUT, EntityView, list_given_fields
from tuyen_gateway.api.dependencies import (
    Administrator,
    AfterVersion,
    Caller,
    GatewayPorts,
    SetupReader,
)
from tuyen_gateway.api.entities import find_existing, list_entities
from tuyen_gateway.api.etags import ExpectedVersion, set_etag
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.changes import check_integration
from tuyen_gateway.domain.integrations import check_version, hash_token
from tuyen_gateway.errors import InvalidError, NotFoundError
from tuyen_gateway.gateway import Gateway
from tuyen_views.warehouses import WAREHOUSES_VIEW

router = APIRouter(prefix="/integrations", tags=["integrations"])

_TOKEN_BYTES = 32

IntegrationPath = Annotated[IntegrationId, Path(pattern=CHOSEN_ID_PATTERN)]


class IntegrationIn(RequestBody):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Tổng đài", "kind": "calls"}]}
    )

    name: Name
    kind: IntegrationKind
    """What may be sent with its token: `POST /v1/calls` or `POST /v1/leads`."""
    warehouse_id: ChosenId | None = None
    """The warehouse of its new contacts. Without it, the warehouse that has the integration among
    its `sources`, or the default one (W2)."""


class IntegrationPatch(RequestBody):
    """Fields that are left out do not change."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Tổng đài mới"}]})

    name: Name = LEFT_OUT
    kind: IntegrationKind = LEFT_OUT
    warehouse_id: ChosenId | None = None


class IntegrationView(EntityView):
    name: str
    kind: IntegrationKind
    warehouse_id: str | None
    token_made_at: datetime


class CreatedIntegrationView(IntegrationView):
    token: str
    """Send it as `Authorization: Bearer`. It is shown this once, and only its hash is stored."""


@router.put(
    "/{integration_id}",
    summary="Add or change an integration",
    responses=problems(403, 409, 412),
)
async def put_integration(
    *,
    integration_id: IntegrationPath,
    body: IntegrationIn,
    expected: ExpectedVersion,
    caller: Administrator,
    gateway: GatewayPorts,
    response: Response,
) -> CreatedIntegrationView | IntegrationView:
    """For the role `system_admin`. The answer that creates it has its `token`; one that exists
    keeps its own. `409` if a page has the id: both are sources of contacts (W2)."""
    fields = {name: getattr(body, name) for name in IntegrationIn.model_fields}
    return await _put(gateway, caller, integration_id, fields, expected=expected, response=response)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Add an integration",
    responses=problems(403),
)
async def post_integration(
    body: IntegrationIn, caller: Administrator, gateway: GatewayPorts, response: Response
) -> CreatedIntegrationView | IntegrationView:
    """The same, with an id that is made."""
    fields = {name: getattr(body, name) for name in IntegrationIn.model_fields}
    integration_id = IntegrationId(new_id("int"))
    return await _put(gateway, caller, integration_id, fields, expected=None, response=response)


@router.post(
    "/{integration_id}/token",
    status_code=status.HTTP_201_CREATED,
    summary="Give an integration a new token",
    responses=problems(403, 404),
)
async def renew_integration_token(
    integration_id: IntegrationPath,
    caller: Administrator,
    gateway: GatewayPorts,
    response: Response,
) -> CreatedIntegrationView:
    """For the role `system_admin`. The old token ends at once."""
    token, now = _make_token(), gateway.crm_commands.now()

    def decide(organization: Organization) -> IntegrationChanged:
        before = find_existing("integration", organization.integrations, integration_id).value
        return msgspec.structs.replace(
            before,
            by=caller.viewer.agent_id,
            at=now,
            token_hash=hash_token(token),
            token_made_at=now,
        )

    stored = await gateway.directory.change(caller.organization.id, decide)
    set_etag(response, stored.version)
    return CreatedIntegrationView(**_view(stored).model_dump(), token=token)


@router.get(
    "", summary="List the integrations", dependencies=[AfterVersion], responses=problems(403)
)
async def list_integrations(
    caller: SetupReader, gateway: GatewayPorts, paging: CurrentPaging
) -> Listed[IntegrationView]:
    """For managing roles; in the order of their ids."""
    return list_entities(gateway, caller, paging, caller.organization.integrations, _view)


@router.get(
    "/{integration_id}",
    summary="One integration",
    dependencies=[AfterVersion],
    responses=problems(403, 404),
)
async def get_integration(
    integration_id: IntegrationPath, caller: SetupReader, response: Response
) -> IntegrationView:
    """For managing roles."""
    stored = find_existing("integration", caller.organization.integrations, integration_id)
    set_etag(response, stored.version)
    return _view(stored)


@router.patch(
    "/{integration_id}",
    summary="Change an integration",
    responses=problems(403, 404, 412),
)
async def patch_integration(
    *,
    integration_id: IntegrationPath,
    body: IntegrationPatch,
    expected: ExpectedVersion,
    caller: Administrator,
    gateway: GatewayPorts,
    response: Response,
) -> IntegrationView:
    """For the role `system_admin`. Its token stays."""
    fields, now = list_given_fields(body), gateway.crm_commands.now()
    await _check_warehouse(gateway, caller, fields.get("warehouse_id"))

    def decide(organization: Organization) -> IntegrationChanged:
        before = find_existing("integration", organization.integrations, integration_id).value
        check_version(organization, integration_id, expected)
        return msgspec.structs.replace(before, by=caller.viewer.agent_id, at=now, **fields)

    stored = await gateway.directory.change(caller.organization.id, decide)
    set_etag(response, stored.version)
    return _view(stored)


@router.delete(
    "/{integration_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Remove an integration",
    responses=problems(403, 412),
)
async def delete_integration(
    integration_id: IntegrationPath,
    expected: ExpectedVersion,
    caller: Administrator,
    gateway: GatewayPorts,
) -> None:
    """For the role `system_admin`. Its token ends at once; its contacts and calls stay. The answer
    is the same if there is no such integration."""
    by = caller.viewer.agent_id

    def check(organization: Organization) -> None:
        check_version(organization, integration_id, expected)

    try:
        await gateway.directory.remove(
            caller.organization.id, "integration", integration_id, by, check
        )
    except NotFoundError:
        return


async def _put(
    gateway: Gateway,
    caller: Caller,
    integration_id: IntegrationId,
    fields: Mapping[str, Any],
    *,
    expected: int | None,
    response: Response,
) -> CreatedIntegrationView | IntegrationView:
    await _check_warehouse(gateway, caller, fields["warehouse_id"])
    token, by, now = _make_token(), caller.viewer.agent_id, gateway.crm_commands.now()
    created = IntegrationChanged(
        organization=caller.organization.id,
        by=by,
        at=now,
        id=integration_id,
        token_hash=hash_token(token),
        token_made_at=now,
        created_at=now,
        created_by=by,
        **fields,
    )

    def decide(organization: Organization) -> IntegrationChanged:
        check_version(organization, integration_id, expected)
        stored = organization.integrations.get(integration_id)
        if stored is None:
            check_integration(organization, created)
            return created
        return msgspec.structs.replace(stored.value, by=by, at=now, **fields)

    stored = await gateway.directory.change(caller.organization.id, decide)
    set_etag(response, stored.version)
    view = _view(stored)
    if stored.value.token_hash != created.token_hash:
        return view
    return CreatedIntegrationView(**view.model_dump(), token=token)


async def _check_warehouse(gateway: Gateway, caller: Caller, warehouse_id: str | None) -> None:
    """Raises InvalidError if there is no such warehouse. If it is removed later, new contacts go
    where the sources of the others put them."""
    if warehouse_id is None or warehouse_id == DEFAULT_WAREHOUSE:
        return
    if await gateway.crm.setup(WAREHOUSES_VIEW, caller.organization.id, warehouse_id) is None:
        raise InvalidError("warehouse_id", "There is no such warehouse: add it first.")


def _make_token() -> str:
    return f"tint_{secrets.token_urlsafe(_TOKEN_BYTES)}"


def _view(stored: StoredEntity[IntegrationChanged]) -> IntegrationView:
    integration = stored.value
    return IntegrationView(
        id=integration.id,
        name=integration.name,
        kind=integration.kind,
        warehouse_id=integration.warehouse_id,
        token_made_at=integration.token_made_at,
        created_at=integration.created_at,
        created_by=integration.created_by,
        updated_at=integration.at,
        version=stored.version,
    )
