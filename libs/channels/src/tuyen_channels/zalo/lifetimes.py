"""How long Zalo's access tokens are valid."""

import math

_UNSAID_S = 25 * 3600.0
"""What Zalo documents."""
_LONGEST_S = 365 * 24 * 3600.0


def read_lifetime(given: object) -> float:
    """The seconds in an answer's `expires_in`, which Zalo writes as text. Of one that is no time,
    what it documents: so a token is refreshed before it ends in any case."""
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        return _UNSAID_S
    try:
        lasts_s = float(given)
    except (ValueError, OverflowError):
        return _UNSAID_S
    return min(lasts_s, _LONGEST_S) if math.isfinite(lasts_s) and lasts_s > 0 else _UNSAID_S
