"""The brake on guessing passwords, per account and for this process."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from tuyen_gateway.domain.brake import Attempts, attempted, forgotten, wait_before
from tuyen_gateway.errors import TooManyAttemptsError, UnauthenticatedError
from tuyen_platform.clock import Clock

_SWEEP_AT = 10_000
"""So many accounts under attack at once, before those that have gone quiet are looked for."""


class LoginBrake:
    """Attempts on one account are judged one after another, so that many at once gain nothing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._attempts: dict[tuple[str, str], Attempts] = {}
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._sweep_at = _SWEEP_AT

    @asynccontextmanager
    async def attempt(self, organization: str, username: str) -> AsyncIterator[None]:
        """One attempt on the account, whether or not there is such a one.

        A block that raises UnauthenticatedError counts as a wrong password; one that ends well
        forgets the wrong ones. Raises TooManyAttemptsError, without entering the block, for an
        attempt that comes too early; it is not counted.
        """
        account = (organization, username.casefold())
        lock = self._locks.setdefault(account, asyncio.Lock())
        async with lock:
            wait = wait_before(self._attempts.get(account), self._clock.now())
            if wait:
                seconds = math.ceil(wait.total_seconds())
                raise TooManyAttemptsError(
                    f"Too many wrong passwords: wait {seconds} s before the next attempt.", seconds
                )
            try:
                yield
            except UnauthenticatedError:
                self._count(account)
                raise
            self._attempts.pop(account, None)

    def _count(self, account: tuple[str, str]) -> None:
        now = self._clock.now()
        if len(self._attempts) >= self._sweep_at:
            self._attempts = {a: b for a, b in self._attempts.items() if not forgotten(b, now)}
            self._sweep_at = max(_SWEEP_AT, 2 * len(self._attempts))
        self._attempts[account] = attempted(self._attempts.get(account), now)
