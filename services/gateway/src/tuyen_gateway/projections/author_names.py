"""Gives the messages of a thread their author's name once the channel has said it.

Which messages are named depends on their places in the log alone: it makes no difference how the
log is cut into batches, or whether one is folded again.
"""

from collections.abc import Sequence

from tuyen_events.inbound import CustomerDescribed
from tuyen_gateway.domain.customer_descriptions import MESSAGES_NAMED, add_author_name
from tuyen_gateway.domain.threads import Direction, EventSource, Message
from tuyen_gateway.projections.collections import (
    THREAD_ORDER,
    StoredDocument,
    read_by_id,
    write_documents,
)
from tuyen_platform.error_causes import ContendedError
from tuyen_platform.mongodb import Collection

_TRIES = 50
_NEWEST_FIRST = [(name, -1) for name, _ in THREAD_ORDER]

Described = tuple[CustomerDescribed, EventSource]


async def name_authors(
    messages: Collection, folded: dict[str, Message], described: Sequence[Described]
) -> None:
    """Names the last messages before each description, and adds those to `folded`. The messages of
    the batch must be stored. Repeating it changes nothing."""
    for event, source in described:
        if event.customer.name is not None:
            await _name(messages, folded, event, source)


async def _name(
    messages: Collection,
    folded: dict[str, Message],
    event: CustomerDescribed,
    source: EventSource,
) -> None:
    thread = {"conversation_id": event.conversation_id, "direction": Direction.IN.value}
    before = {"partition": source.partition, "offset": {"$lt": source.offset}}
    newest = messages.find({**thread, **before}, {"_id": 1}).sort(_NEWEST_FIRST)
    ids = [found["_id"] for found in await newest.limit(MESSAGES_NAMED).to_list(None)]
    for _ in range(_TRIES):
        stored: dict[str, StoredDocument[Message]] = await read_by_id(messages, Message, ids)
        named = {key: add_author_name(found.value, event) for key, found in stored.items()}
        if await write_documents(messages, stored, named.values()):
            folded |= named
            return
    raise ContendedError("messages")
