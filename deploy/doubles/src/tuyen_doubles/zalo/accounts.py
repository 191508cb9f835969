"""What the double knows of official accounts: followers, messages, uploads.

As with Facebook's pages, it was said by `POST /_double/say` or made by callers, is forgotten when
there is too much, and what the double does not know it takes for granted.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from tuyen_doubles.bounded import BoundedMap

_MOST = 20_000
_MOST_SENT = 50
"""Messages to one customer that a receipt can name."""
_MOST_ACCOUNTS = 20
"""Accounts that one customer wrote to: by its id alone a customer is looked for in these."""

DEFAULT_ACCOUNT_NAME = "Cửa hàng"


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """A customer of an account. `wrote_at` is their last interaction, None if only we wrote."""

    id: str
    name: str | None = None
    wrote_at: datetime | None = None
    sent: tuple[str, ...] = ()
    """Ids of the latest messages to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """An uploaded file. `kind` is image, gif or file."""

    kind: str
    url: str
    name: str
    size: int
    added_at: datetime


class OfficialAccounts:
    """All accounts of the double."""

    def __init__(self) -> None:
        self._names: BoundedMap[str, str] = BoundedMap(_MOST)
        self._followers: BoundedMap[tuple[str, str], Follower] = BoundedMap(_MOST)
        self._written_to: BoundedMap[str, tuple[str, ...]] = BoundedMap(_MOST)
        self._messages: BoundedMap[str, tuple[str, str]] = BoundedMap(_MOST)
        self._assets: BoundedMap[str, Asset] = BoundedMap(_MOST)
        self.latest: str | None = None
        """The account to which somebody wrote last."""

    def name(self, account: str) -> str:
        return self._names.get(account) or DEFAULT_ACCOUNT_NAME

    def add(self, account: str, name: str = DEFAULT_ACCOUNT_NAME) -> None:
        """Notes that an account exists; its name stays if it has one."""
        if account not in self._names:
            self._names.put(account, name)

    def follower(self, account: str, customer: str) -> Follower | None:
        return self._followers.get((account, customer))

    def meet(
        self, account: str, customer: str, name: str | None, wrote_at: datetime, message: str
    ) -> None:
        """Notes that a customer wrote a message."""
        self.add(account)
        self.latest = account
        known = self.follower(account, customer) or Follower(id=customer)
        wrote_at = max(wrote_at, known.wrote_at or wrote_at)
        self._followers.put(
            (account, customer), replace(known, name=name or known.name, wrote_at=wrote_at)
        )
        others = [each for each in self._written_to.get(customer) or () if each != account]
        self._written_to.put(customer, (*others, account)[-_MOST_ACCOUNTS:])
        self._messages.put(message, (account, customer))

    def note_sent(self, account: str, customer: str, message: str) -> None:
        known = self.follower(account, customer) or Follower(id=customer)
        sent = (*known.sent, message)[-_MOST_SENT:]
        self._followers.put((account, customer), replace(known, sent=sent))
        self._messages.put(message, (account, customer))

    def written_to(self, customer: str) -> tuple[str, ...]:
        """The accounts that a customer wrote to, the latest one last."""
        return self._written_to.get(customer) or ()

    def place_of(self, message: str) -> tuple[str, str] | None:
        """The account and the customer of a message."""
        return self._messages.get(message)

    def add_asset(self, asset: Asset) -> str:
        identifier = secrets.token_urlsafe(27)
        self._assets.put(identifier, asset)
        return identifier

    def asset(self, identifier: str) -> Asset | None:
        return self._assets.get(identifier)
