"""What each may do within an hour, as far as this process sees it (R9.5)."""

from collections.abc import Hashable
from datetime import datetime
from typing import Generic, TypeVar

from tuyen_gateway.domain.hourly import Taken, take, wait_for_room
from tuyen_gateway.errors import TooManyAttemptsError

Key = TypeVar("Key", bound=Hashable)


class Hourly(Generic[Key]):
    """`an_hour` of something for each key: so much at once, and as much again in each hour. One
    entry is kept for each key that ever took something."""

    def __init__(self, an_hour: int, what: str) -> None:
        self._an_hour = an_hour
        self._what = what
        self._taken: dict[Key, Taken] = {}

    def take(self, key: Key, amount: int, now: datetime) -> None:
        """Raises TooManyAttemptsError, and takes nothing, where that is more than is left."""
        self._taken[key] = self.check(key, amount, now)

    def check(self, key: Key, amount: int, now: datetime) -> Taken:
        """The same, but that nothing is taken in either case."""
        taken = take(self._taken.get(key), amount, self._an_hour, now)
        wait = wait_for_room(taken, self._an_hour)
        if wait:
            raise TooManyAttemptsError(
                f"{self._what}: {self._an_hour} within an hour are the most. "
                f"Try again in {wait} s.",
                wait,
            )
        return taken
