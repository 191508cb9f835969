"""Holds back echoes that may be echoes of replies that are not settled, and shows them when these
are (decision 29).

An echo is stored as held, and shown once it was compared with the replies of its conversation. So
nobody fetches it in between, and no crash leaves it shown that must not be.
"""

from collections.abc import Collection as Ids
from collections.abc import Mapping

from tuyen_events.ids import ConversationId, MessageId
from tuyen_gateway.domain.holding import (
    CLOCKS_APART,
    hold_or_show,
    is_echo,
    may_be_part,
)
from tuyen_gateway.domain.threads import Direction, Message
from tuyen_gateway.projections.collections import (
    UNSETTLED,
    StoredDocument,
    read_all,
    write_documents,
)
from tuyen_platform.error_causes import ContendedError
from tuyen_platform.mongodb import Collection, Document

_TRIES = 50


async def hold_echoes(
    messages: Collection, folded: dict[str, Message], outbound: Ids[MessageId]
) -> None:
    """Compares the echoes in `folded` with the replies of their conversations, and those replies
    that are among `outbound` with later echoes. Adds what may have changed by it to `folded`. All
    of that must be stored, and joined with the replies that it is known to be a part of.

    Reads after that write, and again after its own: if one gateway folds an echo and another the
    reply or its result, the last one that writes sees both. Repeating it changes nothing.
    """
    replies = [one for key in outbound if (one := folded[key]).request is not None]
    queries: list[Document] = []
    if echoes := sorted(one.id for one in folded.values() if is_echo(one)):
        queries.append({"_id": {"$in": echoes}})
    if replies:
        queries.append(_build_later_echoes_query(replies))
    if not queries:
        return
    for _ in range(_TRIES):
        found: dict[str, StoredDocument[Message]] = {}
        for query in queries:
            found |= await read_all(messages, Message, query)
        unsettled = await _find_unsettled(messages, found)
        compared = {
            key: hold_or_show(one.value, unsettled.get(one.value.conversation_id, ()))
            for key, one in found.items()
            if is_echo(one.value)
        }
        if all(found[key].value == echo for key, echo in compared.items()):
            folded |= {
                key: echo
                for key, echo in compared.items()
                if key in folded or any(may_be_part(echo, reply) for reply in replies)
            }
            return
        # Whether or not another gateway was faster: what it read may have changed meanwhile.
        await write_documents(messages, found, compared.values())
    raise ContendedError("messages")


def _build_later_echoes_query(replies: list[Message]) -> Document:
    """Matches everything that may be an echo of one of the replies, and some more."""
    begun = [one.accepted_at for one in replies if one.accepted_at is not None]
    return {
        "conversation_id": {"$in": sorted({one.conversation_id or "" for one in replies})},
        "accepted_at": {"$gte": min(begun) - CLOCKS_APART},
        "direction": Direction.OUT.value,
        "request": None,
        "part_of": None,
    }


async def _find_unsettled(
    messages: Collection, echoes: Mapping[str, StoredDocument[Message]]
) -> Mapping[ConversationId | None, list[Message]]:
    """The replies that are not settled, by conversation, of the conversations of the echoes."""
    threads = {stored.value.conversation_id or "" for stored in echoes.values()}
    query: Document = {"conversation_id": {"$in": sorted(threads)}, **UNSETTLED}
    found: dict[ConversationId | None, list[Message]] = {}
    for stored in (await read_all(messages, Message, query)).values():
        found.setdefault(stored.value.conversation_id, []).append(stored.value)
    return found
