"""Which echoes are held back, because they may be echoes of replies that are not settled.

Where an echo names nothing of ours, only the result of the reply tells whether they belong together
(decision 29). Until then no thread shows an echo that says what the reply says. What is held
follows from the messages of the conversation alone, in whatever order they were read.
"""

from collections.abc import Iterable
from datetime import timedelta

import msgspec

from tuyen_events.outbound import OutboundAction
from tuyen_gateway.domain.threads import Direction, Message, derive

CLOCKS_APART = timedelta(seconds=2)
"""How far our own clocks may be apart: an echo that was accepted longer than that before the reply
was requested is not its echo."""

_UNCUT_CHARACTERS = 2_000
"""A longer text may become several messages at a channel."""


def is_echo(message: Message) -> bool:
    """Whether the page itself wrote a message at the channel, as far as is known: it is in a
    conversation, and no part of a reply."""
    return (
        message.direction is Direction.OUT
        and message.request is None
        and message.part_of is None
        and message.conversation_id is not None
    )


def hold_or_show(echo: Message, replies: Iterable[Message]) -> Message:
    """An echo, held if it may be a part of any of the replies; `replies` contains all of its
    conversation that are not settled."""
    held = any(
        reply.unsettled_since is not None
        and echo.accepted_at is not None
        and echo.accepted_at >= reply.unsettled_since - CLOCKS_APART
        and may_be_part(echo, reply)
        for reply in replies
    )
    return derive(msgspec.structs.replace(echo, held=held))


def may_be_part(echo: Message, reply: Message) -> bool:
    """Whether an echo names nothing, and says what a reply of its conversation, or a part of it,
    says. A removed one says nothing any more."""
    request = reply.request
    if request is None or request.conversation_id != echo.conversation_id:
        return False
    if echo.by_person or echo.claims is not None:
        return False
    if echo.comment is not (request.action == OutboundAction.COMMENT):
        return False
    said, wanted = _words(echo.text), _words(request.text)
    if not said:
        return bool(echo.attachments and request.attachments)
    return said == wanted or (len(wanted) > _UNCUT_CHARACTERS and said in wanted)


def _words(text: str | None) -> str:
    """A text without differences in white space."""
    return " ".join((text or "").split())
