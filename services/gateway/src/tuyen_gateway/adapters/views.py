"""The inbox in MongoDB, as viewers ask for it. Every query of conversations is made here."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

import msgspec
import structlog

from tuyen_events.ids import ConversationId, OrganizationId
from tuyen_events.pools import PoolRecorded
from tuyen_events.topics import INBOUND
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.adapters.copies import WAIT_S
from tuyen_gateway.domain.heads import packed
from tuyen_gateway.domain.history import AssignmentEntry
from tuyen_gateway.domain.inbox import Conversation
from tuyen_gateway.domain.threads import Message
from tuyen_gateway.domain.visibility import Assignees, Scope
from tuyen_gateway.errors import InvalidError, UnavailableError
from tuyen_gateway.ports import (
    ConversationFilter,
    ConversationRow,
    Counts,
    ViewPage,
)
from tuyen_gateway.projections import collections
from tuyen_platform.kafka.ports import Log
from tuyen_platform.mongodb import Database, Document
from tuyen_platform.projection import MongoPositions, ProjectionStatus
from tuyen_platform.text import fold_accents

_POLL_S = 0.02
_POOL_WAIT_S = 1.0
_MOST_MOVED = 10_000

_log = structlog.get_logger()

T = TypeVar("T")

Key = tuple[datetime, str]
"""Where a row stands in the list: its last activity, then its id."""


class MongoViews:
    """The conversations of all organizations.

    Reads are from the primary: a read after `caught_up` sees what was folded by then.
    """

    def __init__(self, database: Database, log: Log, status: ProjectionStatus) -> None:
        self._conversations = database[collections.CONVERSATIONS]
        self._messages = database[collections.MESSAGES]
        self._assignments = database[collections.HISTORY]
        self._pools = database[collections.POOL_RECORDS]
        self._heads = database[collections.HEADS]
        self._positions = MongoPositions(database, collections.VIEW)
        self._log = log
        self._status = status

    def problem(self) -> str | None:
        return self._status.ready()

    async def caught_up(self) -> None:
        ends = await asyncio.gather(*(self._log.end_offsets(topic) for topic in collections.FOLDED))
        wanted = {
            (topic.name, partition): end
            for topic, partitions in zip(collections.FOLDED, ends, strict=True)
            for partition, end in partitions.items()
            if end
        }
        try:
            async with asyncio.timeout(WAIT_S):
                while wanted:
                    reached = await self._positions.load()
                    wanted = {p: end for p, end in wanted.items() if reached.get(p, 0) < end}
                    if wanted:
                        await asyncio.sleep(_POLL_S)
        except TimeoutError as error:
            raise UnavailableError(
                "The inbox has not yet folded all that was written: try again."
            ) from error

    async def position(self, organization: OrganizationId) -> bytes:
        found = await self._heads.find_one({"_id": organization})
        heads = {} if found is None else found["at"]
        return packed({int(place): offset for place, offset in heads.items()})

    async def find(self, scope: Scope, conversation_id: ConversationId) -> ConversationRow | None:
        row = await self.conversation(scope, conversation_id)
        if row is None or row.page_id is None or row.kind is None:
            return None
        keyed = row.keyed_by
        return ConversationRow(
            id=row.id,
            organization=scope.organization,
            page_id=row.page_id,
            kind=row.kind,
            customer_id=None if keyed is None else keyed.id,
            customer_external_id=None if keyed is None else keyed.external_id,
            agent_id=row.assignee,
            version=row.version,
        )

    async def conversation(
        self, scope: Scope, conversation_id: ConversationId
    ) -> Conversation | None:
        document = await self._conversations.find_one(
            {"$and": [{"_id": conversation_id}, *covered_query(scope)]}
        )
        return None if document is None else msgspec.convert(document, Conversation)

    async def conversations(
        self, scope: Scope, wanted: ConversationFilter, limit: int, after: str | None
    ) -> ViewPage[Conversation]:
        walk = await self._walk(after)
        moved = await self._moved(scope, walk)
        matching = matching_query(scope, wanted)
        still = [*matching, {"_id": {"$nin": list(moved)}}] if moved else [*matching]
        if walk.last is not None:
            still.append(_below(walk.last))
        rows = self._conversations.find({"$and": still}).sort([("updated_at", -1), ("_id", -1)])
        found = [
            ((document["updated_at"], document["_id"]), document)
            for document in await rows.to_list(limit + 1)
        ]
        found += await self._left_behind(matching, moved, walk.last)
        found.sort(key=lambda entry: entry[0], reverse=True)
        following = None
        if len(found) > limit:
            following = _Walk(fence=walk.fence, last=found[limit - 1][0]).encode()
        return ViewPage(
            items=[msgspec.convert(document, Conversation) for _, document in found[:limit]],
            following=following,
        )

    async def _walk(self, after: str | None) -> "_Walk":
        if after is not None:
            return _Walk.decode(after)
        reached = await self._positions.load()
        fence = [reached.get((INBOUND.name, p), 0) for p in range(INBOUND.partitions)]
        return _Walk(fence=fence, last=None)

    async def _moved(self, scope: Scope, walk: "_Walk") -> Mapping[str, Key | None]:
        """The rows that got a message since the walk began, each with its place at that time; None
        for those that are new."""
        beyond = [
            {"partition": partition, "offset": {"$gte": offset}}
            for partition, offset in enumerate(walk.fence)
        ]
        found = await self._messages.aggregate(
            [
                {"$match": {"organization": scope.organization, "$or": beyond}},
                {"$group": {"_id": "$conversation_id"}},
                {"$match": {"_id": {"$ne": None}}},
                {"$limit": _MOST_MOVED},
                {
                    "$lookup": {
                        "from": self._messages.name,
                        "localField": "_id",
                        "foreignField": "conversation_id",
                        "pipeline": [
                            {"$match": {"$nor": beyond}},
                            {"$sort": {"at": -1}},
                            {"$limit": 1},
                            {"$project": {"at": 1}},
                        ],
                        "as": "before",
                    }
                },
            ]
        ).to_list(None)
        return {
            row["_id"]: (row["before"][0]["at"], row["_id"]) if row["before"] else None
            for row in found
        }

    async def _left_behind(
        self, matching: Sequence[Document], moved: Mapping[str, Key | None], last: Key | None
    ) -> list[tuple[Key, Document]]:
        """Of the rows that moved, those that the walk had not reached, where they stood."""
        ahead = {
            key: place
            for key, place in moved.items()
            if place is not None and (last is None or place < last)
        }
        if not ahead:
            return []
        found = self._conversations.find({"$and": [*matching, {"_id": {"$in": list(ahead)}}]})
        return [(ahead[row["_id"]], row) for row in await found.to_list(None)]

    async def counts(self, scope: Scope, wanted: ConversationFilter) -> Counts:
        unread = {
            "$and": [
                {"$gt": ["$inbound_events", 0]},
                {"$not": [{"$in": [scope.agent_id, "$read_by"]}]},
            ]
        }
        groups = await self._conversations.aggregate(
            [
                {"$match": {"$and": matching_query(scope, wanted)}},
                {
                    "$group": {
                        "_id": {"channel": "$channel", "kind": "$kind"},
                        "total": {"$sum": 1},
                        "unread": {"$sum": {"$cond": [unread, 1, 0]}},
                    }
                },
            ]
        ).to_list(None)
        return Counts(
            total=sum(group["total"] for group in groups),
            unread=sum(group["unread"] for group in groups),
            unread_by_channel={
                channel: sum(g["unread"] for g in groups if g["_id"]["channel"] == channel)
                for channel in Channel
            },
            unread_by_kind={
                kind: sum(g["unread"] for g in groups if g["_id"]["kind"] == kind)
                for kind in ConversationKind
            },
        )

    async def messages(
        self, conversation_id: ConversationId, limit: int, after: str | None
    ) -> ViewPage[Message]:
        query: Document = {"conversation_id": conversation_id}
        if after is not None:
            last = _decoded(after, _MessageKey)
            at, accepted_at = _moment(last.at), _moment(last.accepted_at)
            query["at"] = {"$gte": at}
            query["$or"] = [
                {"at": {"$gt": at}},
                {"accepted_at": {"$gt": accepted_at}},
                {"accepted_at": accepted_at, "_id": {"$gt": last.id}},
            ]
        rows = self._messages.find(query).sort([("at", 1), ("accepted_at", 1), ("_id", 1)])
        found = [msgspec.convert(d, Message) for d in await rows.to_list(limit + 1)]
        following = None
        if len(found) > limit and (moment := found[limit - 1].moment) is not None:
            key = _MessageKey(
                _milliseconds(moment[0]), _milliseconds(moment[1]), found[limit - 1].id
            )
            following = msgspec.json.encode(key).decode()
        return ViewPage(items=found[:limit], following=following)

    async def history(
        self, conversation_id: ConversationId, limit: int, after: str | None
    ) -> ViewPage[AssignmentEntry]:
        query: Document = {"conversation_id": conversation_id}
        if after is not None:
            query["version"] = {"$lt": _decoded(after, int)}
        rows = self._assignments.find(query).sort("version", -1)
        found = [msgspec.convert(d, AssignmentEntry) for d in await rows.to_list(limit + 1)]
        following = str(found[limit - 1].version) if len(found) > limit else None
        return ViewPage(items=await self._with_pools(found[:limit]), following=following)

    async def _with_pools(self, entries: Sequence[AssignmentEntry]) -> Sequence[AssignmentEntry]:
        """The entries with the pools that they name.

        A pool is in the log before the records that name it, but in another partition, so it may
        be folded later: it is waited for, and left out when it takes too long.
        """
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
    """Where a message stands in its thread, times in milliseconds."""

    at: int
    accepted_at: int
    id: str


class _WalkKey(msgspec.Struct, array_like=True, frozen=True):
    updated_at: int
    id: str
    fence: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """A walk through a list: how far the views had come when it began, and its last row."""

    fence: Sequence[int]
    last: Key | None

    def encode(self) -> str | None:
        if self.last is None:
            return None
        key = _WalkKey(_milliseconds(self.last[0]), self.last[1], list(self.fence))
        return msgspec.json.encode(key).decode()

    @classmethod
    def decode(cls, after: str) -> "_Walk":
        key = _decoded(after, _WalkKey)
        if len(key.fence) != INBOUND.partitions:
            raise InvalidError("query.cursor", "This is no cursor: start again without one.")
        return cls(fence=key.fence, last=(_moment(key.updated_at), key.id))


def matching_query(scope: Scope, wanted: ConversationFilter) -> list[Document]:
    """What a row has to be: covered by `scope` and fitting `wanted`.

    Channels and kinds are always named, so that each index can give its rows in the list's order.
    """
    channels = [wanted.channel] if wanted.channel else list(Channel)
    kinds = [wanted.kind] if wanted.kind else list(ConversationKind)
    parts: list[Document] = [
        *covered_query(scope),
        {"channel": {"$in": [channel.value for channel in channels]}},
        {"kind": {"$in": [kind.value for kind in kinds]}},
    ]
    if wanted.page is not None:
        parts.append({"page_id": wanted.page})
    if wanted.assigned is not None:
        parts.append({"assignee": wanted.assigned.agent_id})
    if wanted.unread:
        parts.append({"inbound_events": {"$gt": 0}, "read_by": {"$ne": scope.agent_id}})
    if wanted.tag is not None:
        parts.append({"tags": wanted.tag, "tags.0": {"$exists": True}})
    if wanted.name:
        parts.append({"name_folded": {"$regex": re.escape(fold_accents(wanted.name))}})
    if wanted.external_id is not None:
        parts.append({"external_id": wanted.external_id})
    if wanted.done is not None:
        parts.append({"done": wanted.done})
    return parts


def covered_query(scope: Scope) -> list[Document]:
    """The same as `Scope.covers`, for the server."""
    parts: list[Document] = [{"organization": scope.organization}]
    if scope.pages is not None:
        parts.append({"page_id": {"$in": sorted(scope.pages)}})
    match scope.assignees:
        case Assignees.ALL:
            pass
        case Assignees.OWN_AND_UNASSIGNED:
            parts.append({"assignee": {"$in": [None, scope.agent_id]}})
        case Assignees.OWN:
            parts.append({"assignee": scope.agent_id})
    return parts


def _below(last: Key) -> Document:
    at, key = last
    return {
        "updated_at": {"$lte": at},
        "$or": [{"updated_at": {"$lt": at}}, {"_id": {"$lt": key}}],
    }


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _decoded(after: str, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(after, type=kind)
    except msgspec.MsgspecError as error:
        raise InvalidError("query.cursor", "This is no cursor: start again without one.") from error
