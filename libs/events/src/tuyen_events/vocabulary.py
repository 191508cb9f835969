"""The words of the product in events: times, and closed sets."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone. One without a zone is no time of ours: decoding refuses it."""


class Word(StrEnum):
    """A closed set of words.

    Each member is a plain attribute of its class, as in Python 3.12: 3.11 takes twice as long to
    look one up, and routing an event looks up some twenty of them.
    """

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name, member in cls.__members__.items():
            type.__setattr__(cls, name, member)


class Channel(Word):
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


class Capability(Word):
    """What a member of a rule may be given (R1.3)."""

    FACEBOOK_MESSAGE = "facebook_message"
    FACEBOOK_COMMENT = "facebook_comment"
    ZALO_MESSAGE = "zalo_message"
    LIVECHAT_MESSAGE = "livechat_message"


class Presence(Word):
    ONLINE = "online"
    AWAY = "away"
    OFFLINE = "offline"


class PresenceCause(Word):
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
        """Whether the role may assign by hand and sees what all agents see (R6.1, R7)."""
        return self is not Role.AGENT


class Strategy(Word):
    """How a rule chooses among its candidates (R2)."""

    SEQUENTIAL = "sequential"
    RANDOM = "random"
    LEAST_LOADED = "least_loaded"


class AppliesTo(Word):
    """Whose presence a rule asks for (R1.2)."""

    ONLINE = "online"
    ALL = "all"


class Visibility(Word):
    """What an agent sees of others' conversations (R7)."""

    EVERYONE = "everyone"
    OWN_AND_UNASSIGNED = "own_and_unassigned"
    OWN_ONLY = "own_only"


class WhenNobody(Word):
    """What becomes of a conversation for which nobody is a candidate (R5)."""

    QUEUE = "queue"
    LEAVE_UNASSIGNED = "leave_unassigned"


class Exclusion(Word):
    """Why a member of a pool could not be chosen (R1, R9.4)."""

    OFFLINE = "offline"
    """Not `online` under a rule that asks for it; `away` counts as offline (R1.2)."""
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
    """Theirs was the conversation that went back to rotation (R6.5)."""


class Reason(Word):
    """Why a conversation has the assignee that it has (R9.4)."""

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
