"""Records of compacted topics whose content is encrypted, and how all of them get another key (P6).

A record is encrypted again by writing a copy of it, which names the offset that it copies. Somebody
else may write the same key at the same time: readers skip a copy that comes too late
(`RecordOffsets`), and whoever makes the copies writes the superseded record once more, so that
compaction keeps it (`plan_copies`).

Decides P6.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from tuyen_events.codec import KeyedBytes, UnreadableEventError
from tuyen_events.topic import Topic
from tuyen_platform.kafka.ports import ProducerRecord, Record, RecordPosition

_SEALED, _COPIES = "sealed", "copies"

_ContentT = TypeVar("_ContentT", bound=msgspec.Struct)


class SealedRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The value of a record: its encrypted content, and what is known of it without a key."""

    sealed: str
    copies: int | None = None
    """The offset of the record that this one is a copy of, encrypted with another key."""


class _Copy(msgspec.Struct, frozen=True):
    copies: int | None = None


def read_keys(keys: SecretStr) -> Sequence[Fernet]:
    """The installation's keys, the first of which encrypts while each decrypts: Fernet keys,
    separated by commas. Raises ValueError for an invalid key."""
    return [Fernet(key.strip()) for key in keys.get_secret_value().split(",")]


class Sealer:
    """Encrypts with the first of `keys`, and decrypts with each. Raises ValueError for an invalid
    key."""

    def __init__(self, keys: SecretStr) -> None:
        several = read_keys(keys)
        self._first, self._all = several[0], MultiFernet(several)

    def seal(self, content: msgspec.Struct) -> str:
        return self._all.encrypt(msgspec.json.encode(content)).decode()

    def open(self, sealed: str, kind: type[_ContentT]) -> _ContentT:
        """Raises UnreadableEventError, without the content."""
        try:
            content = self._all.decrypt(sealed)
        except InvalidToken:
            # Not `from` the cause: nothing that is raised here may hold what was encrypted.
            raise UnreadableEventError("it was encrypted with a key that is not here") from None
        try:
            return msgspec.json.decode(content, type=kind)
        except msgspec.MsgspecError:
            raise UnreadableEventError(f"the encrypted content is no {kind.__name__}") from None

    def renew(self, sealed: str) -> str | None:
        """The same, encrypted with the first key; None if it is already. Raises
        UnreadableEventError."""
        try:
            self._first.decrypt(sealed)
        except InvalidToken:
            try:
                return self._all.rotate(sealed).decode()
            except InvalidToken:
                raise UnreadableEventError("it was encrypted with a key that is not here") from None
        return None


class RecordOffsets:
    """By key, the offset of the newest record that was applied."""

    def __init__(self) -> None:
        self._offsets: dict[str, int] = {}

    def comes_too_late(self, record: KeyedBytes, position: RecordPosition) -> bool:
        """Whether a record is a copy of one that is no longer the newest of its key, and so must
        not be applied. If it is none, it is the newest from now on."""
        if record.value is None:
            self._offsets.pop(record.key, None)
            return False
        copies = _read_copies(record.value)
        if copies is not None and self._offsets.get(record.key, -1) > copies:
            return True
        self._offsets[record.key] = position.offset
        return False


class Copies(NamedTuple):
    """`records` are to be written, and then the topic is to be read again; `unreadable` are the
    keys of records that no key decrypts."""

    records: Sequence[ProducerRecord]
    unreadable: Sequence[str]


def plan_copies(topic: Topic, records: Iterable[Record], sealer: Sealer) -> Copies:
    """What to write so that everything in a topic is encrypted with the first key, given all of its
    records in log order. Nothing, once that is so, and no copy came too late."""
    by_key: dict[str, list[Record]] = {}
    for record in records:
        by_key.setdefault((record.key or b"").decode("utf-8", "replace"), []).append(record)
    planned: list[ProducerRecord] = []
    unreadable: list[str] = []
    for key, several in by_key.items():
        newest = _find_newest(several)
        try:
            value = _renew(newest, sealer)
        except UnreadableEventError:
            unreadable.append(key)
            continue
        if value is not None:
            planned.append(ProducerRecord(topic, key, value, newest.headers))
        elif newest is not several[-1]:
            planned.append(ProducerRecord(topic, key, _copy(newest), newest.headers))
    return Copies(planned, unreadable)


def _find_newest(records: Sequence[Record]) -> Record:
    """Of the records of one key, the one that counts."""
    newest = records[0]
    for record in records[1:]:
        copies = None if record.value is None else _read_copies(record.value)
        if copies is None or newest.offset <= copies:
            newest = record
    return newest


def _renew(record: Record, sealer: Sealer) -> bytes | None:
    sealed = _read(record).get(_SEALED)
    renewed = sealer.renew(sealed) if isinstance(sealed, str) else None
    return None if renewed is None else _copy(record, {_SEALED: renewed})


def _copy(record: Record, changed: Mapping[str, Any] | None = None) -> bytes | None:
    if record.value is None:
        return None
    return msgspec.json.encode({**_read(record), **(changed or {}), _COPIES: record.offset})


def _read_copies(value: bytes) -> int | None:
    try:
        return msgspec.json.decode(value, type=_Copy).copies
    except msgspec.MsgspecError:
        return None


def _read(record: Record) -> Mapping[str, Any]:
    try:
        read = msgspec.json.decode(record.value or b"{}")
    except msgspec.MsgspecError:
        return {}
    return read if isinstance(read, dict) else {}
