"""How often a stranger may do something: a bucket of so many, which refills by itself (R9.5)."""

from typing import NamedTuple

from tuyen_events.visitor_limits import BUCKETS_KEPT


class Rate(NamedTuple):
    """`burst` at once, and then one more in every `every_s` seconds."""

    burst: int
    every_s: float


class CallerBuckets:
    """What is left to each caller. A caller who is not known has everything left: those who did
    nothing for longest are forgotten, so that at most `kept` are known (R9.6)."""

    def __init__(self, rate: Rate, kept: int = BUCKETS_KEPT) -> None:
        self._rate = rate
        self._kept = kept
        self._left: dict[str, tuple[float, float]] = {}
        """By caller, what was left, and when. The one who did nothing for longest is first."""

    def take(self, caller: str, now_s: float) -> float:
        """Takes one, and returns 0; or takes nothing, and returns in how many seconds there is one.
        A clock that is set back gives nothing."""
        burst, every_s = self._rate
        left, at = self._left.pop(caller, (float(burst), now_s))
        left = min(float(burst), left + max(now_s - at, 0.0) / every_s)
        taken = left >= 1.0
        self._left[caller] = (left - 1.0 if taken else left, now_s)
        while len(self._left) > self._kept:
            del self._left[next(iter(self._left))]
        return 0.0 if taken else (1.0 - left) * every_s
