"""Views: a collection in MongoDB, and the documents in it."""

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
"""Everything of one kind that belongs to a contact, newest first."""


class ContactPart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A document of something that belongs to a contact.

    `first_sequence` is the sequence of the contact's event that created it: lists are ordered by
    it, and it never changes. `sequence` is that of the last event that changed it: its version.
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
    """One collection, which one service writes. Every query uses one of its `indexes`."""

    collection: str
    document: type[DocumentT]
    indexes: tuple[IndexModel, ...]

    def read(self, stored: Mapping[str, Any]) -> DocumentT:
        """Decodes a stored document. Fields that this version does not know are ignored."""
        return msgspec.convert(stored, self.document)

    def encode(self, document: DocumentT) -> Document:
        """Encodes a document for MongoDB."""
        plain: Document = msgspec.to_builtins(document, builtin_types=(datetime,))
        return plain
