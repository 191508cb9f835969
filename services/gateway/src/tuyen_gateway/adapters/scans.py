"""Reads conversations that are to be processed from MongoDB, in batches of limited size."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from tuyen_events.conversation_filter import ConversationFilter
from tuyen_events.ids import ConversationId, OrganizationId
from tuyen_gateway.adapters.names import CustomerNames
from tuyen_gateway.adapters.queries import build_covered_query
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.visibility import Scope
from tuyen_gateway.projections import collections
from tuyen_platform.mongodb import Database, Document


class MongoScans:
    """Reads are from the primary: they see what `wait_until_caught_up` waited for."""

    def __init__(self, database: Database) -> None:
        self._conversations = database[collections.CONVERSATIONS]
        self._history = database[collections.HISTORY]
        self._names = CustomerNames(database)

    async def count(self, scope: Scope, wanted: ConversationFilter) -> int:
        query = {"$and": await self._names.matching(scope, wanted)}
        return int(await self._conversations.count_documents(query))

    async def ids(
        self, scope: Scope, wanted: ConversationFilter, limit: int, after: ConversationId | None
    ) -> Sequence[ConversationId]:
        parts = await self._names.matching(scope, wanted)
        if after is not None:
            parts.append({"_id": {"$gt": after}})
        found = self._conversations.find({"$and": parts}, {"_id": 1}).sort("_id", 1).limit(limit)
        return [ConversationId(document["_id"]) for document in await found.to_list(limit)]

    async def find_covered(
        self, scope: Scope, ids: Sequence[ConversationId]
    ) -> Collection[ConversationId]:
        query = {"$and": [{"_id": {"$in": list(ids)}}, *build_covered_query(scope)]}
        found = await self._conversations.find(query, {"_id": 1}).to_list(None)
        return [ConversationId(document["_id"]) for document in found]

    async def rows(
        self, scope: Scope, ids: Sequence[ConversationId]
    ) -> Mapping[ConversationId, InboxRow]:
        query = {"$and": [{"_id": {"$in": list(ids)}}, *build_covered_query(scope)]}
        found = await self._conversations.find(query).to_list(None)
        rows = [msgspec.convert(document, InboxRow) for document in found]
        return {row.id: row for row in rows}

    async def find_carried_out(
        self, commands: Mapping[ConversationId, Collection[str]]
    ) -> Collection[str]:
        named = [one for several in commands.values() for one in several]
        query = {"conversation_id": {"$in": list(commands)}, "caused_by": {"$in": named}}
        found = await self._history.find(query, {"caused_by": 1}).to_list(None)
        return frozenset(document["caused_by"] for document in found)

    async def inactive(
        self, organization: OrganizationId, since: datetime, limit: int, after: InboxRow | None
    ) -> Sequence[InboxRow]:
        found = (
            self._conversations.find(build_inactive_query(organization, since, after))
            .sort([("active_at", 1), ("_id", 1)])
            .limit(limit)
        )
        return [msgspec.convert(one, InboxRow) for one in await found.to_list(limit)]


def build_inactive_query(
    organization: OrganizationId, since: datetime, after: InboxRow | None
) -> Document:
    """Matches the rows that `inactive` returns; the index `open_by_activity` gives their order."""
    query: Document = {"organization": organization, "done": False, "active_at": {"$lt": since}}
    if after is not None:
        query["active_at"]["$gte"] = after.active_at
        query["$or"] = [{"active_at": {"$gt": after.active_at}}, {"_id": {"$gt": after.id}}]
    return query
