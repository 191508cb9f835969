"""Reads threads and histories from MongoDB, in pages of limited size."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

import msgspec
import structlog

from tuyen_events.ids import ConversationId, MessageId
from tuyen_events.limits import HISTORY_PAGE_NAMES, THREAD_PAGE_BYTES
from tuyen_events.pools import PoolRecorded
from tuyen_gateway.domain.history import AssignmentEntry
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.read_marks import ReadPosition, find_position_before
from tuyen_gateway.domain.threads import Direction, Message
from tuyen_gateway.errors import InvalidCursorError
from tuyen_gateway.ports.views import ViewPage
from tuyen_gateway.projections import collections
from tuyen_gateway.projections.thread_queries import IN_THREAD, later_than
from tuyen_platform.mongodb import Database, Document

_POLL_S = 0.02
_POOL_WAIT_S = 1.0

_log = structlog.get_logger()

T = TypeVar("T")


class MongoThreads:
    """The messages of a conversation, and its assignees. No scope is applied here."""

    def __init__(self, database: Database) -> None:
        self._messages = database[collections.MESSAGES]
        self._assignments = database[collections.HISTORY]
        self._pools = database[collections.POOL_RECORDS]

    async def messages(
        self, conversation_id: ConversationId, limit: int, after: str | None
    ) -> ViewPage[Message]:
        query: Document = {"conversation_id": conversation_id, **IN_THREAD}
        if after is not None:
            last = decode_cursor(after, _MessageKey)
            moment = (from_milliseconds(last.at), from_milliseconds(last.accepted_at), last.rest)
            query |= later_than(moment, last.id)
        rows = self._messages.find(query).sort(list(collections.THREAD_ORDER)).limit(limit + 1)
        found: list[Message] = []
        carried = 0
        async for document in rows:
            message = msgspec.convert(document, Message)
            carried += len(msgspec.json.encode(message))
            if found and (len(found) == limit or carried > THREAD_PAGE_BYTES):
                return ViewPage(items=found, following=_after(found[-1]))
            found.append(message)
        return ViewPage(items=found, following=None)

    async def find_shown_until(self, row: InboxRow, message_id: MessageId) -> ReadPosition | None:
        """What an agent has seen who read the thread up to the message; null if there is no such
        message."""
        document = await self._messages.find_one({"_id": message_id, "conversation_id": row.id})
        last = None if document is None else msgspec.convert(document, Message)
        if last is None or last.moment is None:
            return None
        return await self._read_shown_before(row, later_than(last.moment, last.id))

    async def find_shown_but_last(self, row: InboxRow) -> ReadPosition:
        """What an agent has seen who read everything but the newest of the customers' messages."""
        newest = [(name, -1) for name, _ in collections.THREAD_ORDER]
        not_removed = {**_inbound_of(row), "removed": {"$ne": True}}
        document = await self._messages.find_one(not_removed, {"_id": 1}, sort=newest)
        return await self._read_shown_before(
            row, {"_id": None if document is None else document["_id"]}
        )

    async def _read_shown_before(self, row: InboxRow, unseen: Document) -> ReadPosition:
        """Everything in the row except the inbound messages that `unseen` finds and what comes
        after them in the log."""
        first = {"$group": {"_id": "$partition", "offset": {"$min": "$offset"}}}
        steps = [{"$match": {**_inbound_of(row), **unseen}}, first]
        found = await self._messages.aggregate(steps).to_list(None)
        cut = {one["_id"]: one["offset"] for one in found}
        unseen_events = 0
        for partition, offset in cut.items():
            place = {"partition": partition, "offset": {"$gte": offset}}
            place["offset"]["$lte"] = row.counted.get(str(partition), -1)
            unseen_events += await self._messages.count_documents({**_inbound_of(row), **place})
        return find_position_before(row.inbound_events, row.counted, cut, unseen_events)

    async def history(
        self, conversation_id: ConversationId, limit: int, after: str | None
    ) -> ViewPage[AssignmentEntry]:
        query: Document = {"conversation_id": conversation_id}
        if after is not None:
            query["version"] = {"$lt": decode_cursor(after, int)}
        rows = self._assignments.find(query).sort("version", -1).limit(limit + 1)
        found = [msgspec.convert(d, AssignmentEntry) for d in await rows.to_list(None)]
        entries = await self._with_pools(found[:limit])
        named = 0
        for place, entry in enumerate(entries):
            named += len(entry.candidates) + (len(entry.pool.order) if entry.pool else 0)
            if place and named > HISTORY_PAGE_NAMES:
                entries = entries[:place]
                break
        more = len(found) > len(entries)
        return ViewPage(items=entries, following=str(entries[-1].version) if more else None)

    async def _with_pools(self, entries: Sequence[AssignmentEntry]) -> Sequence[AssignmentEntry]:
        """The entries with the pools that they refer to. A pool is in the log before the records
        that refer to it, but in another partition, so it may be folded later: this waits for it,
        and leaves it out if it takes too long."""
        named = {id_ for one in entries if one.choice and (id_ := one.choice.pool_id)}
        pools: dict[str, PoolRecorded] = {}
        try:
            async with asyncio.timeout(_POOL_WAIT_S):
                while missing := named - pools.keys():
                    found = await self._pools.find({"_id": {"$in": sorted(missing)}}).to_list(None)
                    pools |= {d["_id"]: msgspec.convert(d, PoolRecorded) for d in found}
                    if named - pools.keys():
                        await asyncio.sleep(_POLL_S)
        except TimeoutError:
            _log.warning("pools_not_folded_yet", pools=sorted(named - pools.keys()))
        return [
            replace(one, pool=pools.get(one.choice.pool_id or "")) if one.choice else one
            for one in entries
        ]


class _MessageKey(msgspec.Struct, array_like=True, frozen=True):
    """The position of a message in its thread: times in milliseconds, microseconds, id."""

    at: int
    accepted_at: int
    rest: int
    id: str


def _after(message: Message) -> str | None:
    if message.moment is None:
        return None
    at, accepted_at, rest = message.moment
    key = _MessageKey(milliseconds(at), milliseconds(accepted_at), rest, message.id)
    return msgspec.json.encode(key).decode()


def _inbound_of(row: InboxRow) -> Document:
    return {"conversation_id": row.id, "direction": Direction.IN.value}


def milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def from_milliseconds(count: int) -> datetime:
    return datetime.fromtimestamp(count / 1000, UTC)


def decode_cursor(after: str, kind: type[T]) -> T:
    """The content of a cursor. Raises InvalidCursorError if it is not one of ours."""
    try:
        return msgspec.json.decode(after, type=kind)
    except msgspec.MsgspecError as error:
        raise InvalidCursorError("This is not a valid cursor: start again without one.") from error
