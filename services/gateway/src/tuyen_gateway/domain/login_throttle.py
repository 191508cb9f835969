"""The login throttle: attempts take from a bucket that refills by itself.

An occasional guesser never empties it, so no stranger can lock anybody out that way: if each wrong
password made the lock longer, one every few minutes would lock an account for good.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from tuyen_events.limits import WRONG_PASSWORD_WAIT_S, WRONG_PASSWORDS

FIRST_WAIT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class AttemptBudget:
    """The first `free` wrong passwords have no consequence. Each further one doubles the next wait,
    up to `longest`; and each time that `longest` has passed, one of them is forgotten."""

    free: int
    longest: timedelta


FROM_ONE_PLACE = AttemptBudget(
    free=WRONG_PASSWORDS, longest=timedelta(seconds=WRONG_PASSWORD_WAIT_S)
)
"""For one account from one address: some 1,440 guesses a day."""

FROM_STRANGE_PLACES = AttemptBudget(free=20, longest=timedelta(seconds=30))
"""For one account from all addresses together from which nobody ever logged in to it: some 2,880 a
day, however many addresses there are."""


@dataclass(frozen=True, slots=True)
class FailedAttempts:
    """The wrong passwords of a bucket: they have taken `spent` of it, the last one at `last`."""

    spent: float
    last: datetime


def wait_before(budget: AttemptBudget, attempts: FailedAttempts | None, now: datetime) -> timedelta:
    """How long the next attempt has to wait: at most the bucket's longest wait."""
    over = -1 if attempts is None else round(attempts.spent) - budget.free
    if attempts is None or over < 0:
        return timedelta(0)
    wait = min(FIRST_WAIT * (1 << min(over, 16)), budget.longest)
    return min(max(attempts.last + wait - now, timedelta(0)), wait)


def add_attempt(
    budget: AttemptBudget, attempts: FailedAttempts | None, now: datetime
) -> FailedAttempts:
    """The attempts with one more wrong password at `now`."""
    if attempts is None:
        return FailedAttempts(1, now)
    forgotten = max(now - attempts.last, timedelta(0)) / budget.longest
    return FailedAttempts(max(attempts.spent - forgotten, 0) + 1, now)


def site_of(place: str) -> str:
    """With whom a place waits: by itself, or with all of the 48 bits of an IPv6 address that one
    customer of a provider may have."""
    address, network, _ = place.partition("/")
    return str(ipaddress.ip_network((address, 48), strict=False)) if network else place
