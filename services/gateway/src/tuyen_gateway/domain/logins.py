"""When a refresh token is valid, and what its use means.

A login has one valid refresh token at a time. Each refresh begins a new turn, whose token replaces
the one before. A token that was replaced and is used once more was copied: its thief or its owner
used it first, and nobody can tell which; so the login ends for both.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

_AT_ONCE = timedelta(seconds=10)
"""Requests with one token that several gateways handle within this time came at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginState:
    """One login: its turn, when that began, and when the last of its tokens expires."""

    number: int
    since: datetime
    until: datetime


class RefreshTokenUse(Enum):
    """What the use of a refresh token means."""

    FIRST = auto()
    """The next turn begins."""
    REPEATED = auto()
    """Another gateway began the next turn at the same moment: both answer with it."""
    TOO_LATE = auto()
    """It was used, and so was its successor, all within a moment: the request was under way for
    long, or was sent twice. It gets nothing, and ends nothing."""
    COPIED = auto()
    """The login ends."""
    UNKNOWN = auto()
    """The login has ended, or the token is of a turn that is not known."""


def classify_use(login: LoginState | None, number: int, arrived_at: datetime) -> RefreshTokenUse:
    """What it means that the refresh token of turn `number` arrives at `arrived_at`: whoever knew
    the answer to its first use cannot have asked before that."""
    if login is None or number > login.number:
        return RefreshTokenUse.UNKNOWN
    if number == login.number:
        return RefreshTokenUse.FIRST
    at_once = number == login.number - 1 and login.since >= arrived_at
    return RefreshTokenUse.REPEATED if at_once else RefreshTokenUse.COPIED


def classify_concurrent_use(
    login: LoginState | None, number: int, arrived_at: datetime
) -> RefreshTokenUse:
    """The same after the request itself has written the record of the next turn, which had no
    effect if another gateway was faster: the same request went to both, or two windows of one
    browser asked at once. That is safe to answer, because there is exactly one token for a turn: a
    thief gets the same one as the owner, and whoever of them uses it second ends the login."""
    if login is None or login.number <= number:
        return RefreshTokenUse.UNKNOWN
    if login.number == number + 1:
        return RefreshTokenUse.REPEATED
    return (
        RefreshTokenUse.TOO_LATE if login.since >= arrived_at - _AT_ONCE else RefreshTokenUse.COPIED
    )


def counts_after(login: LoginState | None, before: LoginState | None, *, ended: bool) -> bool:
    """Whether a record of a login counts, after `before` (None: there is none). A login that has
    `ended` never begins again, and no turn comes back."""
    if login is None:
        return True
    if before is None:
        return not ended
    return login.number > before.number
