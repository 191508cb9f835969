"""The brake on guessing a password: after some wrong ones, each further attempt waits longer."""

from dataclasses import dataclass
from datetime import datetime, timedelta

FREE_ATTEMPTS = 5
FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=5)
FORGOTTEN_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Attempts:
    """The attempts on one account since the last right password; `last` is the latest of them."""

    count: int
    last: datetime


def wait_before(attempts: Attempts | None, now: datetime) -> timedelta:
    """How long the next attempt has to wait: nothing for the first five, then 1 s, doubling with
    each up to 5 min. A quarter of an hour without one forgets them all."""
    if forgotten(attempts, now) or attempts is None or attempts.count < FREE_ATTEMPTS:
        return timedelta(0)
    doublings = min(attempts.count - FREE_ATTEMPTS, 16)
    wait = min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)
    return max(attempts.last + wait - now, timedelta(0))


def attempted(attempts: Attempts | None, now: datetime) -> Attempts:
    """With one more attempt at `now`."""
    if attempts is None or forgotten(attempts, now):
        return Attempts(1, now)
    return Attempts(attempts.count + 1, now)


def forgotten(attempts: Attempts | None, now: datetime) -> bool:
    """Whether the attempts are so old that they count for nothing."""
    return attempts is None or now - attempts.last >= FORGOTTEN_AFTER
