"""The credentials with which channels are called on behalf of pages: a separate compacted topic,
encrypted (P1, P6).

An account is a page at its channel, within the organization that has it (`name_account`), so that
credentials never outlive a page's move to another organization. Its records have one writer for
each kind, so that no service overwrites another's:

- `set/<account>`, by the gateway: what the page was connected with. Each has a new `stamp`.
- `refreshed/<account>`, by the outbound service: the token pair that took the place of the one of
  `set`, which it names by its stamp. It counts only as long as that is the latest.
- `problem/<account>`, by the outbound service: why the page cannot send, or soon will not. It ends
  with another `set` or `refreshed`, whichever of the two records comes first: two workers that
  both exchanged a token write in any order. The gateway also removes it when the page is given its
  credentials again.
- `subscription/<account>`, by the gateway: whether the channel sends the page's events to us.

Decides P6.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import TypeVar

import msgspec
from pydantic import SecretStr

from tuyen_events.codec import KeyedBytes, UnreadableEventError
from tuyen_events.ids import OrganizationId
from tuyen_events.topics import PAGE_CREDENTIALS
from tuyen_events.vocabulary import Channel, Moment
from tuyen_platform.encrypted_records import EncryptedRecord, RecordCipher
from tuyen_platform.kafka.ports import ProducerRecord, RecordPosition

_HEADERS = (("content-type", b"application/json"),)
_KINDS = ("set", "refreshed", "problem", "subscription")

_KeptT = TypeVar("_KeptT")
_StructT = TypeVar("_StructT", bound=msgspec.Struct)


def name_account(organization: OrganizationId, channel: Channel, external_id: str) -> str:
    """The account of a page, by its id at its channel."""
    return f"{organization}/{channel}/{external_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCredentials:
    """What an account's calls are made with. `repr` shows none of the tokens.

    `expires_at` is when the access token ends; None if nothing is known of an end. `stamp` is that
    of the `set` record that they are, or derive from.
    """

    access_token: SecretStr
    refresh_token: SecretStr | None = None
    expires_at: datetime | None = None
    stamp: str = field(default_factory=lambda: secrets.token_hex(8))


class PageProblem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a page cannot send, or gets no events: `code` is a word of ours, the texts are for
    people. One that does not stop the page is known before it does."""

    code: str
    vi: str
    en: str
    stops: bool = True


