"""So much within an hour: what was taken comes back by itself, evenly (R9.5)."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Taken:
    """So much was taken, and not given back yet, at `at`."""

    amount: float
    at: datetime


def take(before: Taken | None, amount: float, an_hour: float, now: datetime) -> Taken:
    """With `amount` more at `now`, whether or not there is room for it. Time that goes back gives
    nothing back."""
    passed = timedelta(0) if before is None else max(now - before.at, timedelta(0))
    still = 0.0 if before is None else max(before.amount - an_hour * (passed / _HOUR), 0.0)
    return Taken(still + amount, now)


def wait_for_room(taken: Taken, an_hour: float) -> int:
    """In how many seconds no more than an hour's worth is taken; 0 for now."""
    over = max(taken.amount - an_hour, 0.0)
    return math.ceil(over / an_hour * _HOUR.total_seconds())
