"""A limit for each hour: what was taken becomes available again evenly within an hour (R9.5)."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class UsedQuota:
    """The amount that is taken, and not available again yet, at `at`."""

    amount: float
    at: datetime


def use_quota(before: UsedQuota | None, amount: float, an_hour: float, now: datetime) -> UsedQuota:
    """Takes `amount` at `now`, whether or not that exceeds the limit. A clock that is set back
    makes nothing available."""
    passed = timedelta(0) if before is None else max(now - before.at, timedelta(0))
    still = 0.0 if before is None else max(before.amount - an_hour * (passed / _HOUR), 0.0)
    return UsedQuota(still + amount, now)


def find_wait_s(taken: UsedQuota, an_hour: float) -> int:
    """In how many seconds no more than an hour's amount is taken; 0 if that is so already."""
    over = max(taken.amount - an_hour, 0.0)
    return math.ceil(over / an_hour * _HOUR.total_seconds())
