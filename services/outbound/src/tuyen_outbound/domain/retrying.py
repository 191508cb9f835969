"""How often a refused call is repeated, and when."""

from datetime import datetime, timedelta

from tuyen_channels.calls import RefusalKind

_WAITS_S = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
"""The waits before the repetitions of a call. The last one is repeated where there is no limit on
their number."""

LONGEST_WAIT_S = max(_WAITS_S)

SHOWN_WITHIN_S = 5.0
"""The shortest wait before a call is repeated that may have been carried out: by then there usually
is the echo of a message, and a comment is listed."""

_TRANSIENT_TRIES = len(_WAITS_S)
_UNREACHABLE_FOR = timedelta(minutes=10)
"""For how long a call is repeated that does not reach the channel: nothing can happen twice."""

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 15.0, 600.0
_SHORTEST_PAUSE_S = 1.0
"""Whatever a channel asks for: a call that is throttled is repeated without an end."""


def find_wait(
    kind: RefusalKind, refusals: int, refused_at: datetime | None, now: datetime
) -> float | None:
    """The seconds until a call is repeated that was refused `refusals` times before this time,
    first at `refused_at`. None: it is given up."""
    wait_s = _WAITS_S[min(refusals, len(_WAITS_S) - 1)]
    if kind is RefusalKind.UNREACHABLE:
        begun = refused_at or now
        return wait_s if now - begun < _UNREACHABLE_FOR else None
    return wait_s if refusals < _TRANSIENT_TRIES else None


def find_pause_s(asked_s: float | None, pauses_before: int) -> float:
    """How long calls are paused after the channel throttled one. `asked_s` is what the channel
    asked for; if it did not say, each further pause in a row is twice as long."""
    if asked_s is not None:
        return max(asked_s, _SHORTEST_PAUSE_S)
    return min(_FIRST_PAUSE_S * 2.0 ** min(pauses_before, 10), _LONGEST_PAUSE_S)
