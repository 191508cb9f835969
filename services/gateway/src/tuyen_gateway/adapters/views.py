"""Reads the inbox from MongoDB for viewers. Every query of conversations is made here.

Decides I2.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import msgspec

from tuyen_events.conversation_filter import ConversationFilter
from tuyen_events.ids import ConversationId, MessageId, OrganizationId
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.adapters.counters import MongoCounters, by_channel, by_kind, is_countable
from tuyen_gateway.adapters.live_views import heads_of, place_of_head
from tuyen_gateway.adapters.names import CustomerNames
from tuyen_gateway.adapters.progress import ViewProgress
from tuyen_gateway.adapters.queries import (
    ListKey,
    ListQuery,
    ListRead,
    build_covered_query,
    build_list_query,
    build_unread_expression,
    match_rows_after,
    project_row,
)
from tuyen_gateway.adapters.threads import (
    MongoThreads,
    decode_cursor,
    from_milliseconds,
    milliseconds,
)
from tuyen_gateway.domain.history import AssignmentEntry
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.live import JournalPosition
from tuyen_gateway.domain.read_marks import ReadPosition
from tuyen_gateway.domain.threads import Direction, Message
from tuyen_gateway.domain.visibility import Scope, began_before, read_at_start
from tuyen_gateway.errors import InvalidCursorError
from tuyen_gateway.ports.views import (
    ConversationRef,
    InboxCounts,
    ViewPage,
)
from tuyen_gateway.projections import collections
from tuyen_platform.kafka.consumer import ConsumerStatus
from tuyen_platform.kafka.ports import Log
from tuyen_platform.mongodb import Database, Document, MongoSession, in_one_snapshot

MOVED_ROWS = 10_000
"""The most conversations that may get messages while a list of them is scanned: each of its pages
leaves all of them out at their new positions. With more, a scan would skip some, or repeat them."""


class MongoViews:
    """The conversations of all organizations. Reads are from the primary: a read after
    `wait_until_caught_up` sees what was folded by then."""

    def __init__(self, database: Database, log: Log, status: ConsumerStatus) -> None:
        self._database = database
        self._counters = MongoCounters(database)
        self._conversations = database[collections.CONVERSATIONS]
        self._messages = database[collections.MESSAGES]
        self._heads = heads_of(database)
        self._threads = MongoThreads(database)
        self._names = CustomerNames(database)
        self._progress = ViewProgress(database, log)
        self._status = status

    def problem(self) -> str | None:
        return self._status.ready()

    async def wait_until_caught_up(self) -> None:
        await self._progress.catch_up()

    async def head(self, organization: OrganizationId) -> JournalPosition:
        return place_of_head(await self._heads.find_one({"_id": organization}))

    async def find(self, scope: Scope, conversation_id: ConversationId) -> ConversationRef | None:
        document = await self._find(scope, conversation_id)
        row = None if document is None else msgspec.convert(document, InboxRow)
        if row is None or row.page_id is None or row.kind is None:
            return None
        target = row.command_target
        return ConversationRef(
            id=row.id,
            organization=scope.organization,
            page_id=row.page_id,
            kind=row.kind,
            customer_id=None if target is None else target.customer_id,
            customer_external_id=None if target is None else target.external_id,
            partition=None if target is None else target.partition,
            agent_id=row.assignee,
            version=row.version,
        )

    async def conversation(self, scope: Scope, conversation_id: ConversationId) -> InboxRow | None:
        document = await self._find(scope, conversation_id)
        return None if document is None else (await self._as_seen(scope, [document]))[0]

    async def _find(self, scope: Scope, conversation_id: ConversationId) -> Document | None:
        return await self._conversations.find_one(
            {"$and": [{"_id": conversation_id}, *build_covered_query(scope)]}, project_row(scope)
        )

    async def conversations(
        self, scope: Scope, wanted: ConversationFilter, limit: int, after: str | None
    ) -> ViewPage[InboxRow]:
        cursor = await self._read_cursor(after)
        if wanted.unread and is_countable(wanted):
            listed = partial(self._list_unread, scope, wanted, limit, cursor)
            return await in_one_snapshot(self._database, listed)
        query = await self._names.build_list_query(scope, wanted)
        moved = await self._find_moved(scope, cursor)
        return await self._list_rows(
            scope, query, cursor, limit=limit, left=None, moved=moved, session=None
        )

    async def _list_unread(
        self,
        scope: Scope,
        wanted: ConversationFilter,
        limit: int,
        cursor: "_ListCursor",
        session: MongoSession,
    ) -> ViewPage[InboxRow]:
        """Lists unread rows, and stops where the counters say that no more follow: for a viewer who
        has read nearly everything, a scan to the end would read nearly all rows.

        The unread rows before the cursor are counted again only if no more than a page seems to be
        left, because changes since then may have made it more, or less.
        """
        counts, moved = await asyncio.gather(
            self._counters.counts(session, scope, wanted), self._find_moved(scope, cursor)
        )
        query = build_list_query(scope, _narrow(wanted, counts))
        left = counts.unread if cursor.left is None else min(cursor.left, counts.unread)
        if cursor.last and counts.unread and (cursor.left is None or left <= limit):
            above = {"$and": [*query.matching, {"$nor": [match_rows_after(cursor.last)]}]}
            passed = await self._conversations.count_documents(above, session=session)
            left = counts.unread - passed
        return await self._list_rows(
            scope, query, cursor, limit=limit, left=left, moved=moved, session=session
        )

    async def _list_rows(
        self,
        scope: Scope,
        query: ListQuery,
        cursor: "_ListCursor",
        *,
        limit: int,
        left: int | None,
        moved: Mapping[str, ListKey | None],
        session: MongoSession | None,
    ) -> ViewPage[InboxRow]:
        """A page of `limit` rows; `left` is the number of rows that follow the cursor, if it is
        known. Raises InvalidCursorError if more rows moved since the scan began than it can
        follow."""
        if len(moved) > MOVED_ROWS:
            if cursor.last is not None:
                raise InvalidCursorError(
                    f"More than {MOVED_ROWS} conversations have got messages since this list "
                    "began: start again without a cursor."
                )
            moved = {}  # the views are far behind the log: what follows the first page is refused
        still: list[Document] = [{"_id": {"$nin": list(moved)}}] if moved else []
        if cursor.last is not None:
            still.append(match_rows_after(cursor.last))
        found: list[tuple[ListKey, Document]] = []
        most = limit + 1 if left is None else min(limit + 1, left)
        if most > 0:
            reading = (self._read_rows(scope, each, still, most, session) for each in query.reads)
            rows = {row["_id"]: row for part in await asyncio.gather(*reading) for row in part}
            found = [((row["updated_at"], row["_id"]), row) for row in rows.values()]
        found += await self._find_left_behind(scope, query.matching, moved, cursor.last, session)
        found.sort(key=lambda entry: entry[0], reverse=True)
        following = None
        if len(found) > limit:
            left = None if left is None else max(left - limit, 0)
            following = _ListCursor(
                snapshot_offsets=cursor.snapshot_offsets, last=found[limit - 1][0], left=left
            ).encode()
        return ViewPage(
            items=await self._as_seen(scope, [document for _, document in found[:limit]]),
            following=following,
        )

    async def _read_rows(
        self,
        scope: Scope,
        read: ListRead,
        still: Sequence[Document],
        most: int,
        session: MongoSession | None,
    ) -> Sequence[Document]:
        query = {"$and": [*read.query, *still]}
        rows = self._conversations.find(query, project_row(scope), session=session, hint=read.hint)
        return await rows.sort([("updated_at", -1), ("_id", -1)]).limit(most).to_list(None)

    async def _read_cursor(self, after: str | None) -> "_ListCursor":
        if after is not None:
            return _ListCursor.decode(after)
        reached = await self._progress.load()
        snapshot_offsets = [
            reached.get((topic.name, partition), 0)
            for topic in collections.ADDING
            for partition in range(topic.partitions)
        ]
        return _ListCursor(snapshot_offsets=snapshot_offsets, last=None, left=None)

    async def _find_moved(
        self, scope: Scope, cursor: "_ListCursor"
    ) -> Mapping[str, ListKey | None]:
        """The rows that got a message since the scan began, each with its position at that time;
        None for new ones. One more than MOVED_ROWS stands for all further ones."""
        beyond = [
            {"partition": place, "offset": {"$gte": offset}}
            for place, offset in enumerate(cursor.snapshot_offsets)
        ]
        found = await self._messages.aggregate(
            [
                {"$match": {"organization": scope.organization, "$or": beyond}},
                {"$group": {"_id": "$conversation_id"}},
                {"$match": {"_id": {"$ne": None}}},
                {"$limit": MOVED_ROWS + 1},
                {
                    "$lookup": {
                        "from": self._messages.name,
                        "localField": "_id",
                        "foreignField": "conversation_id",
                        "pipeline": [
                            {"$match": {"$nor": beyond}},
                            {"$sort": {"accepted_at": -1}},
                            {"$limit": 1},
                            {"$project": {"accepted_at": 1}},
                        ],
                        "as": "before",
                    }
                },
            ]
        ).to_list(None)
        return {
            row["_id"]: (row["before"][0]["accepted_at"], row["_id"]) if row["before"] else None
            for row in found
        }

    async def _find_left_behind(
        self,
        scope: Scope,
        matching: Sequence[Document],
        moved: Mapping[str, ListKey | None],
        last: ListKey | None,
        session: MongoSession | None,
    ) -> list[tuple[ListKey, Document]]:
        """The rows that moved and that the scan had not reached, at their earlier positions."""
        ahead = {
            key: place
            for key, place in moved.items()
            if place is not None and (last is None or place < last)
        }
        if not ahead:
            return []
        there = {"$and": [*matching, {"_id": {"$in": list(ahead)}}]}
        found = self._conversations.find(there, project_row(scope), session=session)
        return [(ahead[row["_id"]], row) for row in await found.to_list(None)]

    async def counts(self, scope: Scope, wanted: ConversationFilter) -> InboxCounts:
        if is_countable(wanted):
            counted = partial(self._counters.counts, scope=scope, wanted=wanted)
            return await in_one_snapshot(self._database, counted)
        unread = build_unread_expression(scope)
        matching = await self._names.matching(scope, wanted)
        groups = await self._conversations.aggregate(
            [
                {"$match": {"$and": matching}},
                {
                    "$group": {
                        "_id": {"channel": "$channel", "kind": "$kind"},
                        "total": {"$sum": 1},
                        "unread": {"$sum": {"$cond": [unread, 1, 0]}},
                    }
                },
            ]
        ).to_list(None)
        of_cells = {
            (Channel(group["_id"]["channel"]), ConversationKind(group["_id"]["kind"])): group
            for group in groups
        }
        unread_of_cells = {cell: group["unread"] for cell, group in of_cells.items()}
        return InboxCounts(
            total=sum(group["total"] for group in groups),
            unread=sum(unread_of_cells.values()),
            unread_by_channel=by_channel(unread_of_cells),
            unread_by_kind=by_kind(unread_of_cells),
        )

    async def messages(self, row: InboxRow, limit: int, after: str | None) -> ViewPage[Message]:
        page = await self._threads.messages(row.id, limit, after)
        return replace(page, items=await self._names.add_author_names(page.items))

    async def find_shown_until(self, row: InboxRow, message_id: MessageId) -> ReadPosition | None:
        return await self._threads.find_shown_until(row, message_id)

    async def find_shown_but_last(self, row: InboxRow) -> ReadPosition:
        return await self._threads.find_shown_but_last(row)

    async def history(
        self, row: InboxRow, limit: int, after: str | None
    ) -> ViewPage[AssignmentEntry]:
        return await self._threads.history(row.id, limit, after)

    async def _as_seen(self, scope: Scope, documents: Sequence[Document]) -> Sequence[InboxRow]:
        """The rows as the viewer sees them, with the known names of their customers."""
        rows = [msgspec.convert(document, InboxRow) for document in documents]
        return await self._names.add_names(await self._with_floor(scope, rows))

    async def _with_floor(self, scope: Scope, rows: Sequence[InboxRow]) -> Sequence[InboxRow]:
        """Rows that a new agent never marked, with everything from before the agent joined as read
        (I5)."""
        since = scope.since
        if since is None:
            return rows
        newer = await self._newer(since, [r.id for r in rows if began_before(r, scope)])
        return [
            msgspec.structs.replace(row, reads=(*row.reads, read_at_start(row, scope, newer)))
            if began_before(row, scope)
            else row
            for row in rows
        ]

    async def _newer(self, since: datetime, ids: Sequence[ConversationId]) -> Mapping[str, int]:
        """The number of inbound events of each conversation since then that were not removed."""
        if not ids:
            return {}
        standing = {
            "conversation_id": {"$in": list(ids)},
            "accepted_at": {"$gt": since},
            "direction": Direction.IN.value,
            "removed": {"$ne": True},
        }
        each = {"$group": {"_id": "$conversation_id", "events": {"$sum": 1}}}
        found = await self._messages.aggregate([{"$match": standing}, each]).to_list(None)
        return {one["_id"]: one["events"] for one in found}


def _narrow(wanted: ConversationFilter, counts: InboxCounts) -> ConversationFilter:
    """The same filter, restricted to one channel or kind if everything unread is of that one, so
    that fewer lists have to be merged."""
    channels = [channel for channel, unread in counts.unread_by_channel.items() if unread]
    kinds = [kind for kind, unread in counts.unread_by_kind.items() if unread]
    return msgspec.structs.replace(
        wanted,
        channel=channels[0] if len(channels) == 1 else wanted.channel,
        kind=kinds[0] if len(kinds) == 1 else wanted.kind,
    )


class _ListCursorKey(msgspec.Struct, array_like=True, frozen=True):
    updated_at: int
    id: str
    snapshot_offsets: list[int]
    left: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _ListCursor:
    """The state of a scan of a list: how far the views had read when it began, its last row, and
    about how many rows are left, if that is counted."""

    snapshot_offsets: Sequence[int]
    last: ListKey | None
    left: int | None

    def encode(self) -> str | None:
        if self.last is None:
            return None
        key = _ListCursorKey(
            milliseconds(self.last[0]), self.last[1], list(self.snapshot_offsets), self.left
        )
        return msgspec.json.encode(key).decode()

    @classmethod
    def decode(cls, after: str) -> "_ListCursor":
        key = decode_cursor(after, _ListCursorKey)
        if len(key.snapshot_offsets) != sum(topic.partitions for topic in collections.ADDING):
            raise InvalidCursorError("This is not a valid cursor: start again without one.")
        last = from_milliseconds(key.updated_at), key.id
        return cls(snapshot_offsets=key.snapshot_offsets, last=last, left=key.left)
