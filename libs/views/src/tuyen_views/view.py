"""Views: a collection in MongoDB, and the documents in it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import UNSET
from pymongo import ASCENDING, DESCENDING, IndexModel

from tuyen_events.crm.records import ChildChange, ChildEvent, CrmEvent, SetupEvent
from tuyen_events.crm.reminders import Reminded
from tuyen_events.ids import AgentId, ContactId, OrganizationId
from tuyen_platform.mongodb import Document

CRM_VIEWS = "crm_6"
"""The name under which the positions of the CRM's views are stored. With another name, everything
is folded again from the first event. In earlier versions it was `contacts`, then `crm`; since then
the documents of contacts have another shape, and a collection of their own for it; with `crm_5`,
proposals are listed in a collection of their own; with `crm_6`, children of two contacts may have
one id."""

BY_CONTACT = IndexModel(
    [("organization", ASCENDING), ("contact_id", ASCENDING), ("place", DESCENDING)],
    name="by_contact",
)
"""Everything of one kind that belongs to a contact, newest first."""

BY_ORGANIZATION = IndexModel(
    [("organization", ASCENDING), ("place", DESCENDING)], name="by_organization"
)
"""Everything of one kind in an organization, newest first."""

BY_ASSIGNEE = IndexModel(
    [("organization", ASCENDING), ("assignee", ASCENDING), ("place", DESCENDING)],
    name="by_assignee",
)
"""Everything of one kind that one agent, or nobody, has, newest first."""

BY_ID = IndexModel([("organization", ASCENDING), ("id", ASCENDING)], name="by_id")
"""Everything of one kind that an organization has set up, in the order of the ids."""

REMOVED_STAY_S = 24 * 3600
"""How long a removed document leaves a tombstone, so that a process which folds an earlier event
late does not create the document again."""

LAST_ACCESS = "was"
"""The field of a tombstone that has what decided who could see the document: whoever could may
remove it again, and gets the same answer."""

_ACCESS_FIELDS = ("organization", "contact_id", "warehouse_id", "assignee", "viewers")

UNTIL_FORGOTTEN = IndexModel(
    [("removed_at", ASCENDING)], name="until_forgotten", expireAfterSeconds=REMOVED_STAY_S
)
"""Every collection has it. A tombstone has no organization of its own, so no query of a list finds
it."""


def select_access_fields(encoded: Document) -> Document:
    """The fields of an encoded document that decide who can see it."""
    return {name: encoded[name] for name in _ACCESS_FIELDS if name in encoded}


class OfContact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A document that is listed with a contact.

    `contact_id` is the contact for which it was created: it stays when that contact is merged into
    another one. `place` is the event that created it, in the order of the organization: lists are
    ordered by it, and it never changes.
    """

    key: str = msgspec.field(name="_id")
    organization: OrganizationId
    contact_id: ContactId
    place: str


class ChildDocument(OfContact, frozen=True, kw_only=True, omit_defaults=True):
    """A document of a child entity: something that agents add to a contact.

    `_id` is as `build_child_key` builds it, since callers choose ids. `sequence` is that of the
    last event that changed it: its version.
    """

    id: str
    sequence: int
    created_at: datetime
    created_by: AgentId | None = None
    updated_at: datetime


class SetupDocument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A document of something that an organization has set up.

    `sequence` is that of the last event that changed it: its version.
    """

    key: str = msgspec.field(name="_id")
    id: str
    organization: OrganizationId
    sequence: int
    created_at: datetime
    created_by: AgentId | None
    updated_at: datetime


DocumentT = TypeVar("DocumentT", bound=msgspec.Struct)
OfContactT = TypeVar("OfContactT", bound=OfContact)
ChildDocumentT = TypeVar("ChildDocumentT", bound=ChildDocument)
SetupT = TypeVar("SetupT", bound=SetupDocument)


def build_child_key(organization: OrganizationId, child_id: str, contact_id: ContactId) -> str:
    """The `_id` of a child's document. When a child was removed, its id may be used again for
    another contact: that child has a document of its own, since the events of two contacts are in
    no order for whoever folds them."""
    return f"{organization}/{child_id}/{contact_id}"


def child_key(event: ChildChange | Reminded) -> str:
    """The `_id` of the child's document."""
    return build_child_key(event.organization, event.child_id, event.contact_id)


def match_child(organization: OrganizationId, child_id: str) -> Document:
    """The query for the documents with the id of a child: one, and of contacts that had a child
    with this id before, what is left of it."""
    begin = f"{organization}/{child_id}"
    return {"_id": {"$gt": f"{begin}/", "$lt": f"{begin}0"}}  # 0 is next to /


def setup_key(event: SetupEvent) -> str:
    """The `_id` of the entity's document."""
    return f"{event.organization}/{event.id}"


def place_in_order(event: CrmEvent) -> str:
    """The place of an event in the order of its organization: a string, so that lists are sorted by
    one field. Events of earlier versions, which have no order, come before all others."""
    return f"{event.order:015d}.{event.sequence:09d}.{event.subject}"


def begin_child(event: ChildChange) -> dict[str, Any]:
    """The fields that the documents of all child entities have, when the entity is created."""
    return {
        "key": child_key(event),
        "id": event.child_id,
        "organization": event.organization,
        "contact_id": event.contact_id,
        "place": place_in_order(event),
        "sequence": event.sequence,
        "created_at": event.at,
        "created_by": event.by if isinstance(event, ChildEvent) else None,
        "updated_at": event.at,
    }


def list_changed_fields(event: ChildEvent, fields: Iterable[str]) -> dict[str, Any]:
    """What an event changes in the child's document: those of `fields` that the event has."""
    given = {name: getattr(event, name) for name in fields}
    changed = {name: value for name, value in given.items() if value is not UNSET}
    return {**changed, "sequence": event.sequence, "updated_at": event.at}


def add_document(
    kind: type[ChildDocumentT], event: ChildChange, fields: Iterable[str]
) -> ChildDocumentT:
    """The document of a child that an event created; `fields` have the same names in both."""
    return kind(**begin_child(event), **{name: getattr(event, name) for name in fields})


def change_document(
    document: ChildDocumentT | None, event: ChildEvent, fields: Iterable[str]
) -> ChildDocumentT | None:
    """The document after an event that changed those of `fields` that it has."""
    return document and msgspec.structs.replace(document, **list_changed_fields(event, fields))


def build_entity_fields(document: SetupDocument | None, event: SetupEvent) -> dict[str, Any]:
    """The fields that the documents of all kinds of setup have, after the event."""
    return {
        "key": setup_key(event),
        "id": event.id,
        "organization": event.organization,
        "sequence": event.sequence,
        "created_at": document.created_at if document else event.at,
        "created_by": document.created_by if document else event.by,
        "updated_at": event.at,
    }


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
