"""The views' collections: their names, their indexes, and guarded writes.

A document contains a `stamp` of its own content. It is replaced only if it is as it was read, so
that two gateways that fold parts of one document do not overwrite each other's work; a gateway that
loses the race reads and folds again. Equal content has an equal stamp, however it came about.
"""

from collections.abc import Collection as Ids
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Generic, TypeVar

import msgspec
from pymongo import ASCENDING, DESCENDING, IndexModel, InsertOne, ReplaceOne, UpdateOne

from tuyen_events.limits import CHANGES_KEPT_S
from tuyen_events.outbound_topics import MEDIA, OUTBOUND, OUTBOUND_RESULTS
from tuyen_events.topic import Topic
from tuyen_events.topics import ASSIGNMENTS, COMMANDS, INBOUND, MARKS, POOLS
from tuyen_gateway.domain.attempts import ReplyState
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.live import note_shown
from tuyen_gateway.domain.threads import Message
from tuyen_platform.mongodb import Collection, Database, Document, Operation, write_unchanged
from tuyen_views.names import NAME, SUFFIXES, list_suffixes

_SHAPE = 8
"""Rises when the shape of rows, messages or counters changes, or the meaning of what they contain:
a new shape is folded from the log beside the old one."""

CONVERSATIONS = f"conversations_{_SHAPE}"
MESSAGES = f"messages_{_SHAPE}"
HISTORY = "assignments"
POOL_RECORDS = "pools"
HEADS = f"heads_{_SHAPE}"
COUNTERS = f"counters_{_SHAPE}"
PAGE_POSTS = f"posts_{_SHAPE}"
JOURNAL = f"changes_{_SHAPE}"
"""The journal of what was changed in the views lately (`projections/journal.py`). It is not a view
itself."""

COLLECTIONS = (CONVERSATIONS, MESSAGES, HISTORY, POOL_RECORDS, HEADS, COUNTERS, PAGE_POSTS)

VIEW = f"inbox_{_SHAPE}"
"""The name of all these together: they have one position in the log."""

FOLDED: Sequence[Topic] = (
    INBOUND,
    ASSIGNMENTS,
    COMMANDS,
    MARKS,
    POOLS,
    OUTBOUND,
    OUTBOUND_RESULTS,
    MEDIA,
)
"""The topics from which the views are folded; of the commands, only those that close a
conversation."""

ADDING: Sequence[Topic] = (INBOUND, OUTBOUND)
"""The topics whose events add messages. A message's place is numbered over their partitions."""

THREAD_ORDER = (
    ("at", ASCENDING),
    ("accepted_at", ASCENDING),
    ("accepted_us", ASCENDING),
    ("_id", ASCENDING),
)
"""A thread, oldest first: by moment, and for equal moments by id."""

_NEWEST_FIRST = (
    ("updated_at", DESCENDING),
    ("_id", DESCENDING),
    # Last, so that names are compared without reading the rows.
    (NAME, ASCENDING),
)

NEWEST_POSTS_FIRST = (("created_at", DESCENDING), ("_id", DESCENDING))

LISTED_POSTS: Document = {
    "created_at": {"$exists": True},
    "removed": False,
    "by_others": False,
}
"""The posts that are listed: the page's own that were published or commented on, and not
removed."""

BY_ACTIVITY, BY_CUSTOMER_NAME, UNNAMED = "by_activity", "by_name", "unnamed_by_customer"

BY_CUSTOMER = "by_customer"

BY_INBOUND, BY_ASSIGNEE_AND_INBOUND = "by_inbound", "by_assignee_and_inbound"

COUNTED_BY = ("page_id", "channel", "kind", "done", "live_events")
"""The fields that `BY_INBOUND` also contains, for queries that read no row."""

CHOSEN: Document = {"agent_id": {"$type": "string"}, "mode": {"$type": "string"}}
"""The records of the history in which a rule chose an agent."""

UNSETTLED: Document = {"unsettled_since": {"$exists": True}}
"""The replies of whose requests some have no result yet."""

FAILED: Document = {"state": ReplyState.FAILED.value}
"""The replies whose last request failed."""

