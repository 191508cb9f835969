"""Phone numbers and emails that many people share: no contacts are merged because of them (C2)."""

from typing import Annotated

from fastapi import APIRouter, Path, Response, status
from pydantic import ConfigDict, StringConstraints

from tuyen_events.crm.records import CrmOutcome
from tuyen_events.crm.shared_numbers import AddSharedNumber, RemoveSharedNumber
from tuyen_events.limits import EMAIL_CHARACTERS
from tuyen_events.phones import parse_email, parse_phones
from tuyen_gateway.api.bodies import RequestBody
from tuyen_gateway.api.crm.contact_views import country_of
from tuyen_gateway.api.crm.entities import EntityView, build_command_fields, list_setup, meta_of
from tuyen_gateway.api.crm.setup_routes import carry_out_setup
from tuyen_gateway.api.dependencies import Administrator, Caller, GatewayPorts, SetupReader
from tuyen_gateway.api.etags import ExpectedVersion, set_etag
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.problems import problems
from tuyen_gateway.errors import InvalidError
from tuyen_views.shared_numbers import SHARED_NUMBERS_VIEW, SharedNumberDocument

router = APIRouter(prefix="/shared-numbers", tags=["contacts"])

NumberPath = Annotated[str, Path(max_length=EMAIL_CHARACTERS)]


class SharedNumberIn(RequestBody):
    model_config = ConfigDict(json_schema_extra={"examples": [{"value": "0912 345 678"}]})

    value: Annotated[str, StringConstraints(max_length=EMAIL_CHARACTERS)]
    """A phone number in any usual form, or an email."""


class SharedNumberView(EntityView):
    """`id` and `value` are the same."""

    value: str
    """A phone number in E.164, or an email in lower case."""


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Mark a number as shared by many",
    responses=problems(403, 409, 422, 429),
)
async def post_shared_number(
    body: SharedNumberIn, caller: Administrator, gateway: GatewayPorts, response: Response
) -> SharedNumberView:
    """Contacts that get this phone number or email are not merged because of it; those that were
    merged before stay merged. For the role `system_admin`. The answer is the same if it is marked
    already."""
    value = _read_value(body.value, caller)
    if value is None:
        raise InvalidError("value", f"{body.value!r} is neither a phone number nor an email.")
    organization = caller.organization.id
    fields = build_command_fields(gateway, caller)
    command = AddSharedNumber(**fields, id=value)
    settled = await carry_out_setup(gateway, command, SHARED_NUMBERS_VIEW, "shared number")
    set_etag(response, settled.version)
    if settled.outcome is CrmOutcome.UNCHANGED:
        marked = await gateway.crm.setup(SHARED_NUMBERS_VIEW, organization, value)
        if marked is not None:
            return _view(marked)
    return SharedNumberView(
        id=value,
        value=value,
        created_at=command.at,
        created_by=command.by,
        updated_at=command.at,
        version=settled.version,
    )


@router.get("", summary="List the shared numbers", responses=problems(403))
async def list_shared_numbers(
    caller: SetupReader, gateway: GatewayPorts, paging: CurrentPaging
) -> Listed[SharedNumberView]:
    """For managing roles; in the order of the numbers."""
    return await list_setup(gateway, caller.organization.id, paging, SHARED_NUMBERS_VIEW, _view)


@router.delete(
    "/{number}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Take the mark off a number",
    responses=problems(403, 412, 429),
)
async def delete_shared_number(
    number: NumberPath, expected: ExpectedVersion, caller: Administrator, gateway: GatewayPorts
) -> None:
    """Contacts that get it from now on are merged again. For the role `system_admin`. The answer is
    the same if it is not marked."""
    value = _read_value(number, caller)
    if value is not None:
        command = RemoveSharedNumber(**build_command_fields(gateway, caller, expected), id=value)
        await carry_out_setup(gateway, command, SHARED_NUMBERS_VIEW, "shared number")


def _read_value(text: str, caller: Caller) -> str | None:
    """A phone number or an email as it is stored; None if the text is neither."""
    email = parse_email(text)
    phones = () if email else parse_phones(text, country_of(caller))
    return phones[0] if len(phones) == 1 else email


def _view(shared: SharedNumberDocument) -> SharedNumberView:
    return SharedNumberView(**meta_of(shared), value=shared.id)
