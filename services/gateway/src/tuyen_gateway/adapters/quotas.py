"""Limits how much is done within an hour. Each process counts for itself (R9.5)."""

from collections.abc import Hashable
from datetime import datetime
from typing import Generic, TypeVar

from tuyen_gateway.domain.hourly import Taken, seconds_to_wait, take_amount
from tuyen_gateway.errors import TooManyAttemptsError

KeyT = TypeVar("KeyT", bound=Hashable)


class Hourly(Generic[KeyT]):
    """Allows `an_hour` units for each key at once, and as many again over each hour. An entry is
    kept for each key that ever took some."""

    def __init__(self, an_hour: int, what: str) -> None:
        self._an_hour = an_hour
        self._what = what
        self._taken: dict[KeyT, Taken] = {}

    def take(self, key: KeyT, amount: int, now: datetime) -> None:
        """Takes `amount` units. Raises TooManyAttemptsError, and takes nothing, if fewer are
        left."""
        self._taken[key] = self.check(key, amount, now)

    def check(self, key: KeyT, amount: int, now: datetime) -> Taken:
        """Raises as `take` does, and takes nothing in either case; returns what `take` would
        store."""
        taken = take_amount(self._taken.get(key), amount, self._an_hour, now)
        wait = seconds_to_wait(taken, self._an_hour)
        if wait:
            raise TooManyAttemptsError(
                f"{self._what}: {self._an_hour} within an hour are allowed. Try again in {wait} s.",
                wait,
            )
        return taken
