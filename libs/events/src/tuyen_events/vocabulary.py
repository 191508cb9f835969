"""The words of the product in events: times, and sets of words.

A set is closed (`Word`) or open (`OpenWord`). Decision 26 says which sets are open, and why.
"""

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

import msgspec

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone. Decoding refuses a time without a zone."""


class Word(StrEnum):
    """A closed set of words.

    Each member is a plain attribute of its class, as in Python 3.12: 3.11 takes twice as long to
    look one up, and routing an event looks up some twenty of them.
    """

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name, member in cls.__members__.items():
            type.__setattr__(cls, name, member)


OPEN_WORD_PATTERN = "^[a-z][a-z0-9_]{0,63}$"
"""What every value of an open set looks like, today's and those to come. It is part of the
contracts: a value is safe as a label, as a part of a key, and as the name of a field."""

_is_open_word = re.compile(OPEN_WORD_PATTERN[1:-1]).fullmatch


class OpenWord(Word):
    """A set of words that will grow.

    A value that a newer producer wrote and this version does not know becomes a word of this class
    all the same. It equals any other word of the same text and is written again as it was read, so
    whoever only passes a record on changes nothing in it. Such words are created each time and
    cached nowhere, so nothing grows whatever is read. They are no members: iterating over the class
    gives those that are known. Text that does not fit OPEN_WORD_PATTERN is refused.

    Compare words by `==` unless one side is a known member. Whoever decides by a word says what
    happens to one that is not known (`is_known`).
    """

    @property
    def is_known(self) -> bool:
        """Whether this version knows the word."""
        return self._value_ in type(self)._value2member_map_

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str) or _is_open_word(value) is None:
            return None
        word = str.__new__(cls, value)
        word._name_ = word._value_ = str(value)
        return word


class Channel(OpenWord):
    FACEBOOK = "facebook"
    ZALO = "zalo"
    LIVECHAT = "livechat"


class ConversationKind(Word):
    """What one row of the inbox is."""

    MESSAGE = "message"
    COMMENT = "comment"
    LIVESTREAM = "livestream"

    sticky: bool
    """Whether the assignee follows the customer (R3) rather than the root comment (R4)."""

    def __init__(self, word: str) -> None:
        self.sticky = word != "comment"


class CommentOrigin(OpenWord):
    """What a comment or the root of a thread is at the channel (P5d). A word that is not known
    counts as `comment`."""

    COMMENT = "comment"
    VISITOR_POST = "visitor_post"
    """A post on the page by somebody else."""
    MENTION = "mention"
    """A post or comment elsewhere that names the page."""
    REVIEW = "review"


class Capability(OpenWord):
    """What a member of a rule may be given (R1.3).

    Each is named for its channel, with `_message`, or `_comment` for comments on posts and on
    livestreams.
    """

    FACEBOOK_MESSAGE = "facebook_message"
    FACEBOOK_COMMENT = "facebook_comment"
    ZALO_MESSAGE = "zalo_message"
    LIVECHAT_MESSAGE = "livechat_message"


class Presence(Word):
    ONLINE = "online"
    AWAY = "away"
    OFFLINE = "offline"


class PresenceCause(OpenWord):
    """Why a presence changed (R8.3)."""

    LOGIN = "login"
    LOGOUT = "logout"
    LEASE_EXPIRED = "lease_expired"
    SET_BY_MANAGER = "set_by_manager"


class Role(Word):
    SYSTEM_ADMIN = "system_admin"
    CHAIN_MANAGER = "chain_manager"
    STORE_MANAGER = "store_manager"
    SALES_MANAGER = "sales_manager"
    AGENT = "agent"

    @property
    def managing(self) -> bool:
        """Whether the role may assign manually, and sees what all agents see (R6.1, R7)."""
        return self is not Role.AGENT


class IntegrationKind(Word):
    """What an integration may send."""

    CALLS = "calls"
    LEADS = "leads"


class Strategy(OpenWord):
    """How a rule chooses among its candidates (R2).

    The reason of an assignment that a rule made has the same name as the rule's mode; the reason of
    `sequential` is `rotation`.
    """

    SEQUENTIAL = "sequential"
    RANDOM = "random"
    LEAST_LOADED = "least_loaded"


class AppliesTo(OpenWord):
    """Which presence a rule requires of its candidates (R1.2). A word that is not known counts as
    `online`."""

    ONLINE = "online"
    ALL = "all"


class Visibility(Word):
    """What an agent sees of others' conversations (R7)."""

    EVERYONE = "everyone"
    OWN_AND_UNASSIGNED = "own_and_unassigned"
    OWN_ONLY = "own_only"


class Merging(Word):
    """What happens to two contacts with one phone number or email that different people look after
    (C2)."""

    PROPOSE = "propose"
    """Their managers decide."""
    AT_ONCE = "at_once"
    """They are merged, as all others are."""


class WhenNobody(OpenWord):
    """What happens to a conversation for which nobody is a candidate (R5). A word that is not known
    counts as `queue`."""

    QUEUE = "queue"
    LEAVE_UNASSIGNED = "leave_unassigned"


class Exclusion(OpenWord):
    """Why a member of a pool could not be chosen (R1, R9.4)."""

    OFFLINE = "offline"
    """Not `online` under a rule that requires it; `away` counts as offline (R1.2)."""
    CAPABILITY = "capability"
    PAGE = "page"
    DEPARTMENT = "department"
    """Outside the department or the region that the visitor named (R1.5)."""
    GROUP = "group"
    """Outside the group of the visitor's link, which had a candidate (R1.6)."""
    CAPACITY = "capacity"
    DISABLED = "disabled"
    """Disabled, or removed (R1.8)."""
    HANDED_OVER = "handed_over"
    """The agent whose conversation was returned to rotation (R6.5)."""


class Reason(OpenWord):
    """Why a conversation has the assignee that it has (R9.4).

    Whether a conversation waits is said by the type of the record, `assignment.queued`.
    """

    ROTATION = "rotation"
    RANDOM = "random"
    LEAST_LOADED = "least_loaded"
    STICKY_LOST = "sticky_lost"
    REASSIGNED_OFFLINE = "reassigned_offline"
    QUEUE_DRAINED = "queue_drained"
    MANUAL = "manual"
    TAKEN = "taken"
    UNASSIGNED = "unassigned"
    BULK = "bulk"
    QUEUED = "queued"
    NO_CANDIDATE = "no_candidate"
