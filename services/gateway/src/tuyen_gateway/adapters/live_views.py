"""Reads from MongoDB what live streams send."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from collections.abc import Collection as Ids
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import msgspec
from bson import Timestamp
from pymongo.errors import OperationFailure
from pymongo.read_concern import ReadConcern

from tuyen_events.conversation_filter import ConversationFilter
from tuyen_events.ids import ConversationId, MessageId, OrganizationId
from tuyen_gateway.adapters.counters import MongoCounters
from tuyen_gateway.adapters.names import CustomerNames
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.live import NOWHERE, Changes, JournalPosition
from tuyen_gateway.domain.threads import Direction, Message
from tuyen_gateway.domain.visibility import Scope
from tuyen_gateway.ports.live import ChangeFeed, CountsAtEntry, JournalEntry, OurMessages
from tuyen_gateway.projections import collections
from tuyen_gateway.projections.heads import CHANGED_AT
from tuyen_gateway.projections.thread_queries import IN_THREAD
from tuyen_platform.mongodb import (
    Collection,
    Database,
    Document,
    MongoSession,
    in_one_snapshot,
    read_at,
)

_READS_AT_ONCE = 8
"""Reads for live streams that run at the same time, beside those for callers."""

_WAIT_MS = 500
"""How long the database waits for a change before it returns nothing."""

_BATCH = 500

_RECENT = timedelta(seconds=60)
"""Far longer than it takes until a committed entry is read here."""

_SENDING = timedelta(minutes=10)
"""How long before it was sent a reply may have been requested: its place in the thread is that of
its request."""

_HISTORY_LOST = (136, 280, 286)
"""MongoDB's error codes for a place that is no longer in its log of operations."""


