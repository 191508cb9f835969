"""The brake on guessing a password: attempts come from a purse that fills up again by itself.

Whoever guesses now and then never empties it, so that nobody is locked out by a stranger who does:
locking for longer each time would let one wrong password every few minutes lock an account for
good.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from tuyen_events.limits import WRONG_PASSWORD_WAIT_S, WRONG_PASSWORDS

FIRST_WAIT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Purse:
    """So many wrong passwords are free. Each further one makes the next wait twice as long, up to
    `longest`; and each time that `longest` has passed, one of them is forgotten."""

    free: int
    longest: timedelta


FROM_ONE_PLACE = Purse(free=WRONG_PASSWORDS, longest=timedelta(seconds=WRONG_PASSWORD_WAIT_S))
"""On one account from one place: some 1,440 guesses a day."""

FROM_STRANGE_PLACES = Purse(free=20, longest=timedelta(seconds=30))
"""On one account from all places together from which nobody ever logged in to it: some 2,880 a day,
however many places there are."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """What the wrong passwords took of a purse: `spent` of it, with the last one at `last`."""

    spent: float
    last: datetime


def wait_before(purse: Purse, attempts: Attempts | None, now: datetime) -> timedelta:
    """How long the next attempt has to wait; never longer than the purse's longest wait."""
    over = -1 if attempts is None else round(attempts.spent) - purse.free
    if attempts is None or over < 0:
        return timedelta(0)
    wait = min(FIRST_WAIT * (1 << min(over, 16)), purse.longest)
    return min(max(attempts.last + wait - now, timedelta(0)), wait)


def attempted(purse: Purse, attempts: Attempts | None, now: datetime) -> Attempts:
    """With one more wrong password at `now`."""
    if attempts is None:
        return Attempts(1, now)
    forgotten = max(now - attempts.last, timedelta(0)) / purse.longest
    return Attempts(max(attempts.spent - forgotten, 0) + 1, now)


def place_of(address: str | None) -> str:
    """Where a caller is, as far as they cannot choose it freely: an IPv4 address, or the 64 bits of
    an IPv6 address that a provider gives to one customer."""
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return "elsewhere"
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))


def site_of(place: str) -> str:
    """With whom a place waits: by itself, or with all of the 48 bits of an IPv6 address that one
    customer of a provider may have."""
    address, network, _ = place.partition("/")
    return str(ipaddress.ip_network((address, 48), strict=False)) if network else place
