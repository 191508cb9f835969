"""The threads that visitors see: in MongoDB, and in memory for tests.

A message is a document of its own, so that its changes merge in any order; MongoDB removes what is
too old.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec
from pymongo import ASCENDING, DESCENDING, IndexModel, UpdateOne

from tuyen_events.ids import AgentId, ConversationId, MessageId
from tuyen_events.visitor_limits import SHOWN_MESSAGES, VISITOR_THREAD_KEPT_S
from tuyen_ingest.domain.threads import (
    AssigneeChanged,
    MessageWritten,
    ReplyRequested,
    ReplySent,
    ShownFile,
    ShownMessage,
    ThreadChange,
    VisitorThread,
)
from tuyen_platform.clock import Clock
from tuyen_platform.mongodb import Database, Document

MESSAGES, ASSIGNEES = "visitor_messages", "visitor_assignees"

_KEPT = timedelta(seconds=VISITOR_THREAD_KEPT_S)

_MESSAGE_INDEXES = (
    IndexModel(
        [("thread", ASCENDING), ("sent", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)],
        name="by_thread",
    ),
    IndexModel([("expires_at", ASCENDING)], name="kept", expireAfterSeconds=0),
)
_ASSIGNEE_INDEXES = (IndexModel([("expires_at", ASCENDING)], name="kept", expireAfterSeconds=0),)


class _StoredMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The document of a message that is shown."""

    id: MessageId = msgspec.field(name="_id")
    at: datetime
    own: bool
    text: str | None = None
    files: tuple[ShownFile, ...] = ()
    agent: str | None = None
    sent_at: datetime | None = None


class MongoVisitorThreads:
    """VisitorThreads."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._messages = database[MESSAGES]
        self._assignees = database[ASSIGNEES]
        self._clock = clock
        self._indexed = False

    async def apply(self, changes: Sequence[ThreadChange]) -> None:
        if not self._indexed:
            await self._messages.create_indexes(list(_MESSAGE_INDEXES))
            await self._assignees.create_indexes(list(_ASSIGNEE_INDEXES))
            self._indexed = True
        kept_from = self._clock.now() - _KEPT
        messages: list[UpdateOne] = []
        assignees: list[UpdateOne] = []
        for change in changes:
            if _moment_of(change) < kept_from:
                continue
            if isinstance(change, AssigneeChanged):
                assignees.append(_assign(change))
            else:
                messages.append(_update(change))
        if messages:
            await self._messages.bulk_write(messages, ordered=False)
        if assignees:
            await self._assignees.bulk_write(assignees, ordered=False)

    async def read(self, thread: ConversationId) -> VisitorThread:
        query = {"thread": thread, "sent": True, "at": {"$gte": self._clock.now() - _KEPT}}
        newest = self._messages.find(query).sort([("at", DESCENDING), ("_id", DESCENDING)])
        found = await newest.limit(SHOWN_MESSAGES).to_list(None)
        messages = [_read_message(document) for document in reversed(found)]
        if not messages:
            return VisitorThread()
        assignee = await self._assignees.find_one({"_id": thread}, {"agent": 1})
        return VisitorThread(
            messages=tuple(messages), assignee=None if assignee is None else assignee.get("agent")
        )


def _moment_of(change: ThreadChange) -> datetime:
    return change.message.at if isinstance(change, MessageWritten | ReplyRequested) else change.at


def _read_message(document: Document) -> ShownMessage:
    stored = msgspec.convert(document, _StoredMessage)
    return ShownMessage(
        id=stored.id,
        at=stored.at,
        own=stored.own,
        text=stored.text,
        files=stored.files,
        agent=stored.agent,
        sent_at=stored.sent_at,
    )


def _update(change: MessageWritten | ReplyRequested | ReplySent) -> UpdateOne:
    match change:
        case MessageWritten():
            content = {**_plain(change.message), "thread": change.thread, "sent": True}
            content["expires_at"] = change.message.at + _KEPT
            return UpdateOne({"_id": change.message.id}, {"$setOnInsert": content}, upsert=True)
        case ReplyRequested():
            content = {**_plain(change.message), "thread": change.thread}
            at = content.pop("at")  # that of the first request, if it was sent again
            changed = {
                "$set": content,
                "$min": {"at": at},
                "$max": {"expires_at": change.message.at + _KEPT},
            }
            return UpdateOne({"_id": change.message.id}, changed, upsert=True)
        case ReplySent():
            changed = {
                "$set": {"thread": change.thread, "sent": True},
                "$max": {"expires_at": change.at + _KEPT, "sent_at": change.at},
            }
            return UpdateOne({"_id": change.message}, changed, upsert=True)


def _plain(message: ShownMessage) -> Document:
    plain: Document = msgspec.to_builtins(message, builtin_types=(datetime,))
    del plain["id"]
    return plain


def _assign(change: AssigneeChanged) -> UpdateOne:
    """Sets the assignee, unless a higher version is known."""
    known = {"$ifNull": ["$version", 0]}
    is_newer = {"$gt": [change.version, known]}
    return UpdateOne(
        {"_id": change.thread},
        [
            {
                "$set": {
                    "agent": {"$cond": [is_newer, {"$literal": change.agent}, "$agent"]},
                    "version": {"$max": [change.version, known]},
                    "expires_at": {"$max": ["$expires_at", change.at + _KEPT]},
                }
            }
        ],
        upsert=True,
    )


@dataclass
class _Held:
    """What is known of one message."""

    message: ShownMessage | None = None
    sent: bool = False
    sent_at: datetime | None = None


@dataclass
class InMemoryVisitorThreads:
    """VisitorThreads, for tests. Nothing is removed."""

    _messages: dict[ConversationId, dict[MessageId, _Held]] = field(default_factory=dict)
    _assignees: dict[ConversationId, tuple[int, AgentId | None]] = field(default_factory=dict)

    async def apply(self, changes: Sequence[ThreadChange]) -> None:
        for change in changes:
            match change:
                case MessageWritten():
                    held = self._hold(change.thread, change.message.id)
                    held.message, held.sent = held.message or change.message, True
                case ReplyRequested():
                    held = self._hold(change.thread, change.message.id)
                    held.message = held.message or change.message
                case ReplySent():
                    held = self._hold(change.thread, change.message)
                    held.sent, held.sent_at = True, change.at
                case AssigneeChanged():
                    version, _ = self._assignees.get(change.thread, (0, None))
                    if change.version > version:
                        self._assignees[change.thread] = (change.version, change.agent)

    async def read(self, thread: ConversationId) -> VisitorThread:
        held: Mapping[MessageId, _Held] = self._messages.get(thread, {})
        shown = [
            msgspec.structs.replace(each.message, sent_at=each.sent_at)
            for each in held.values()
            if each.message and each.sent
        ]
        shown.sort(key=lambda message: (message.at, message.id))
        if not shown:
            return VisitorThread()
        _, assignee = self._assignees.get(thread, (0, None))
        return VisitorThread(messages=tuple(shown[-SHOWN_MESSAGES:]), assignee=assignee)

    def _hold(self, thread: ConversationId, message: MessageId) -> _Held:
        return self._messages.setdefault(thread, {}).setdefault(message, _Held())
