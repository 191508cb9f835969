"""Records of compacted topics whose content is encrypted, and how all of them get another key.

A record is encrypted again by writing a copy of it, under the same key. Somebody else may write
that key at the same time: a copy is in the log only if nobody did (decision 34).

Decides P6.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from tuyen_events.codec import UnreadableEventError
from tuyen_events.topic import Topic
from tuyen_platform.kafka.ports import ProducerRecord, Record

_ENCRYPTED = "sealed"

_ContentT = TypeVar("_ContentT", bound=msgspec.Struct)


class EncryptedRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The value of a record: its encrypted content, and what is known of it without a key."""

    encrypted: str = msgspec.field(name="sealed")


def read_keys(keys: SecretStr) -> Sequence[Fernet]:
    """The installation's keys, the first of which encrypts while each decrypts: Fernet keys,
    separated by commas. Raises ValueError for an invalid key."""
    return [Fernet(key.strip()) for key in keys.get_secret_value().split(",")]


class RecordCipher:
    """Encrypts with the first of `keys`, and decrypts with each. Raises ValueError for an invalid
    key."""

    def __init__(self, keys: SecretStr) -> None:
        several = read_keys(keys)
        self._first, self._all = several[0], MultiFernet(several)

    def encrypt(self, content: msgspec.Struct) -> str:
        return self._all.encrypt(msgspec.json.encode(content)).decode()

    def decrypt(self, encrypted: str, kind: type[_ContentT]) -> _ContentT:
        """Raises UnreadableEventError, without the content."""
        try:
            content = self._all.decrypt(encrypted)
        except InvalidToken:
            # Not `from` the cause: nothing that is raised here may hold what was encrypted.
            raise UnreadableEventError("it was encrypted with a key that is not here") from None
        try:
            return msgspec.json.decode(content, type=kind)
        except msgspec.MsgspecError:
            raise UnreadableEventError(f"the encrypted content is no {kind.__name__}") from None

    def renew(self, encrypted: str) -> str | None:
        """The same, encrypted with the first key; None if it is already. Raises
        UnreadableEventError."""
        try:
            self._first.decrypt(encrypted)
        except InvalidToken:
            try:
                return self._all.rotate(encrypted).decode()
            except InvalidToken:
                raise UnreadableEventError("it was encrypted with a key that is not here") from None
        return None


class Reencryption(NamedTuple):
    """`records` are to take the place of those that they are copies of; `unreadable` are the keys
    of records that no key decrypts."""

    records: Sequence[ProducerRecord]
    unreadable: Sequence[str]


def plan_reencryption(
    topic: Topic, records: Iterable[Record], cipher: RecordCipher
) -> Reencryption:
    """What to write so that everything in a topic is encrypted with the first key, given all of its
    records in log order. Nothing, once that is so. A copy may only be written if its key was not
    written meanwhile (`Log.append_if`)."""
    newest = {record.key or b"": record for record in records}
    planned: list[ProducerRecord] = []
    unreadable: list[str] = []
    for key, record in newest.items():
        try:
            value = _renew(record, cipher)
        except UnreadableEventError:
            unreadable.append(key.decode("utf-8", "replace"))
            continue
        if value is not None:
            copy = ProducerRecord(topic, key.decode(), value, record.headers, record.partition)
            planned.append(copy)
    return Reencryption(planned, unreadable)


def _renew(record: Record, cipher: RecordCipher) -> bytes | None:
    content = _read(record)
    encrypted = content.get(_ENCRYPTED)
    renewed = cipher.renew(encrypted) if isinstance(encrypted, str) else None
    return None if renewed is None else msgspec.json.encode({**content, _ENCRYPTED: renewed})


def _read(record: Record) -> Mapping[str, Any]:
    try:
        read = msgspec.json.decode(record.value or b"{}")
    except msgspec.MsgspecError:
        return {}
    return read if isinstance(read, dict) else {}
