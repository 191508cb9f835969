"""Contacts as rows of a table, for an export (C9).

Columns are named as the fields of a contact are. A cell with several values has them separated by
semicolons.

Decides C9.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from tuyen_events.custom_fields import CustomFields
from tuyen_gateway.custom_texts import write_number
from tuyen_gateway.imports.columns import CUSTOM, STEP
from tuyen_gateway.imports.lists import join_values
from tuyen_views.contacts import ContactDocument

COLUMNS: Mapping[str, Callable[[ContactDocument], str]] = {
    "id": lambda contact: contact.id,
    "name": lambda contact: contact.name or "",
    "phones": lambda contact: join_values(contact.phones),
    "emails": lambda contact: join_values(contact.emails),
    "gender": lambda contact: contact.gender or "",
    "birthday": lambda contact: contact.birthday.isoformat() if contact.birthday else "",
    "address": lambda contact: contact.address or "",
    "location": lambda contact: contact.location or "",
    "tags": lambda contact: join_values(contact.tags),
    "source": lambda contact: contact.source or "",
    "warehouse_id": lambda contact: contact.warehouse_id,
    "assignee": lambda contact: contact.assignee or "",
    "campaign_id": lambda contact: contact.campaign_id or "",
    "care_status": lambda contact: contact.care_status or "",
    "created_at": lambda contact: _write_time(contact.created_at),
    "updated_at": lambda contact: _write_time(contact.updated_at or contact.created_at),
}


def list_export_columns(custom: CustomFields, pipelines: Iterable[str]) -> tuple[str, ...]:
    """All columns that an export can have: the fields of a contact, the custom ones, and the steps
    of the pipelines."""
    return (
        *COLUMNS,
        *(f"{CUSTOM}{field_id}" for field_id in custom),
        *(f"{STEP}{pipeline_id}" for pipeline_id in pipelines),
    )


def build_contact_row(contact: ContactDocument, columns: Sequence[str]) -> list[str]:
    """The cells of a contact. Columns that do not exist are empty."""
    return [_write_cell(contact, name) for name in columns]


def _write_cell(contact: ContactDocument, column: str) -> str:
    if column in COLUMNS:
        return COLUMNS[column](contact)
    if column.startswith(STEP):
        return contact.steps.get(column.removeprefix(STEP), "")
    value = contact.custom.get(column.removeprefix(CUSTOM))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return write_number(value)
    return value or ""


def _write_time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
