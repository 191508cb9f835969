"""The history of assignments: one document for each version of a conversation, and one for each
pool that these refer to (I10, R9.4)."""

from datetime import datetime

import msgspec
from pymongo import UpdateOne

from tuyen_events.assignments import AssignmentEvent
from tuyen_events.pools import PoolRecorded


def record(event: AssignmentEvent) -> UpdateOne:
    """Stores the record, unless an earlier one with this version is in the log."""
    document = {
        name: msgspec.to_builtins(getattr(event, name), builtin_types=(datetime,))
        for name in _FIELDS
    }
    key = f"{event.conversation_id}:{event.version}"
    return UpdateOne({"_id": key}, {"$setOnInsert": document}, upsert=True)


def record_pool(pool: PoolRecorded) -> UpdateOne:
    """Stores the pool; its id is a digest of its content, so an existing one stays as it is."""
    return UpdateOne({"_id": pool.id}, {"$setOnInsert": msgspec.to_builtins(pool)}, upsert=True)


_FIELDS = (
    "organization",
    "page_id",
    "conversation_id",
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
