"""What a view is: one collection in MongoDB and the documents in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec
from pymongo import ASCENDING, DESCENDING, IndexModel

from tuyen_events.ids import ContactId, OrganizationId
from tuyen_platform.mongodb import Document

BY_CONTACT = IndexModel(
    [
        ("organization", ASCENDING),
        ("contact_id", ASCENDING),
        ("first_sequence", DESCENDING),
    ],
    name="by_contact",
)
"""What hangs on a contact, newest first."""


class ContactPart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A document of something that hangs on a contact.

    `first_sequence` is that of the contact's event which made it: it orders the list and never
    changes. `sequence` is that of the last event that changed it, and so its version.
    """

    id: str = msgspec.field(name="_id")
    organization: OrganizationId
    contact_id: ContactId
    first_sequence: int
    sequence: int


DocumentT = TypeVar("DocumentT", bound=msgspec.Struct)
PartT = TypeVar("PartT", bound=ContactPart)


@dataclass(frozen=True, slots=True)
class View(Generic[DocumentT]):
    """One collection, written by one service. Every query runs down one of its `indexes`."""

    collection: str
    document: type[DocumentT]
    indexes: tuple[IndexModel, ...]

    def read(self, stored: Mapping[str, Any]) -> DocumentT:
        """A stored document. Fields that this version does not know are left out."""
        return msgspec.convert(stored, self.document)

    def stored(self, document: DocumentT) -> Document:
        """The inverse of `read`."""
        plain: Document = msgspec.to_builtins(document, builtin_types=(datetime,))
        return plain
