"""Finds the last answer by a person on our side in a thread (P5b), where a row does not have it."""

from datetime import datetime
from typing import Any

import msgspec

from tuyen_events.ids import ConversationId
from tuyen_gateway.domain.reconciling import AUTOMATIC_WITHIN, EndsWait, answer_in
from tuyen_gateway.domain.threads import Direction, Message
from tuyen_gateway.projections.collections import THREAD_ORDER
from tuyen_gateway.projections.thread_queries import earlier_than
from tuyen_platform.mongodb import Collection, Document

_PART = 100
"""How many messages are read at a time; nearly always the first one is the answer."""

_NEWEST_FIRST = [(name, -1) for name, _ in THREAD_ORDER]


async def find_last_answer(
    messages: Collection, conversation_id: ConversationId, read: dict[str, bytes]
) -> Message | None:
    """The newest message of the thread that ends the customer's wait; adds its stamp to `read`."""
    outgoing: Document = {"conversation_id": conversation_id, "direction": Direction.OUT.value}
    query = outgoing
    while True:
        found: list[dict[str, Any]] = (
            await messages.find(query).sort(_NEWEST_FIRST).limit(_PART).to_list(None)
        )
        for document in found:
            message = msgspec.convert(document, Message)
            if await _ends_wait(messages, message):
                read[message.id] = document["stamp"]
                return message
        if len(found) < _PART:
            return None
        last = msgspec.convert(found[-1], Message)
        if last.moment is None:
            return None
        query = {**outgoing, **earlier_than(last.moment, last.id)}


async def _ends_wait(messages: Collection, message: Message) -> bool:
    answer = answer_in(message)
    if answer is not EndsWait.UNLESS_PROMPT or message.at is None:
        return answer is EndsWait.YES
    since: datetime = message.at - AUTOMATIC_WITHIN
    prompt: Document = {
        "conversation_id": message.conversation_id,
        "direction": Direction.IN.value,
        "at": {"$gte": since, "$lte": message.at},
    }
    return await messages.find_one(prompt, {"_id": 1}) is None