class PageSubscription(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whether the channel sends an account's events to us, as it was last asked. `stamp` is that of
    the credentials it was asked with; `problem` is why not."""

    stamp: str
    problem: PageProblem | None = None


class _Encrypted(EncryptedRecord, frozen=True, kw_only=True):
    stamp: str


class _Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`token` is a digest of the access token that has the problem. Records of earlier versions
    have none, and are about whatever credentials have the stamp."""

    stamp: str
    problem: PageProblem
    token: str | None = None


class _Content(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The encrypted content. It includes the key and the stamp of its record, so that a copy under
    another key is invalid."""

    key: str
    stamp: str
    access_token: str
    refresh_token: str | None = None
    expires_at: Moment | None = None


class PageCredentials:
    """The credentials of all pages, as far as the topic's records were passed to `fold`."""

    def __init__(self, keys: SecretStr) -> None:
        """`keys` are Fernet keys separated by commas: the first encrypts, each of them decrypts."""
        self._cipher = RecordCipher(keys)
        self._set: dict[str, AccountCredentials] = {}
        self._refreshed: dict[str, AccountCredentials] = {}
        self._problems: dict[str, _Problem] = {}
        self._subscriptions: dict[str, PageSubscription] = {}

    @property
    def accounts(self) -> Sequence[str]:
        """All accounts that have credentials."""
        return tuple(self._set)

    def credentials(self, account: str) -> AccountCredentials | None:
        """The present credentials: the latest that were set, or the pair that they were refreshed
        to. None for an account that has none."""
        found, refreshed = self._set.get(account), self._refreshed.get(account)
        if found is None or refreshed is None or refreshed.stamp != found.stamp:
            return found
        return refreshed

    def find_set_credentials(self, account: str) -> AccountCredentials | None:
        """What was set last, whether or not it was refreshed since."""
        return self._set.get(account)

    def problem(self, account: str) -> PageProblem | None:
        """Why the account cannot send, or will not be able to soon; None if nothing is known
        against its present credentials."""
        found, present = self._problems.get(account), self._set.get(account)
        if found is None or present is None or found.stamp != present.stamp:
            return None
        now = self.credentials(account) or present
        return found.problem if found.token in (None, _digest(now)) else None

    def subscription(self, account: str) -> PageSubscription | None:
        """Whether the account is subscribed; None if that was not found out with its present
        credentials yet."""
        found, present = self._subscriptions.get(account), self._set.get(account)
        if found is None or present is None or found.stamp != present.stamp:
            return None
        return found

    def set_record(self, account: str, credentials: AccountCredentials) -> ProducerRecord:
        """The record that gives the account other credentials, and with a new stamp ends what was
        known of those before."""
        return self._encrypt("set", account, credentials)

    def refreshed_record(self, account: str, credentials: AccountCredentials) -> ProducerRecord:
        """The record of a refreshed pair. `credentials.stamp` must be that of the credentials which
        it derives from."""
        return self._encrypt("refreshed", account, credentials)

    def fold(self, record: KeyedBytes, _position: RecordPosition) -> None:
        """Applies one record. Credentials that cannot be read are none, and those before them have
        ended. Raises UnreadableEventError, without the record's content."""
        kind, _, account = record.key.partition("/")
        match kind:
            case "set":
                _keep(self._set, account, record, self._open)
            case "refreshed":
                _keep(self._refreshed, account, record, self._open)
            case "problem":
                _keep(self._problems, account, record, _decode_problem)
            case "subscription":
                _keep(self._subscriptions, account, record, _decode_subscription)
            case _:
                raise UnreadableEventError(f"{kind!r} is no known kind of page credentials record")

    def _encrypt(self, kind: str, account: str, credentials: AccountCredentials) -> ProducerRecord:
        refresh_token = credentials.refresh_token
        content = _Content(
            key=f"{kind}/{account}",
            stamp=credentials.stamp,
            access_token=credentials.access_token.get_secret_value(),
            refresh_token=None if refresh_token is None else refresh_token.get_secret_value(),
            expires_at=credentials.expires_at,
        )
        encrypted = _Encrypted(encrypted=self._cipher.encrypt(content), stamp=credentials.stamp)
        return _record(kind, account, encrypted)

    def _open(self, key: str, value: bytes) -> AccountCredentials:
        kept = _decode(value, _Encrypted)
        content = self._cipher.decrypt(kept.encrypted, _Content)
        if (content.key, content.stamp) != (key, kept.stamp):
            raise UnreadableEventError("the credentials belong to another record")
        refresh_token = content.refresh_token
        return AccountCredentials(
            access_token=SecretStr(content.access_token),
            refresh_token=None if refresh_token is None else SecretStr(refresh_token),
            expires_at=content.expires_at,
            stamp=kept.stamp,
        )


def problem_record(
    account: str, credentials: AccountCredentials, problem: PageProblem | None
) -> ProducerRecord:
    """The record of why the account cannot send with these credentials; with None, that it can
    again."""
    if problem is None:
        return _record("problem", account, None)
    kept = _Problem(stamp=credentials.stamp, problem=problem, token=_digest(credentials))
    return _record("problem", account, kept)


def _digest(credentials: AccountCredentials) -> str:
    token = credentials.access_token.get_secret_value()
    return blake2b(token.encode(), digest_size=8).hexdigest()


def subscription_record(account: str, subscription: PageSubscription | None) -> ProducerRecord:
    """The record of what the channel said of the account's subscription; with None, that it ended
    with our will."""
    return _record("subscription", account, subscription)


def removal_records(account: str) -> Sequence[ProducerRecord]:
    """The records that remove the account's credentials, with all that is known of them."""
    return tuple(_record(kind, account, None) for kind in _KINDS)


def _record(kind: str, account: str, kept: msgspec.Struct | None) -> ProducerRecord:
    value = None if kept is None else msgspec.json.encode(kept)
    return ProducerRecord(PAGE_CREDENTIALS, f"{kind}/{account}", value, _HEADERS)


def _keep(
    kept: dict[str, _KeptT], account: str, record: KeyedBytes, read: Callable[[str, bytes], _KeptT]
) -> None:
    kept.pop(account, None)
    if record.value is not None:
        kept[account] = read(record.key, record.value)


def _decode_problem(_key: str, value: bytes) -> _Problem:
    return _decode(value, _Problem)


def _decode_subscription(_key: str, value: bytes) -> PageSubscription:
    return _decode(value, PageSubscription)


def _decode(value: bytes, kind: type[_StructT]) -> _StructT:
    try:
        return msgspec.json.decode(value, type=kind)
    except msgspec.MsgspecError as error:
        raise UnreadableEventError(f"not a page credentials record: {error}") from error
