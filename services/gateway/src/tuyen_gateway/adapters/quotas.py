"""Limits how much is done within an hour. Each process counts for itself (R9.5)."""

from collections.abc import Hashable
from datetime import datetime
from itertools import islice
from typing import Generic, TypeVar

from tuyen_gateway.domain.hourly_quota import UsedQuota, find_wait_s, use_quota
from tuyen_gateway.errors import TooManyAttemptsError

_FORGOTTEN = 2
"""How many keys are forgotten at most when one takes some: more than come to be known."""

KeyT = TypeVar("KeyT", bound=Hashable)


class HourlyQuota(Generic[KeyT]):
    """Allows `an_hour` units for each key at once, and as many again over each hour. A key that may
    take as many as one that never took any is forgotten (R9.6)."""

    def __init__(self, an_hour: int, what: str) -> None:
        self._an_hour = an_hour
        self._what = what
        self._taken: dict[KeyT, UsedQuota] = {}

    def take(self, key: KeyT, amount: int, now: datetime) -> None:
        """Takes `amount` units. Raises TooManyAttemptsError, and takes nothing, if fewer are
        left."""
        taken = self.check(key, amount, now)
        self._taken.pop(key, None)
        self._taken[key] = taken  # after those that took some before
        self._forget(now)

    def check(self, key: KeyT, amount: int, now: datetime) -> UsedQuota:
        """Raises as `take` does, and takes nothing in either case; returns what `take` would
        store."""
        taken = use_quota(self._taken.get(key), amount, self._an_hour, now)
        wait = find_wait_s(taken, self._an_hour)
        if wait:
            raise TooManyAttemptsError(
                f"{self._what}: {self._an_hour} within an hour are allowed. Try again in {wait} s.",
                wait,
            )
        return taken

    def _forget(self, now: datetime) -> None:
        for key, taken in list(islice(self._taken.items(), _FORGOTTEN)):
            if use_quota(taken, 0, self._an_hour, now).amount:
                return
            del self._taken[key]
