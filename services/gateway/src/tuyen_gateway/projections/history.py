"""The history of assignments: one document for each version of a conversation, and one for each
pool that these refer to (I10, R9.4)."""

from datetime import datetime

import msgspec
from pymongo import UpdateOne

from tuyen_events.assignments import AssignmentEvent
from tuyen_events.pools import PoolRecorded


def record(event: AssignmentEvent) -> UpdateOne:
    """Stores the record, unless an earlier one with this version is in its partition.

    Two partitions may each have written the first versions of a comment's thread, each for another
    customer (R4.1). No log orders these, so the customers' ids do: the history does not depend on
    which partition is read first.
    """
    document = {
        name: msgspec.to_builtins(getattr(event, name), builtin_types=(datetime,))
        for name in _FIELDS
    }
    key = f"{event.conversation_id}:{event.version}"
    is_new = {"$eq": [{"$type": "$version"}, "missing"]}
    comes_first = {"$lt": [{"$literal": event.customer_id}, "$customer_id"]}
    stored = {"$mergeObjects": [{"_id": "$_id"}, {"$literal": document}]}
    chosen = {"$cond": [{"$or": [is_new, comes_first]}, stored, "$$ROOT"]}
    return UpdateOne({"_id": key}, [{"$replaceWith": chosen}], upsert=True)


def record_pool(pool: PoolRecorded) -> UpdateOne:
    """Stores the pool; its id is a digest of its content, so an existing one stays as it is."""
    return UpdateOne({"_id": pool.id}, {"$setOnInsert": msgspec.to_builtins(pool)}, upsert=True)


_FIELDS = (
    "organization",
    "page_id",
    "conversation_id",
    "customer_id",
    "kind",
    "version",
    "agent_id",
    "previous_agent_id",
    "reason",
    "mode",
    "rule_id",
    "by",
    "note",
    "candidates",
    "choice",
    "settings_version",
    "caused_by",
    "at",
)
