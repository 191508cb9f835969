"""The inbox and its threads, folded from events, assignments, done marks and read marks.

One batch takes the same few round trips however large it is: read its messages, fold, write them;
read the rows, fold, write them. Messages are written before the rows that follow from them, so
reading a row's thread to check a row again shows at least what the row has seen.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from tuyen_events.ids import ConversationId, MessageId
from tuyen_events.inbound import Customer
from tuyen_events.outbound import OutboundEvent
from tuyen_gateway.domain.inbox import InboxRow, add_message, identify_recipient
from tuyen_gateway.domain.reconciling import (
    NeedsRecheck,
    reconcile,
    settle_answered,
    settle_last,
    settle_listed,
    settle_unread,
    settle_waiting,
)
from tuyen_gateway.domain.replies import fold_reply
from tuyen_gateway.domain.thread_media import note_media
from tuyen_gateway.domain.threads import Direction, Message, fold_message
from tuyen_gateway.projections.answers import find_last_answer
from tuyen_gateway.projections.author_names import name_authors
from tuyen_gateway.projections.batches import BatchWork, fold_row_event, read_batch
from tuyen_gateway.projections.collections import (
    CONVERSATIONS,
    HISTORY,
    MESSAGES,
    POOL_RECORDS,
    THREAD_ORDER,
    StoredDocument,
    read_all,
    read_by_id,
    stamp_of,
    write_documents,
)
from tuyen_gateway.projections.counters import write_rows
from tuyen_gateway.projections.history import record, record_pool
from tuyen_gateway.projections.holding import hold_echoes
from tuyen_gateway.projections.journal import note_messages
from tuyen_gateway.projections.parts import join_parts
from tuyen_gateway.projections.posts import PostsFold
from tuyen_gateway.projections.references import join_references
from tuyen_gateway.projections.thread_queries import later_than
from tuyen_platform.error_causes import ContendedError
from tuyen_platform.mongodb import Database, Document
from tuyen_platform.projection import FoldedEvent
from tuyen_platform.text import fold_accents

_TRIES = 50
"""Each lost race means that another gateway made progress; more than a few in a row do not
happen."""

Messages = dict[str, Message]

_OLDEST_FIRST = THREAD_ORDER
_NEWEST_FIRST = tuple((name, -1) for name, _ in THREAD_ORDER)
_LAST_ACCEPTED_FIRST = (("accepted_at", -1),)


class InboxProjection:
    """Folds batches into the views of one database. At least once is enough: folding a batch again,
    as a whole or in part, here or in another gateway, changes nothing (R9.2)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._conversations = database[CONVERSATIONS]
        self._messages = database[MESSAGES]
        self._history = database[HISTORY]
        self._pools = database[POOL_RECORDS]
        self._posts = PostsFold(database)

    async def fold(self, batch: Sequence[FoldedEvent]) -> None:
        """Returns once the views show all of `batch`."""
        work = read_batch(batch)
        await self._record(work)
        await self._posts.fold(work.posts)
        messages = await self._fold_messages(work)
        read = await self._fold_rows(work, messages)
        for _ in range(_TRIES):
            changed = await self._read_changed(read)
            if not changed:
                # After the rows, and before the position is saved: a batch that is folded again
                # notes its messages again.
                await note_messages(self._database, messages.values())
                return
            # Another gateway changed a message while its row was folded here.
            messages.update(changed)
            read = await self._fold_rows(work, messages)
        raise ContendedError("messages")

    async def _record(self, work: BatchWork) -> None:
        """Pools first, so that a reader of a history usually finds the pools of its records at
        once."""
        if pools := [record_pool(pool) for pool in work.pools]:
            await self._pools.bulk_write(pools, ordered=False)
        if records := [record(event) for event in work.assignments]:
            await self._history.bulk_write(records, ordered=True)

    async def _fold_messages(self, work: BatchWork) -> Messages:
        """The messages of the batch, and those that get their conversation from it, as stored."""
        ids = work.messages.keys() | work.media.keys() | work.parents
        for _ in range(_TRIES):
            stored = await read_by_id(self._messages, Message, ids)
            folded: Messages = {
                message_id: _fold_all(stored.get(message_id), work, message_id)
                for message_id in work.messages.keys() | work.media.keys()
            }
            known = {key: found.value for key, found in stored.items()}
            _inherit_conversation(folded, {**known, **folded})
            if await write_documents(self._messages, stored, folded.values()):
                break
        else:
            raise ContendedError("messages")
        await join_parts(self._messages, folded, work.requested)
        await join_references(self._messages, folded)
        if work.comments:
            await self._adopt_children(folded, work)
        await hold_echoes(self._messages, folded, work.outbound)
        await name_authors(self._messages, folded, work.described)
        return folded

    async def _adopt_children(self, folded: Messages, work: BatchWork) -> None:
        """Sets the conversation of messages that are known only by their parent, whichever of the
        two came first. Reads after the write, so that of two gateways one sees both."""
        without_conversation = [
            m.via_parent for m in folded.values() if m.via_parent and not m.conversation_id
        ]
        parents = await read_by_id(self._messages, Message, without_conversation)
        family: Messages = {**{key: found.value for key, found in parents.items()}, **folded}
        frontier: set[str] = {*work.comments, *parents}
        looked_up: set[str] = set()
        while frontier:
            children = await read_all(
                self._messages, Message, {"via_parent": {"$in": list(frontier)}}
            )
            adopted = {key: found.value for key, found in children.items()}
            _inherit_conversation(adopted, family)
            if not await write_documents(self._messages, children, adopted.values()):
                continue
            # A message of the batch itself may have got its conversation before.
            looked_up |= frontier
            frontier = adopted.keys() - looked_up
            folded.update(adopted)
            family.update(adopted)

    async def _fold_rows(self, work: BatchWork, messages: Messages) -> dict[str, bytes]:
        """Folds the rows; returns the stamps of the messages from which they were folded and that
        others may change."""
        threads: dict[ConversationId, list[Message]] = {}
        for message in messages.values():
            if message.conversation_id is not None:
                threads.setdefault(message.conversation_id, []).append(message)
        ids = {*work.row_events, *work.additions, *work.recipients, *threads}
        for _ in range(_TRIES):
            stored = await read_by_id(self._conversations, InboxRow, ids)
            read: dict[str, bytes] = {
                m.id: stamp_of(m)
                for m in messages.values()
                if m.conversation_id and (m.comment or m.direction is Direction.OUT)
            }
            rows = []
            for conversation_id in ids:
                before = stored.get(conversation_id)
                blank = InboxRow(id=conversation_id)
                row, recheck = _fold_row(
                    blank if before is None else before.value,
                    work,
                    messages,
                    threads.get(conversation_id, ()),
                )
                if recheck:
                    row = await self._recheck_row(row, recheck, read)
                if row != blank:
                    rows.append(row)
            if await write_rows(self._database, stored, rows):
                return read
        raise ContendedError("conversations")

    async def _recheck_row(
        self, row: InboxRow, recheck: NeedsRecheck, read: dict[str, bytes]
    ) -> InboxRow:
        """The row with what had to be read from its thread."""
        thread: Document = {"conversation_id": row.id}
        there: Document = {**thread, "absent": {"$ne": True}}
        inbound: Document = {**there, "direction": Direction.IN.value}
        if NeedsRecheck.LAST in recheck:
            newest = await self._first(there, _NEWEST_FIRST, read)
            row = settle_last(row, newest)
        if NeedsRecheck.ANSWERED in recheck:
            row = settle_answered(row, await find_last_answer(self._messages, row.id, read))
        if NeedsRecheck.WAITING in recheck:
            since = {} if row.answered is None else later_than(row.answered)
            row = settle_waiting(row, await self._first({**inbound, **since}, _OLDEST_FIRST, read))
        if NeedsRecheck.UNREAD in recheck:
            row = settle_unread(row, await self._first(inbound, _LAST_ACCEPTED_FIRST, read))
        if NeedsRecheck.LISTED in recheck:
            born = await self._first({**thread, "stillborn": {"$ne": True}}, _OLDEST_FIRST, read)
            row = settle_listed(row, born)
        return row

    async def _first(
        self, query: Document, order: Sequence[tuple[str, int]], read: dict[str, bytes]
    ) -> Message | None:
        document = await self._messages.find_one(query, sort=list(order))
        if document is None:
            return None
        message = msgspec.convert(document, Message)
        read[message.id] = document["stamp"]
        return message

    async def _read_changed(self, read: Mapping[str, bytes]) -> Messages:
        """The messages that have changed since they were read."""
        if not read:
            return {}
        stamps = await self._messages.find({"_id": {"$in": list(read)}}, {"stamp": 1}).to_list(None)
        changed = [found["_id"] for found in stamps if found["stamp"] != read[found["_id"]]]
        stored = await read_by_id(self._messages, Message, changed)
        return {key: found.value for key, found in stored.items()}


