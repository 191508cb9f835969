"""The login throttle of this process: limits password guessing, and how many passwords are
hashed."""

import asyncio
import math
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

from tuyen_directory.usernames import fold_username
from tuyen_events.limits import LOGINS_WAITING, LOGINS_WAITING_FROM_A_SITE
from tuyen_gateway.domain.login_throttle import (
    FROM_ONE_PLACE,
    FROM_STRANGE_PLACES,
    AttemptBudget,
    FailedAttempts,
    add_attempt,
    site_of,
    wait_before,
)
from tuyen_gateway.errors import (
    TooManyAttemptsError,
    UnauthenticatedError,
    UnavailableError,
)
from tuyen_platform.clock import Clock

REMEMBERED = 20_000
"""How many accounts and addresses under attack, and accounts that were logged in to, are
remembered: the latest, some 10 MB. A wrong password costs a hash, so displacing an entry by others
takes many minutes."""

PLACES_OF_AN_ACCOUNT = 8

AT_ONCE_FROM_A_PLACE = 2
"""Logins that are hashed at once, from an address that never logged in to their accounts. This
leaves capacity for other addresses, however many logins wait there."""

LoginAccount = tuple[str, str]
"""An organization and a username, whether or not they exist."""

K = TypeVar("K")
V = TypeVar("V")


class _Latest(Generic[K, V]):
    """A dictionary that keeps only the entries that were set last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K) -> V | None:
        return self._entries.get(key)

    def set(self, key: K, value: V) -> None:
        self._entries[key] = value
        self._entries.move_to_end(key)
        if len(self._entries) > self._most:
            self._entries.popitem(last=False)

    def forget(self, key: K) -> None:
        self._entries.pop(key, None)


class LocalLoginThrottle:
    """`LoginThrottle`. Attempts on one account are checked one after another, so that making many
    at once gains nothing. An address from which somebody logged in to the account before is counted
    by itself: what strangers do elsewhere does not slow it down."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_place: _Latest[tuple[LoginAccount, str], FailedAttempts] = _Latest(REMEMBERED)
        self._by_strangers: _Latest[LoginAccount, FailedAttempts] = _Latest(REMEMBERED)
        self._known: _Latest[LoginAccount, tuple[str, ...]] = _Latest(REMEMBERED)
        self._locks: WeakValueDictionary[LoginAccount, asyncio.Lock] = WeakValueDictionary()
        self._under_way: Counter[str] = Counter()
        self._gates: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def attempt(self, organization: str, username: str, place: str) -> AsyncIterator[None]:
        account = (organization, fold_username(username))
        lock = self._locks.setdefault(account, asyncio.Lock())
        async with self._limit_logins(account, place), lock:
            self._refuse_too_early(account, place)
            try:
                yield
            except UnauthenticatedError:
                self._note_failure(account, place)
                raise
            self._note_success(account, place)

    @asynccontextmanager
    async def _limit_logins(self, account: LoginAccount, place: str) -> AsyncIterator[None]:
        if self._knows(account, place):
            yield
            return
        site = site_of(place)
        if self._under_way.total() >= LOGINS_WAITING:
            raise UnavailableError("Too many log in at this moment: try again in a second.")
        # Each site may have so few logins under way that one more site can always begin one.
        most = min(LOGINS_WAITING_FROM_A_SITE, LOGINS_WAITING // (len(self._under_way) + 1))
        if self._under_way[site] >= most:
            raise TooManyAttemptsError("Too many logins at once: try again in a second.", 1)
        self._under_way[site] += 1
        gate = self._gates.setdefault(site, asyncio.Semaphore(AT_ONCE_FROM_A_PLACE))
        try:
            async with gate:
                yield
        finally:
            self._under_way[site] -= 1
            if not self._under_way[site]:
                del self._under_way[site]

    def _refuse_too_early(self, account: LoginAccount, place: str) -> None:
        now = self._clock.now()
        wait = wait_before(FROM_ONE_PLACE, self._by_place.get((account, place)), now)
        if not self._knows(account, place):
            others = self._by_strangers.get(account)
            wait = max(wait, wait_before(FROM_STRANGE_PLACES, others, now))
        if wait > timedelta(0):
            seconds = math.ceil(wait.total_seconds())
            raise TooManyAttemptsError(
                f"Too many wrong passwords: wait {seconds} s before the next attempt.", seconds
            )

    def _note_failure(self, account: LoginAccount, place: str) -> None:
        _add(self._by_place, (account, place), FROM_ONE_PLACE, self._clock)
        if not self._knows(account, place):
            _add(self._by_strangers, account, FROM_STRANGE_PLACES, self._clock)

    def _note_success(self, account: LoginAccount, place: str) -> None:
        self._by_place.forget((account, place))
        others = [one for one in self._known.get(account) or () if one != place]
        self._known.set(account, (place, *others)[:PLACES_OF_AN_ACCOUNT])

    def _knows(self, account: LoginAccount, place: str) -> bool:
        return place in (self._known.get(account) or ())


def _add(attempts: _Latest[K, FailedAttempts], key: K, budget: AttemptBudget, clock: Clock) -> None:
    attempts.set(key, add_attempt(budget, attempts.get(key), clock.now()))
