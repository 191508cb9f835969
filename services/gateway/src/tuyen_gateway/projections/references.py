"""Lets messages that answer or quote a part of a reply refer to the reply (decision 29).

At the channel, such a message refers to one of the messages that the reply became there. Whichever
of the two is folded first, the message refers to the reply afterwards.
"""

from collections.abc import Mapping

from tuyen_events.ids import MessageId
from tuyen_gateway.domain.replies import refer_to_replies
from tuyen_gateway.domain.threads import Message
from tuyen_gateway.projections.collections import StoredDocument, read_all, write_documents
from tuyen_platform.error_causes import ContendedError
from tuyen_platform.mongodb import Collection, Document

_TRIES = 50


async def join_references(messages: Collection, folded: dict[str, Message]) -> None:
    """Joins what was folded and stored, and adds what may have changed by it to `folded`.

    Reads after that write: if one gateway folds a part and another a message that refers to it, one
    of them sees both. Repeating it changes nothing.
    """
    parts = sorted(one.id for one in folded.values() if one.part_of is not None)
    referring = sorted(one.id for one in folded.values() if one.reply_to or one.parent_id)
    queries: list[Document] = []
    if referring:
        queries.append({"_id": {"$in": referring}})
    if parts:
        queries += [{name: {"$in": parts}} for name in ("reply_to", "parent_id")]
    if not queries:
        return
    for _ in range(_TRIES):
        found: dict[str, StoredDocument[Message]] = {}
        for query in queries:
            found |= await read_all(messages, Message, query)
        replies = await _find_replies(messages, found)
        joined = {key: refer_to_replies(one.value, replies) for key, one in found.items()}
        if await write_documents(messages, found, joined.values()):
            folded |= joined
            return
    raise ContendedError("messages")


async def _find_replies(
    messages: Collection, found: Mapping[str, StoredDocument[Message]]
) -> Mapping[MessageId, MessageId]:
    """The replies of those referred-to messages that are parts of one."""
    named = {
        reference
        for stored in found.values()
        for reference in (stored.value.reply_to, stored.value.parent_id)
        if reference is not None
    }
    if not named:
        return {}
    query: Document = {"_id": {"$in": sorted(named)}, "part_of": {"$ne": None}}
    parts = await messages.find(query, {"part_of": 1}).to_list(None)
    return {MessageId(part["_id"]): MessageId(part["part_of"]) for part in parts}
