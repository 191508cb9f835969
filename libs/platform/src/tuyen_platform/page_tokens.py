"""The tokens with which pages sign their webhooks: a separate compacted topic, encrypted (P6).

There are two kinds of records, each with one writer, so that no service overwrites another's: the
gateway writes `token/<account>`, ingest writes `used/<account>`. An account is the page's id at its
channel.
"""

import secrets
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import msgspec
from pydantic import SecretStr

from tuyen_events.codec import KeyedBytes, UnreadableEventError
from tuyen_events.topics import PAGE_TOKENS
from tuyen_platform.encrypted_records import EncryptedRecord, RecordCipher
from tuyen_platform.kafka.ports import ProducerRecord, RecordPosition

_HEADERS = (("content-type", b"application/json"),)
_TOKEN, _USED = "token", "used"

_KeptT = TypeVar("_KeptT", bound=msgspec.Struct)


class _Encrypted(EncryptedRecord, frozen=True, kw_only=True):
    """`stamp` is random and new for each token, so that the use of one token is not taken for that
    of another."""

    stamp: str


class _Used(msgspec.Struct, frozen=True, kw_only=True):
    stamp: str


class _Content(msgspec.Struct, frozen=True, kw_only=True):
    """The encrypted content. It includes the account, so a token that is copied to another
    account's key is invalid."""

    account: str
    token: str


class _Open(NamedTuple):
    token: str
    stamp: str


class PageTokens:
    """The tokens of all pages, as far as the topic's records were passed to `fold`."""

    def __init__(self, keys: SecretStr) -> None:
        """`keys` are Fernet keys separated by commas: the first encrypts, each of them decrypts."""
        self._cipher = RecordCipher(keys)
        self._tokens: dict[str, _Open] = {}
        self._used: dict[str, str] = {}

    def token(self, account: str) -> str | None:
        """What the page signs with; None for an account that has no token."""
        found = self._tokens.get(account)
        return None if found is None else found.token

    def stamp(self, account: str) -> str | None:
        """What is another one for each token of the account; None if it has no token."""
        found = self._tokens.get(account)
        return None if found is None else found.stamp

    def is_used(self, account: str) -> bool:
        """Whether a call was signed with the present token."""
        found = self._tokens.get(account)
        return found is not None and self._used.get(account) == found.stamp

    def record(self, account: str, token: str) -> ProducerRecord:
        """The record that makes `token` the account's, replacing the one before."""
        encrypted = self._cipher.encrypt(_Content(account=account, token=token))
        return _record(_TOKEN, account, _Encrypted(encrypted=encrypted, stamp=secrets.token_hex(8)))

    def removal(self, account: str) -> Sequence[ProducerRecord]:
        """The records that remove the account's token."""
        return (_record(_TOKEN, account, None), _record(_USED, account, None))

    def first_use(self, account: str) -> Sequence[ProducerRecord]:
        """The records to write when a call that is signed with the present token arrives; none once
        they were applied."""
        found = self._tokens.get(account)
        if found is None or self._used.get(account) == found.stamp:
            return ()
        return (_record(_USED, account, _Used(stamp=found.stamp)),)

    def fold(self, record: KeyedBytes, _position: RecordPosition) -> None:
        """Applies one record. A token that cannot be read is no token, and the one before it has
        ended. Raises UnreadableEventError, without the record's content."""
        kind, _, account = record.key.partition("/")
        if kind == _TOKEN:
            self._fold_token(account, record)
        elif kind == _USED:
            self._used.pop(account, None)
            if record.value is not None:
                self._used[account] = _decode(record.value, _Used).stamp
        else:
            raise UnreadableEventError(f"{kind!r} is no known kind of page token record")

    def _fold_token(self, account: str, record: KeyedBytes) -> None:
        self._tokens.pop(account, None)
        if record.value is not None:
            self._tokens[account] = self._open(account, record.value)

    def _open(self, account: str, value: bytes) -> _Open:
        kept = _decode(value, _Encrypted)
        content = self._cipher.decrypt(kept.encrypted, _Content)
        if content.account != account:
            raise UnreadableEventError("the token belongs to another account")
        return _Open(content.token, kept.stamp)


def _record(kind: str, account: str, kept: msgspec.Struct | None) -> ProducerRecord:
    value = None if kept is None else msgspec.json.encode(kept)
    return ProducerRecord(PAGE_TOKENS, f"{kind}/{account}", value, _HEADERS)


def _decode(value: bytes, kind: type[_KeptT]) -> _KeptT:
    try:
        return msgspec.json.decode(value, type=kind)
    except msgspec.MsgspecError as error:
        raise UnreadableEventError(f"not a page token record: {error}") from error
