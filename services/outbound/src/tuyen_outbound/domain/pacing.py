"""Rate limits and pauses. All times are in seconds of one clock that only rises."""

from collections.abc import Sequence
from dataclasses import dataclass

from tuyen_channels.calls import Limit, Pause, PauseScope
from tuyen_outbound.domain.retrying import find_pause_s

_BUCKETS = 20_000
"""How many buckets are remembered. A page has a handful, and a bucket that is full is forgotten
first."""


@dataclass(slots=True)
class RateBucket:
    """Lets `burst` calls through at once, and then `rate_s` a second (the generic cell rate
    algorithm). Calls are let through in the order in which they reserve."""

    rate_s: float
    burst: int
    _full_at: float = float("-inf")
    """When the bucket will be full again if nothing more is reserved."""

    def reserve(self, now: float) -> float:
        """Reserves one call, and returns the seconds to wait until it may be made."""
        interval = 1.0 / self.rate_s
        begin = max(self._full_at, now)
        self._full_at = begin + interval
        return max(0.0, begin - (self.burst - 1) * interval - now)

    def is_full(self, now: float) -> bool:
        return self._full_at <= now


class Pacing:
    """The limits and pauses of one channel in this process.

    The limits of a page or an app are divided among the workers by their shares of the partitions:
    `share` is that of this worker. An account is here the page's id at the channel, as in a
    `CallOrder`: the channel counts its calls together, whichever organization makes them.
    """

    def __init__(self) -> None:
        self.share = 1.0
        self._buckets: dict[tuple[str, str], RateBucket] = {}
        self._paused: dict[str, float] = {}
        self._pauses_in_a_row: dict[str, int] = {}

    def reserve(self, account: str, limits: Sequence[Limit], now: float) -> float:
        """Reserves a call of an account; returns the seconds until it may be made."""
        waits = [self._find_bucket(account, limit, now).reserve(now) for limit in limits]
        return max(waits, default=0.0)

    def find_pause(self, account: str, now: float) -> float:
        """The seconds for which calls of the account are paused."""
        until = max(self._paused.get(each, now) for each in (account, _APP))
        return max(0.0, until - now)

    def pause(self, account: str, pause: Pause, now: float) -> float:
        """Pauses the calls of an account or of the app; returns for how many seconds."""
        key = _APP if pause.scope is PauseScope.APP else account
        before = self._pauses_in_a_row.get(key, 0)
        seconds = find_pause_s(pause.seconds, before)
        self._pauses_in_a_row[key] = before + 1
        self._paused[key] = max(self._paused.get(key, now), now + seconds)
        return seconds

    def note_success(self, account: str) -> None:
        """A call was carried out: the next pause is a short one again."""
        for key in (account, _APP):
            self._pauses_in_a_row.pop(key, None)

    def _find_bucket(self, account: str, limit: Limit, now: float) -> RateBucket:
        key = (limit.name, _APP if limit.of_app else account)
        rate_s = limit.rate_s * self.share
        burst = max(1, round(limit.burst * self.share))
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= _BUCKETS:
                self._forget(now)
            bucket = self._buckets[key] = RateBucket(rate_s, burst)
        bucket.rate_s, bucket.burst = rate_s, burst
        return bucket

    def _forget(self, now: float) -> None:
        self._buckets = {
            key: bucket for key, bucket in self._buckets.items() if not bucket.is_full(now)
        }
        self._paused = {key: until for key, until in self._paused.items() if until > now}
        self._pauses_in_a_row = {
            key: count for key, count in self._pauses_in_a_row.items() if key in self._paused
        }


_APP = ""
"""The account of what concerns all pages."""
