"""The fields of contacts that an administrator defines (C10)."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from tuyen_events.crm.contact_fields import PutContactField, RemoveContactField
from tuyen_events.crm_limits import CHOICE_CHARACTERS, FIELD_CHOICES
from tuyen_events.custom_fields import FieldDefinition, FieldType
from tuyen_gateway.api.bodies import Name
from tuyen_gateway.api.crm.entities import EntityView, meta_of
from tuyen_gateway.api.crm.setup_routes import SetupBody, SetupKind, add_setup_routes
from tuyen_gateway.api.dependencies import Caller
from tuyen_gateway.api.paging import Listed
from tuyen_gateway.errors import InvalidError
from tuyen_platform.text import fold_accents
from tuyen_views.contact_fields import CONTACT_FIELDS_VIEW, ContactFieldDocument

router = APIRouter(prefix="/contact-fields", tags=["contacts"])

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


class ContactFieldIn(SetupBody):
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
    """Whether a contact that is added manually needs a value, and nobody may empty it. Contacts
    from a channel, a file or an integration come without."""

    def convert(self, _caller: Caller, _existing: Any) -> dict[str, Any]:
        if (self.type is FieldType.CHOICE) != bool(self.choices):
            raise InvalidError(
                "choices", "A field of the type `choice` has choices, and no other one does."
            )
        definition = FieldDefinition(
            name=self.name,
            type=self.type,
            choices=tuple(self.choices or ()),
            required=self.required,
        )
        return {"definition": definition}


class ContactFieldView(EntityView):
    name: str
    type: FieldType
    choices: list[str] | None
    """Null but for the type `choice`."""
    required: bool


def _view(field: ContactFieldDocument) -> ContactFieldView:
    definition = field.definition
    return ContactFieldView(
        **meta_of(field),
        name=definition.name,
        type=definition.type,
        choices=list(definition.choices) or None,
        required=definition.required,
    )


add_setup_routes(
    router,
    SetupKind(
        one="contact field",
        many="contact fields",
        view=CONTACT_FIELDS_VIEW,
        content=ContactFieldIn,
        shown=ContactFieldView,
        listed=Listed[ContactFieldView],
        put=PutContactField,
        remove=RemoveContactField,
        render=_view,
        effect="Contacts keep the values that they have. Those of a field that is removed, and "
        "those that are not of the type of their field, are hidden until the field is there again "
        "with its type. A choice that is not offered any more stays with the contacts that have "
        "it.",
    ),
    for_all=True,
)
