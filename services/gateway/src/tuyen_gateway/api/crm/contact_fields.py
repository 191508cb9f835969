"""The fields of contacts that an administrator defines (C10)."""

from typing import Annotated

from fastapi import APIRouter, Path, Response, status
from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from tuyen_events.crm.contact_fields import (
    PatchContactField,
    PutContactField,
    RemoveContactField,
)
from tuyen_events.crm_limits import CHOICE_CHARACTERS, FIELD_CHOICES
from tuyen_events.custom_fields import FieldChange, FieldDefinition, FieldType
from tuyen_events.ids import CHOSEN_ID_PATTERN
from tuyen_gateway.api.bodies import Name, RequestBody
from tuyen_gateway.api.crm.access import carry_out, new_id, not_found
from tuyen_gateway.api.crm.entities import (
    LEFT_OUT,
    EntityView,
    command_fields,
    given_fields,
    list_setup,
    meta_of,
)
from tuyen_gateway.api.dependencies import Administrator, Caller, CurrentCaller, GatewayPorts
from tuyen_gateway.api.etags import ExpectedVersion, set_etag
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.problems import problems
from tuyen_gateway.gateway import Gateway
from tuyen_platform.text import fold_accents
from tuyen_views.contact_fields import CONTACT_FIELDS_VIEW, ContactFieldDocument

router = APIRouter(prefix="/contact-fields", tags=["contacts"])

FieldPath = Annotated[str, Path(pattern=CHOSEN_ID_PATTERN)]

OfferedChoice = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=CHOICE_CHARACTERS)
]


def _require_different(choices: list[str]) -> list[str]:
    """They are read from files, and searched for, without accents and case."""
    if len(set(map(fold_accents, choices))) < len(choices):
        raise PydanticCustomError(
            "same_choice", "Two choices differ by accents and case only: rename one of them."
        )
    return choices


Choices = Annotated[
    list[OfferedChoice],
    Field(min_length=1, max_length=FIELD_CHOICES, fail_fast=True),
    AfterValidator(_require_different),
]


class ContactFieldIn(RequestBody):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "Màu", "type": "choice", "choices": ["Đỏ", "Đen"], "required": False},
                {"name": "Cỡ giày", "type": "number"},
            ]
        }
    )

    name: Name
    type: FieldType
    choices: Choices | None = None
    """For the type `choice`, and no other one."""
    required: bool = False
    """Whether a contact that is added by hand needs a value, and nobody may empty it. Contacts from
    a channel, a file or an integration come without."""

    @model_validator(mode="after")
    def _require_consistent(self) -> "ContactFieldIn":
        if not self.to_definition().consistent:
            raise PydanticCustomError(
                "wrong_choices", "Give choices to a field of the type choice, and only then."
            )
        return self

    def to_definition(self) -> FieldDefinition:
        return FieldDefinition(
            name=self.name,
            type=self.type,
            choices=tuple(self.choices or ()),
            required=self.required,
        )


