"""Access tokens: whose they are, and whether they still work.

Nothing that callers choose is refused: tests put tokens of their own into the product. A token is
dead only if it was revoked, or was issued here and has expired. It belongs to an account

- if it was issued for it, or looks as if: `<prefix><account>-<anything>`;
- else, if it was used in a call that names the account.
"""

import secrets
from datetime import datetime, timedelta

from tuyen_doubles.bounded import BoundedMap
from tuyen_platform.clock import Clock

PAGE_TOKEN_PREFIX = "double-facebook-page-"  # noqa: S105 - what a token begins with
"""Then come the page's id, a hyphen, and anything."""

_MOST_TOKENS = 20_000
_NAMELESS = "double-"


class DoubleTokens:
    """The tokens of one channel. `prefix` is that of the tokens that are issued."""

    def __init__(self, prefix: str, clock: Clock) -> None:
        self._prefix = prefix
        self._clock = clock
        self._accounts: BoundedMap[str, str] = BoundedMap(_MOST_TOKENS)
        self._ends: BoundedMap[str, datetime] = BoundedMap(_MOST_TOKENS)
        self._revoked: BoundedMap[str, bool] = BoundedMap(_MOST_TOKENS)

    def issue(self, account: str | None, lifetime: timedelta | None = None) -> str:
        """A new token of an account, or of one that is not known yet; without `lifetime` it does
        not expire."""
        name = _NAMELESS if account is None else f"{self._prefix}{account}-"
        token = f"{name}{secrets.token_hex(12)}"
        if lifetime is not None:
            self.expire(token, lifetime)
        return token

    def expire(self, token: str, after: timedelta) -> None:
        """Lets a token expire after some time from now."""
        self._ends.put(token, self._clock.now() + after)

    def revoke(self, token: str) -> None:
        self._revoked.put(token, True)

    def restore(self, token: str) -> None:
        """Undoes `revoke` and `expire`."""
        self._revoked.pop(token)
        self._ends.pop(token)

    def is_dead(self, token: str) -> bool:
        end = self._ends.get(token)
        return token in self._revoked or (end is not None and end <= self._clock.now())

    def bind(self, token: str, account: str) -> None:
        """Notes that a token was used for an account."""
        if not token.startswith(self._prefix):
            self._accounts.put(token, account)

    def account_of(self, token: str) -> str | None:
        """The account that a token names, or for which it was last used."""
        return self.named_by(token) or self._accounts.get(token)

    def named_by(self, token: str) -> str | None:
        """The account that a token names by itself: it is good for no other."""
        if not token.startswith(self._prefix):
            return None
        rest = token.removeprefix(self._prefix)
        return rest.rpartition("-")[0] or rest or None