def _fold_all(
    stored: StoredDocument[Message] | None, work: BatchWork, message_id: MessageId
) -> Message:
    message = None if stored is None else stored.value
    for event, source in work.messages.get(message_id, ()):
        if isinstance(event, OutboundEvent):
            message = fold_reply(message, message_id, event, source)
        else:
            message = fold_message(message, event, source)
    for medium in work.media.get(message_id, ()):
        message = note_media(message, medium)
    if message is None:
        raise ValueError(f"the batch says nothing of {message_id}")
    return message


def _inherit_conversation(messages: Messages, family: Mapping[str, Message]) -> None:
    """Sets for each of `messages` that has none its parent's conversation, if that is known."""
    adopted = True
    while adopted:
        adopted = False
        for child in tuple(messages.values()):
            if child.via_parent is None or child.conversation_id is not None:
                continue
            parent = messages.get(child.via_parent) or family.get(child.via_parent)
            if parent is not None and parent.conversation_id is not None:
                messages[child.id] = msgspec.structs.replace(
                    child, conversation_id=parent.conversation_id
                )
                adopted = True


def _fold_row(
    row: InboxRow, work: BatchWork, messages: Messages, thread: Iterable[Message]
) -> tuple[InboxRow, NeedsRecheck]:
    for about_row in work.row_events.get(row.id, ()):
        row = fold_row_event(row, about_row)
    for addition in work.additions.get(row.id, ()):
        message = messages[addition.message_id]
        counts = (message.partition, message.offset) == (addition.partition, addition.offset)
        if counts and message.conversation_id == row.id:
            row = add_message(row, addition, _fold_name(row, _name_in(addition.event.customer)))
    for request in work.recipients.get(row.id, ()):
        row = identify_recipient(row, request, _fold_name(row, request.customer_name))
    rechecks = NeedsRecheck.NOTHING
    for message in thread:
        row, recheck = reconcile(row, message)
        if recheck:
            rechecks |= recheck
    return row, rechecks


def _name_in(customer: Customer | None) -> str | None:
    return None if customer is None else customer.name


def _fold_name(row: InboxRow, name: str | None) -> str | None:
    """The customer's name for searches; computed once for as long as it does not change."""
    if name is None:
        return None
    if row.customer is not None and row.customer.name == name:
        return row.name_folded
    return fold_accents(name)
