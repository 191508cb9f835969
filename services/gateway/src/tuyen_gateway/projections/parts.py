"""Joins the messages at the channel with the replies that they are parts of (decision 29).

A result names the messages that a reply became, and an echo may name its reply. Whichever is folded
first, the message is not in the thread itself, and its state is a part of its reply.
"""

from collections.abc import Collection as Ids
from collections.abc import Mapping

from tuyen_events.ids import MessageId
from tuyen_gateway.domain.replies import join_part
from tuyen_gateway.domain.threads import Message
from tuyen_gateway.projections.collections import (
    StoredDocument,
    read_all,
    read_by_id,
    write_documents,
)
from tuyen_platform.error_causes import ContendedError
from tuyen_platform.mongodb import Collection, Document

_TRIES = 50


async def join_parts(
    messages: Collection, folded: dict[str, Message], requested: Ids[MessageId]
) -> None:
    """Joins what was folded and stored, and adds what changes by it to `folded`.

    Reads after that write: if one gateway folds a message and another its reply, one of them sees
    both. Repeating it changes nothing.
    """
    parts = {one.id for one in folded.values() if one.part_of or one.claims}
    queries: list[Document] = []
    if parts:
        queries.append({"_id": {"$in": sorted(parts)}})
    if requested:
        queries.append({"claims": {"$in": sorted(requested)}})
    if not queries:
        return
    for _ in range(_TRIES):
        found: dict[str, StoredDocument[Message]] = {}
        for query in queries:
            found |= await read_all(messages, Message, query)
        reply_ids = {one.value.part_of or one.value.claims for one in found.values()}
        replies = await read_by_id(messages, Message, [id_ for id_ in reply_ids if id_ is not None])
        joined = _join_all(found, replies)
        if await write_documents(messages, {**found, **replies}, joined.values()):
            folded |= joined
            return
    raise ContendedError("messages")


def _join_all(
    found: Mapping[str, StoredDocument[Message]], replies: Mapping[str, StoredDocument[Message]]
) -> dict[str, Message]:
    """The parts, and those replies that they are parts of."""
    known = {key: stored.value for key, stored in replies.items()}
    joined: dict[str, Message] = {}
    for stored in found.values():
        part = stored.value
        part, reply = join_part(part, known.get(part.part_of or part.claims or ""))
        joined[part.id] = part
        if part.part_of is not None and reply is not None:
            known[reply.id] = joined[reply.id] = reply
    return joined
