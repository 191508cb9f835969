"""When a channel lets a page write to a customer (P5).

Each channel's connector says how long after the customer's last word that is, and how long a person
may answer if the operator's app was given that permission (`ReplyWindow`). Comments can be answered
at any time, and each by one private message, within 7 days.

Decides P5.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tuyen_channels.connectors import find_reply_window
from tuyen_events.vocabulary import ConversationKind
from tuyen_gateway.domain.inbox import InboxRow


class Allowed(StrEnum):
    """What a channel allows to be sent to a customer at a moment."""

    TEXT = "text"
    ATTACHMENT = "attachment"
    PRIVATE = "private"
    """A private reply to a comment."""
    HUMAN_AGENT = "human_agent"
    """Messages that a person writes after the channel's window has ended."""


@dataclass(frozen=True, slots=True)
class Window:
    """`until` is when it ends or ended; null if it never does, or never began."""

    open: bool
    until: datetime | None
    allowed: tuple[Allowed, ...]


PRIVATE_REPLY_WITHIN = timedelta(days=7)

_CONTENT = (Allowed.TEXT, Allowed.ATTACHMENT)
_SHUT = Window(open=False, until=None, allowed=())


def find_window(row: InboxRow, now: datetime, *, human_agent: bool) -> Window:
    """What a channel allows to be sent in a conversation, as far as times decide. `human_agent` is
    whether the operator's app may send what people write after Facebook's window."""
    rule = None if row.channel is None else find_reply_window(row.channel)
    if rule is None:
        return _SHUT
    if row.kind is not ConversationKind.MESSAGE:
        private = row.last_inbound is not None and can_reply_privately(row.last_inbound[0], now)
        allowed = (*_CONTENT, Allowed.PRIVATE) if private else _CONTENT
        return Window(open=True, until=None, allowed=allowed)
    if rule.within is None:
        return Window(open=True, until=None, allowed=_CONTENT)
    if row.interacted_at is None:
        return _SHUT
    return _find_timed_window(
        rule.within, rule.people_within if human_agent else None, row.interacted_at, now
    )


def _find_timed_window(
    within: timedelta, people_within: timedelta | None, since: datetime, now: datetime
) -> Window:
    """What may be sent `within` a time after the customer's last word, and by people in a longer
    time, if there is one."""
    until = since + within
    if now < until:
        return Window(open=True, until=until, allowed=_CONTENT)
    if people_within is not None and now < since + people_within:
        return Window(open=False, until=until, allowed=(*_CONTENT, Allowed.HUMAN_AGENT))
    return Window(open=False, until=until, allowed=())


def can_reply_privately(commented_at: datetime, now: datetime) -> bool:
    """Whether a comment may still be answered by a private message."""
    return now < commented_at + PRIVATE_REPLY_WITHIN