# Every list of I4 is read from one of these. A query without a channel or kind lists all of them,
# which the server merges in the order of `updated_at`.
_INDEXES: Mapping[str, tuple[IndexModel, ...]] = {
    CONVERSATIONS: (
        # Names are compared in this one: of lists that are merged, each is read until it has a row.
        IndexModel([("organization", ASCENDING), *_NEWEST_FIRST], name=BY_ACTIVITY),
        IndexModel(
            [
                ("organization", ASCENDING),
                ("channel", ASCENDING),
                ("kind", ASCENDING),
                *_NEWEST_FIRST,
            ],
            name="by_kind",
        ),
        IndexModel(
            [
                ("organization", ASCENDING),
                ("page_id", ASCENDING),
                ("kind", ASCENDING),
                *_NEWEST_FIRST,
            ],
            name="by_page",
        ),
        IndexModel(
            [
                ("organization", ASCENDING),
                ("assignee", ASCENDING),
                ("kind", ASCENDING),
                *_NEWEST_FIRST,
            ],
            name="by_assignee",
        ),
        IndexModel(
            [("organization", ASCENDING), ("tag_keys", ASCENDING), *_NEWEST_FIRST],
            name="by_tag_key",
            partialFilterExpression={"tag_keys.0": {"$exists": True}},
        ),
        IndexModel(
            [("organization", ASCENDING), ("external_id", ASCENDING)], name="by_external_id"
        ),
        IndexModel([("organization", ASCENDING), (SUFFIXES, ASCENDING)], name=BY_CUSTOMER_NAME),
        IndexModel([("organization", ASCENDING), ("customer.id", ASCENDING)], name=BY_CUSTOMER),
        IndexModel(
            [("organization", ASCENDING), ("customer.id", ASCENDING)],
            name=UNNAMED,
            partialFilterExpression={"customer.name": None},
        ),
        IndexModel(
            [
                ("organization", ASCENDING),
                ("last_inbound_at", ASCENDING),
                *((name, ASCENDING) for name in COUNTED_BY),
            ],
            name=BY_INBOUND,
        ),
        IndexModel(
            [
                ("organization", ASCENDING),
                ("assignee", ASCENDING),
                ("last_inbound_at", ASCENDING),
            ],
            name=BY_ASSIGNEE_AND_INBOUND,
        ),
        IndexModel(
            [("organization", ASCENDING), ("active_at", ASCENDING), ("_id", ASCENDING)],
            name="open_by_activity",
            partialFilterExpression={"done": False},
        ),
    ),
    MESSAGES: (
        IndexModel(
            [("conversation_id", ASCENDING), *THREAD_ORDER],
            name="by_thread",
        ),
        IndexModel(
            [("conversation_id", ASCENDING), ("accepted_at", ASCENDING)], name="by_acceptance"
        ),
        IndexModel(
            [("organization", ASCENDING), ("partition", ASCENDING), ("offset", ASCENDING)],
            name="by_place",
        ),
        IndexModel([("via_parent", ASCENDING)], name="by_parent", sparse=True),
        IndexModel(
            [
                ("organization", ASCENDING),
                ("page_id", ASCENDING),
                ("post_id", ASCENDING),
                *THREAD_ORDER,
            ],
            name="by_post",
            partialFilterExpression={"comment": True},
        ),
        IndexModel([("claims", ASCENDING)], name="by_claim", sparse=True),
        IndexModel(
            [("conversation_id", ASCENDING)],
            name="unsettled_by_thread",
            partialFilterExpression=UNSETTLED,
        ),
        IndexModel([("reply_to", ASCENDING)], name="by_quoted", sparse=True),
        IndexModel([("parent_id", ASCENDING)], name="by_answered", sparse=True),
        IndexModel(
            # With the state, so that they are counted without reading them.
            [("organization", ASCENDING), ("state", ASCENDING), ("page_id", ASCENDING)],
            name="pending_by_page",
            partialFilterExpression={"state": ReplyState.PENDING.value},
        ),
        IndexModel(
            # With state and page, so that they are counted without reading them.
            [
                ("organization", ASCENDING),
                ("state", ASCENDING),
                ("at", DESCENDING),
                ("page_id", ASCENDING),
            ],
            name="failed_by_time",
            partialFilterExpression=FAILED,
        ),
    ),
    PAGE_POSTS: (
        IndexModel(
            [("organization", ASCENDING), *NEWEST_POSTS_FIRST],
            name="by_organization",
            partialFilterExpression=LISTED_POSTS,
        ),
        IndexModel(
            [("organization", ASCENDING), ("page_id", ASCENDING), *NEWEST_POSTS_FIRST],
            name="by_page",
            partialFilterExpression=LISTED_POSTS,
        ),
        IndexModel(
            [("organization", ASCENDING), ("external_id", ASCENDING)], name="by_external_id"
        ),
    ),
    HISTORY: (
        IndexModel(
            [("conversation_id", ASCENDING), ("version", DESCENDING)], name="by_conversation"
        ),
        IndexModel(
            [
                ("organization", ASCENDING),
                ("rule_id", ASCENDING),
                ("mode", ASCENDING),
                ("at", DESCENDING),
            ],
            name="chosen_by_rule",
            partialFilterExpression=CHOSEN,
        ),
    ),
    JOURNAL: (
        IndexModel([("at", ASCENDING)], name="kept", expireAfterSeconds=CHANGES_KEPT_S),
        IndexModel([("organization", ASCENDING), ("at", ASCENDING)], name="by_organization"),
    ),
}


