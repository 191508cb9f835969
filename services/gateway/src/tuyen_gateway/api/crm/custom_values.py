"""Values of custom fields in requests: why one was refused, and filters by them (C10)."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from tuyen_events.crm.records import CrmCommandSettled, CrmRefusal
from tuyen_events.crm_limits import CONTACT_FIELDS
from tuyen_events.custom_fields import CustomValue, FieldType
from tuyen_events.ids import OrganizationId
from tuyen_events.limits import DETAIL_CHARACTERS
from tuyen_gateway.custom_texts import UnreadableTextError, read_filter
from tuyen_gateway.errors import InvalidError
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.imports.columns import CUSTOM

_WANTED = {
    FieldType.TEXT: f"a text of at most {DETAIL_CHARACTERS} characters",
    FieldType.NUMBER: "a number, such as 41.5",
    FieldType.DATE: "a day, such as 2026-12-31",
    FieldType.YES_NO: "true or false",
}

CUSTOM_QUERY: dict[str, Any] = {
    "name": f"{CUSTOM}{{field_id}}",
    "in": "query",
    "required": False,
    "description": "The value of a custom field, by the field's id: `custom.size=41`.",
    "schema": {"type": "string", "maxLength": DETAIL_CHARACTERS},
}
"""The parameter of a list, as the OpenAPI document has it."""


def explain_value(settled: CrmCommandSettled) -> str:
    """Why the CRM refused a value, and what to send."""
    definition = settled.definition
    if definition is None:
        return (
            f"There is no field {settled.field_id!r}: look at /v1/contact-fields, or ask an "
            "administrator to add it."
        )
    if settled.refusal is CrmRefusal.VALUE_REQUIRED:
        return f"“{definition.name}” needs a value."
    wanted = _WANTED.get(definition.type) or f"one of: {', '.join(definition.choices)}"
    return f"“{definition.name}” is {wanted}; null empties it."


def list_custom_filter(query: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The custom fields that a query asks for, `custom.size=41`, by their ids."""
    return {
        name.removeprefix(CUSTOM): value.strip() for name, value in query if name.startswith(CUSTOM)
    }


def gather_custom(given: object) -> object:
    """A body in which `custom.size` is a field of `custom`."""
    if not isinstance(given, dict):
        return given
    named = {each: given[each] for each in given if str(each).startswith(CUSTOM)}
    custom = given.get("custom", {})
    if not named or not isinstance(custom, dict):
        return given
    others = {each: value for each, value in given.items() if each not in named}
    more = {str(each).removeprefix(CUSTOM): value for each, value in named.items()}
    return {**others, "custom": {**custom, **more}}


def write_filter(value: CustomValue) -> str:
    """The value as a query has it."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


async def check_custom_filter(
    gateway: Gateway, organization: OrganizationId, custom: Mapping[str, str]
) -> None:
    """Raises InvalidError for what can be no value of its field. By a field that does not exist,
    nothing is found: it may have been added a moment ago."""
    if len(custom) > CONTACT_FIELDS:
        raise InvalidError("custom", f"Filter by at most {CONTACT_FIELDS} fields.")
    fields = await gateway.crm.contact_fields(organization) if custom else {}
    for field_id, text in custom.items():
        if len(text) > DETAIL_CHARACTERS:
            raise InvalidError(
                f"{CUSTOM}{field_id}", f"It has more than {DETAIL_CHARACTERS} characters."
            )
        try:
            if field_id in fields:
                read_filter(fields[field_id], text)
        except UnreadableTextError as error:
            raise InvalidError(f"{CUSTOM}{field_id}", str(error)) from error
