"""Values of custom fields in requests: why one was refused, and filters by them (C10)."""

from collections.abc import Iterable
from typing import Any

from tuyen_events.crm.records import CrmCommandSettled, CrmRefusal
from tuyen_events.crm_limits import CONTACT_FIELDS
from tuyen_events.custom_fields import FieldType
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


async def read_custom_filter(
    gateway: Gateway, organization: OrganizationId, query: Iterable[tuple[str, str]]
) -> dict[str, str]:
    """The custom fields that a query asks for, `custom.size=41`, by their ids. Raises InvalidError
    for what can be no value of its field. A field that does not exist is passed on: it may have
    been added a moment ago, and until then nothing matches."""
    given = {
        name.removeprefix(CUSTOM): value.strip() for name, value in query if name.startswith(CUSTOM)
    }
    if len(given) > CONTACT_FIELDS:
        raise InvalidError("custom", f"Filter by at most {CONTACT_FIELDS} fields.")
    fields = await gateway.crm.contact_fields(organization) if given else {}
    for field_id, text in given.items():
        if len(text) > DETAIL_CHARACTERS:
            raise InvalidError(
                f"{CUSTOM}{field_id}", f"It has more than {DETAIL_CHARACTERS} characters."
            )
        try:
            if field_id in fields:
                read_filter(fields[field_id], text)
        except UnreadableTextError as error:
            raise InvalidError(f"{CUSTOM}{field_id}", str(error)) from error
    return given