async def ensure_indexes(database: Database) -> None:
    """Creates the indexes that are missing. Can be repeated."""
    for name, indexes in _INDEXES.items():
        await database[name].create_indexes(list(indexes))


Folded = TypeVar("Folded", InboxRow, Message)


@dataclass(frozen=True, slots=True)
class StoredDocument(Generic[Folded]):
    """A document as it was read."""

    value: Folded
    stamp: bytes


def stamp_of(value: InboxRow | Message) -> bytes:
    """Eight bytes that represent the document's whole content, except what says how often or when
    it was written."""
    content: InboxRow | Message
    if isinstance(value, Message):
        content = msgspec.structs.replace(value, revision=0, shown=False)
    else:
        content = msgspec.structs.replace(value, revision=0)
    return blake2b(msgspec.msgpack.encode(content), digest_size=8).digest()


async def read_by_id(
    collection: Collection, kind: type[Folded], ids: Ids[str]
) -> dict[str, StoredDocument[Folded]]:
    """The documents of these ids that exist."""
    if not ids:
        return {}
    return await read_all(collection, kind, {"_id": {"$in": list(ids)}})


async def read_all(
    collection: Collection, kind: type[Folded], query: Document
) -> dict[str, StoredDocument[Folded]]:
    """The documents that `query` matches, by id."""
    found = await collection.find(query).to_list(None)
    return {
        document["_id"]: StoredDocument(msgspec.convert(document, kind), document["stamp"])
        for document in found
    }


async def write_documents(
    collection: Collection,
    before: Mapping[str, StoredDocument[Folded]],
    after: Iterable[Folded],
) -> bool:
    """Stores what differs from `before`; false if another writer was faster, for some of it."""
    operations = []
    for value in after:
        stored = before.get(value.id)
        if (revised := revise(stored, value)) is not None:
            operations.append(operation_for(stored, revised))
    return await write_unchanged(collection, operations)


def revise(before: StoredDocument[Folded] | None, after: Folded) -> Folded | None:
    """The document to be written, with its new revision; None if it does not change.

    The first revision is the present time in milliseconds: when the views are folded again, each
    document gets a higher one than any that it had before.
    """
    if isinstance(after, Message):
        after = note_shown(after)
    if before is None:
        first = round(datetime.now(UTC).timestamp() * 1000)
        return msgspec.structs.replace(after, revision=first)
    known = before.value.revision
    if before.value == msgspec.structs.replace(after, revision=known):
        return None
    return msgspec.structs.replace(after, revision=known + 1)


def operation_for(before: StoredDocument[Folded] | None, after: Folded) -> Operation:
    """Stores a document that was revised, if it is still as it was read."""
    if before is None:
        return InsertOne(_document(after))
    guard = {"_id": after.id, "stamp": before.stamp, "revision": before.value.revision}
    if isinstance(after, Message):
        return ReplaceOne(guard, _document(after))
    # A row is never written as a whole: indexes of unchanged fields need no update.
    changed = {
        name: _plain(value)
        for name in after.__struct_fields__
        if (value := getattr(after, name)) != getattr(before.value, name)
    }
    searched = _searched(after) if NAME in changed else {}
    return UpdateOne(guard, {"$set": {**changed, **searched, "stamp": stamp_of(after)}})


def _document(value: InboxRow | Message) -> Document:
    searched = _searched(value) if isinstance(value, InboxRow) else {}
    return {**_plain(value), **searched, "stamp": stamp_of(value)}


def _searched(row: InboxRow) -> Document:
    """The values that a search for a part of the name looks up."""
    return {SUFFIXES: list_suffixes(row.name_folded)}


def _plain(value: object) -> Document:
    plain: Document = msgspec.to_builtins(value, builtin_types=(datetime,))
    return plain