class ContactFieldPatch(RequestBody):
    """What is left out does not change; null removes the choices. A field that gets another type
    than `choice` has no choices any more."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"choices": ["Đỏ", "Đen", "Nâu"]}]})

    name: Name = LEFT_OUT
    type: FieldType = LEFT_OUT
    choices: Choices | None = None
    required: bool = LEFT_OUT

    def to_change(self) -> FieldChange:
        given = given_fields(self)
        if "choices" in given:
            given["choices"] = tuple(given["choices"] or ())
        return FieldChange(**given)


class ContactFieldView(EntityView):
    name: str
    type: FieldType
    choices: list[str] | None
    """Null but for the type `choice`."""
    required: bool


@router.put(
    "/{field_id}",
    summary="Add or change a field of contacts",
    responses=problems(403, 409, 412, 422, 429),
)
async def put_contact_field(
    *,
    field_id: FieldPath,
    body: ContactFieldIn,
    expected: ExpectedVersion,
    caller: Administrator,
    gateway: GatewayPorts,
    response: Response,
) -> ContactFieldView:
    """For the role `system_admin`. Contacts keep the values that they have. A value that is not of
    the new type is hidden until it is again, or somebody gives another one; a choice that is not
    offered any more stays with the contacts that have it."""
    existing = await _find(gateway, caller, field_id)
    command = PutContactField(
        **command_fields(gateway, caller, expected), id=field_id, definition=body.to_definition()
    )
    return await _put(gateway, response, command, existing)


@router.post(
    "", status_code=201, summary="Add a field of contacts", responses=problems(403, 409, 422, 429)
)
async def post_contact_field(
    body: ContactFieldIn, caller: Administrator, gateway: GatewayPorts, response: Response
) -> ContactFieldView:
    """For the role `system_admin`, with an id that is made here."""
    command = PutContactField(
        **command_fields(gateway, caller), id=new_id("fld"), definition=body.to_definition()
    )
    return await _put(gateway, response, command, None)


@router.patch(
    "/{field_id}",
    summary="Change a field of contacts",
    responses=problems(403, 404, 412, 422, 429),
)
async def patch_contact_field(
    *,
    field_id: FieldPath,
    body: ContactFieldPatch,
    expected: ExpectedVersion,
    caller: Administrator,
    gateway: GatewayPorts,
    response: Response,
) -> ContactFieldView:
    """For the role `system_admin`. The values of contacts are kept as for `PUT`."""
    existing = await _find(gateway, caller, field_id)
    if existing is None:
        raise not_found("field", field_id)
    change = body.to_change()
    command = PatchContactField(
        **command_fields(gateway, caller, expected), id=field_id, change=change
    )
    settled = await carry_out(gateway, command, "field")
    set_etag(response, settled.version)
    definition = change.apply(existing.definition)
    meta = {**meta_of(existing), "updated_at": command.at, "version": settled.version}
    return _show(meta, definition)


@router.get("", summary="List the fields of contacts")
async def list_contact_fields(
    caller: CurrentCaller, gateway: GatewayPorts, paging: CurrentPaging
) -> Listed[ContactFieldView]:
    """In the order of their ids."""
    return await list_setup(gateway, caller.organization.id, paging, CONTACT_FIELDS_VIEW, _view)


@router.get("/{field_id}", summary="One field of contacts", responses=problems(404))
async def get_contact_field(
    field_id: FieldPath, caller: CurrentCaller, gateway: GatewayPorts, response: Response
) -> ContactFieldView:
    """For everybody who may use the CRM."""
    field = await _find(gateway, caller, field_id)
    if field is None:
        raise not_found("field", field_id)
    set_etag(response, field.sequence)
    return _view(field)


@router.delete(
    "/{field_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Remove a field of contacts",
    responses=problems(403, 412, 429),
)
async def delete_contact_field(
    field_id: FieldPath, expected: ExpectedVersion, caller: Administrator, gateway: GatewayPorts
) -> None:
    """For the role `system_admin`. Its values are hidden, and there again if it is added again with
    the same id. The answer is the same if there is no such field."""
    command = RemoveContactField(**command_fields(gateway, caller, expected), id=field_id)
    await carry_out(gateway, command, "field")


async def _find(gateway: Gateway, caller: Caller, field_id: str) -> ContactFieldDocument | None:
    return await gateway.crm.setup(CONTACT_FIELDS_VIEW, caller.organization.id, field_id)


async def _put(
    gateway: Gateway,
    response: Response,
    command: PutContactField,
    existing: ContactFieldDocument | None,
) -> ContactFieldView:
    settled = await carry_out(gateway, command, "field")
    set_etag(response, settled.version)
    meta = {
        "id": command.id,
        "created_at": existing.created_at if existing else command.at,
        "created_by": existing.created_by if existing else command.by,
        "updated_at": command.at,
        "version": settled.version,
    }
    return _show(meta, command.definition)


def _view(field: ContactFieldDocument) -> ContactFieldView:
    return _show(meta_of(field), field.definition)


def _show(meta: dict[str, object], definition: FieldDefinition) -> ContactFieldView:
    return ContactFieldView(
        **meta,
        name=definition.name,
        type=definition.type,
        choices=list(definition.choices) or None,
        required=definition.required,
    )
