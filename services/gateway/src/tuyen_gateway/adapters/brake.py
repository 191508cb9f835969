"""The brake on guessing passwords, per account and for this process."""

import math

from tuyen_gateway.domain.brake import Attempts, attempted, forgotten, wait_before
from tuyen_gateway.errors import TooManyAttemptsError
from tuyen_platform.clock import Clock

_SWEEP_AT = 10_000
"""So many accounts under attack at once, before those that have gone quiet are looked for."""


class LoginBrake:
    """Counts attempts before they are judged, so that many at once gain nothing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._attempts: dict[tuple[str, str], Attempts] = {}
        self._sweep_at = _SWEEP_AT

    def attempt(self, organization: str, username: str) -> None:
        """Takes one attempt on the account, whether or not there is such a one.

        Raises TooManyAttemptsError when it comes too early; it is then not counted.
        """
        now = self._clock.now()
        account = (organization, username.casefold())
        before = self._attempts.get(account)
        wait = wait_before(before, now)
        if wait:
            seconds = math.ceil(wait.total_seconds())
            raise TooManyAttemptsError(
                f"Too many wrong passwords: wait {seconds} s before the next attempt.", seconds
            )
        if len(self._attempts) >= self._sweep_at:
            self._attempts = {a: b for a, b in self._attempts.items() if not forgotten(b, now)}
            self._sweep_at = max(_SWEEP_AT, 2 * len(self._attempts))
        self._attempts[account] = attempted(before, now)

    def succeeded(self, organization: str, username: str) -> None:
        """Forgets the attempts on an account whose password was right."""
        self._attempts.pop((organization, username.casefold()), None)
