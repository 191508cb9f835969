"""Contacts as rows of a table, for an export (C9).

Columns are named as the fields of a contact are. A cell with several values has them separated by
semicolons.

Decides C9.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from tuyen_views.contacts import ContactDocument

COLUMNS: Mapping[str, Callable[[ContactDocument], str]] = {
    "id": lambda contact: contact.id,
    "name": lambda contact: contact.name or "",
    "phones": lambda contact: _join(contact.phones),
    "emails": lambda contact: _join(contact.emails),
    "warehouse_id": lambda contact: contact.warehouse_id,
    "assignee": lambda contact: contact.assignee or "",
    "campaign_id": lambda contact: contact.campaign_id or "",
    "care_status": lambda contact: contact.care_status or "",
    "created_at": lambda contact: _write_time(contact.created_at),
    "updated_at": lambda contact: _write_time(contact.updated_at or contact.created_at),
}


def build_contact_row(contact: ContactDocument, columns: Sequence[str]) -> list[str]:
    """The cells of a contact. Columns that this version does not know are empty."""
    return [COLUMNS[name](contact) if name in COLUMNS else "" for name in columns]


def _join(values: Sequence[str]) -> str:
    return "; ".join(values)


def _write_time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