class MongoLiveViews:
    """`LiveViews`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._journal = database[collections.JOURNAL]
        self._heads = heads_of(database)
        self._counters = MongoCounters(database)
        self._names = CustomerNames(database)
        self._turns = asyncio.Semaphore(_READS_AT_ONCE)

    async def follow(self, after: JournalPosition | None) -> ChangeFeed:
        if after is None:
            return MongoChangeFeed(self._database, await self._now())
        feed = MongoChangeFeed(self._database, after)
        if await feed.has_been_forgotten():
            return MongoChangeFeed(self._database, await self._now())
        return feed

    async def _now(self) -> JournalPosition:
        """The time of the database's last commit."""
        at: Timestamp = (await self._database.client.admin.command("ping"))["operationTime"]
        return JournalPosition(at.time, at.inc)

    async def entries(
        self, organization: OrganizationId, since: datetime, limit: int
    ) -> Sequence[JournalEntry]:
        async with self._turns:
            found = self._journal.find({"organization": organization, "at": {"$gte": since}})
            newest = await found.sort([("at", -1), ("_id", -1)]).limit(limit).to_list(None)
        return [_entry(document, None) for document in reversed(newest)]

    async def head(self, organization: OrganizationId) -> JournalPosition:
        async with self._turns:
            return place_of_head(await self._heads.find_one({"_id": organization}))

    async def rows(
        self, ids: Ids[ConversationId], at: JournalPosition | None
    ) -> Mapping[ConversationId, InboxRow]:
        async with self._turns:
            found = await self._find(collections.CONVERSATIONS, {"_id": {"$in": list(ids)}}, at)
            rows = [msgspec.convert(document, InboxRow) for document in found]
            return {row.id: row for row in await self._names.add_names(rows)}

    async def messages(self, ids: Ids[MessageId], at: JournalPosition | None) -> Sequence[Message]:
        async with self._turns:
            found = await self._find(collections.MESSAGES, {"_id": {"$in": list(ids)}}, at)
            messages = [msgspec.convert(document, Message) for document in found]
            return await self._names.add_author_names(messages)

    async def ours(
        self, messages: OurMessages, limit: int, at: JournalPosition | None
    ) -> Sequence[Message]:
        since: Document = {} if messages.after is None else {"$gt": messages.after - _SENDING}
        query = {
            "conversation_id": messages.conversation_id,
            "at": {**since, "$lte": messages.until},
            "direction": Direction.OUT.value,
            **IN_THREAD,
        }
        newest = {name: -1 for name, _ in collections.THREAD_ORDER}
        async with self._turns:
            found = await self._find(
                collections.MESSAGES, query, at, {"sort": newest, "limit": limit}
            )
        return [msgspec.convert(document, Message) for document in reversed(found)]

    async def count_newer(
        self, conversation_id: ConversationId, joined: Ids[datetime], at: JournalPosition | None
    ) -> Mapping[datetime, int]:
        """In one pass over the messages after the first of these times."""
        by_cut: dict[datetime, list[datetime]] = {}
        for since in sorted(joined):
            by_cut.setdefault(_next_millisecond(since), []).append(since)
        cuts = sorted(by_cut)
        standing = {
            "conversation_id": conversation_id,
            "accepted_at": {"$gte": cuts[0]},
            "direction": Direction.IN.value,
            "absent": {"$ne": True},
        }
        branches = [
            {"case": {"$lt": ["$accepted_at", later]}, "then": number}
            for number, (_, later) in enumerate(pairwise(cuts))
        ]
        last = len(cuts) - 1
        number: object = {"$switch": {"branches": branches, "default": last}} if branches else last
        group = {"$group": {"_id": number, "events": {"$sum": 1}}}
        command = {
            "aggregate": collections.MESSAGES,
            "pipeline": [{"$match": standing}, group],
            "cursor": {},
        }
        async with self._turns:
            found = await read_at(self._database, command, _timestamp(at))
        counted = {one["_id"]: one["events"] for one in found}
        newer, total = {}, 0
        for place in range(last, -1, -1):
            total += counted.get(place, 0)
            newer.update(dict.fromkeys(by_cut[cuts[place]], total))
        return newer

    async def _find(
        self,
        collection: str,
        query: Document,
        at: JournalPosition | None,
        more: Document | None = None,
    ) -> list[Document]:
        command = {"find": collection, "filter": query, "batchSize": _BATCH, **(more or {})}
        return await read_at(self._database, command, _timestamp(at))

    async def counts(self, scope: Scope) -> CountsAtEntry:
        async with self._turns:
            return await in_one_snapshot(self._database, partial(self._counts, scope))

    async def _counts(self, scope: Scope, session: MongoSession) -> CountsAtEntry:
        counts = await self._counters.counts(session, scope, ConversationFilter())
        recent = {"$subtract": ["$$NOW", _RECENT // timedelta(milliseconds=1)]}
        query = {"organization": scope.organization, "$expr": {"$gte": ["$at", recent]}}
        found = await self._journal.find(query, {"_id": 1}, session=session).to_list(None)
        return CountsAtEntry(counts, frozenset(str(one["_id"]) for one in found))


class MongoChangeFeed:
    """`ChangeFeed`: a change stream of the journal. It returns changes in the order of their
    commits once a majority of members has them."""

    def __init__(self, database: Database, begin: JournalPosition) -> None:
        self._journal = database[collections.JOURNAL]
        self.begin = begin

    async def has_been_forgotten(self) -> bool:
        """Whether the database can no longer return what was committed from `begin` on."""
        try:
            async with self._watch() as stream:
                await stream.try_next()
        except OperationFailure as error:
            if error.code in _HISTORY_LOST:
                return True
            raise
        return False

    async def entries(self) -> AsyncIterator[JournalEntry | None]:
        async with self._watch() as stream:
            while stream.alive:
                change = await stream.try_next()
                if change is None:
                    yield None
                    continue
                at: Timestamp = change["clusterTime"]
                yield _entry(change["fullDocument"], JournalPosition(at.time, at.inc))

    def _watch(self) -> Any:
        return self._journal.watch(
            [{"$match": {"operationType": "insert"}}],
            start_at_operation_time=Timestamp(self.begin.seconds, self.begin.number),
            max_await_time_ms=_WAIT_MS,
            batch_size=_BATCH,
        )


def _timestamp(place: JournalPosition | None) -> Timestamp | None:
    return None if place is None else Timestamp(place.seconds, place.number)


def heads_of(database: Database) -> Collection:
    """The documents of heads as a majority of members has them: then each of them has all earlier
    commits, and what is read later shows these."""
    return database[collections.HEADS].with_options(read_concern=ReadConcern("majority"))


def place_of_head(document: Document | None) -> JournalPosition:
    """The time in an organization's document of heads."""
    changed = None if document is None else document.get(CHANGED_AT)
    return NOWHERE if changed is None else JournalPosition(changed.time, changed.inc)


def _entry(document: Document, place: JournalPosition | None) -> JournalEntry:
    return JournalEntry(
        id=str(document["_id"]),
        organization=OrganizationId(document["organization"]),
        place=place,
        changes=msgspec.msgpack.decode(document["changes"], type=Changes),
    )


def _next_millisecond(moment: datetime) -> datetime:
    """The first time after `moment` that the views can store."""
    cut = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    return cut + timedelta(milliseconds=1)
