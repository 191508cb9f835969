"""The decider's state, in the compacted topic `crm-state`.

There is one record for each contact, for each child, and for each entity of the setup, partitioned
by organization, with everything that the next decision depends on. So a start reads as many records
as there are things, and not all of their events (R9.6).

What a command changes must be stored as a whole, or not at all. So the records of each `save` are
preceded by one that contains all of them (`reached`), together with the offset of the last command
that they include. A crash between two records leaves that one, from which a recovery completes the
others.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Set
from dataclasses import dataclass

import msgspec
import structlog

from tuyen_crm.contact_index import ContactIndex, IndexChanges, apply_index_changes
from tuyen_crm.identity import SERVICE
from tuyen_crm.organization_state import StoredContact, UnitOfWork, contact_key, index_keys
from tuyen_crm.ports import StateBefore
from tuyen_crm.sweeping import Sweep
from tuyen_events.codec import decode
from tuyen_events.crm.records import ContactEvent
from tuyen_events.ids import ContactId, OrganizationId
from tuyen_events.topics import CONTACTS, CRM_STATE
from tuyen_platform.dead_letters import reject_or_raise
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.ports import FetchedRecords, Log, ProducerRecord, Record
from tuyen_platform.kafka.sole_writer import SoleWriter, read_to_end

_IMPORTED = "imported.2"
"""The key of a record which marks that a partition of the state contains the contacts and notes of
earlier versions, which had no state. All other keys but `_REACHED` contain a slash."""

_REACHED = "reached"

_HANDLED = "handled"
"""The header that contains the offset of the command which made a record. Of two records with one
key the one with the higher offset is newer, in whatever order they are in the log."""

_AT_ONCE = 5_000
"""How many records are written, or contacts indexed, at once."""

_SWEPT_AT_ONCE = 2_000
"""How many children of a partition one sweep looks at: it takes some 20 ms."""

_log = structlog.get_logger()


_NONE = msgspec.Raw(b"null")


class StateChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The new value of a key: none, if it does not exist any more."""

    key: str
    handled: int
    value: msgspec.Raw = _NONE

    @property
    def encoded(self) -> bytes | None:
        return None if self.value == _NONE else bytes(self.value)


class StateCheckpoint(msgspec.Struct, frozen=True, kw_only=True):
    """All commands up to the offset `handled` are in the state, and these are the last changes."""

    handled: int
    changes: tuple[StateChange, ...] = ()


class _EarlierState(msgspec.Struct, frozen=True):
    sequence: int


class _EarlierContact(msgspec.Struct, frozen=True):
    """The state of a contact, as every version can read it."""

    state: _EarlierState
    handled: int = -1
    results: dict[str, int] = msgspec.field(default_factory=dict)


_Earlier = Mapping[str, _EarlierContact]


class StateChanges:
    """What some commands in a row changed in one partition: for each key its last value."""

    def __init__(self) -> None:
        self.handled = -1
        self.by_key: dict[str, StateChange] = {}
        self.index_changes: IndexChanges = {}
        self.size = 0

    def add(self, offset: int, work: UnitOfWork) -> None:
        """Notes that the command with this offset was handled, and what it changed."""
        self.handled = offset
        for key, changed in work.index_changes.items():
            self.index_changes.setdefault(key, {}).update(changed)
        for key, value in work.changes.items():
            replaced = self.by_key.get(key)
            self.size += len(value or b"")
            self.size += len(key) if replaced is None else -len(replaced.encoded or b"")
            self.by_key[key] = StateChange(key=key, handled=offset, value=_raw(value))

    def complete(self, earlier: _Earlier) -> None:
        """Adds what the state of earlier versions has of the commands that were handled."""
        for key in earlier.keys() & self.by_key.keys():
            known, made = earlier[key], _decode_contact(self.by_key[key].value)
            stored = msgspec.structs.replace(made, handled=known.handled, results=known.results)
            value = _raw(_encode(stored))
            self.by_key[key] = StateChange(key=key, handled=known.handled, value=value)


_encode = msgspec.json.Encoder().encode
_decode_contact = msgspec.json.Decoder(StoredContact).decode
_decode_earlier = msgspec.json.Decoder(_EarlierContact).decode
_decode_checkpoint = msgspec.json.Decoder(StateCheckpoint).decode


class OrganizationStates:
    """The state of the partitions that this worker owns, and is the only one to write
    (`SoleWriter`).

    When it recovers, it takes the newest record of each key, and writes it again if it is not the
    last one.
    """

    def __init__(self, log: Log, working: Callable[[], None]) -> None:
        """`working` is called for each part of a recovery, which may take minutes."""
        self._log = log
        self._working = working
        self._values: dict[int, dict[str, bytes]] = {}
        self._indexes: dict[int, ContactIndex] = {}
        self._handled_offsets: dict[int, int] = {}
        self._sweeps: dict[int, Sweep] = {}
        self._writer = SoleWriter(log, CRM_STATE)

    def find(self, partition: int, key: str) -> bytes | None:
        """The value of a key. Use `save` to change it."""
        return self._values[partition].get(key)

    def look_up(self, partition: int, key: str) -> Set[ContactId]:
        """The contacts with an index key."""
        return self._indexes[partition].look_up(key)

    def count(self, partition: int, key: str, changed: Mapping[ContactId, bool]) -> int:
        """How many contacts have an index key after these changes."""
        return self._indexes[partition].count(key, changed)

    def find_handled_offset(self, partition: int) -> int:
        """The offset of the last command that is in the state; -1 if there is none."""
        return self._handled_offsets[partition]

    async def recover(self, partitions: Collection[int]) -> None:
        """Reads the state of `partitions`, which replaces the previous state."""
        read = {partition: _Recovery() for partition in partitions}

        async def take(batch: FetchedRecords) -> None:
            for (_, partition), records in batch.items():
                for record in records if partition in read else ():
                    try:
                        read[partition].take(record)
                    except Exception as error:  # one record must not stop the others
                        await reject_or_raise(self._log, record, SERVICE, error)
            self._working()

        await self._writer.recover(take)
        again = [change for each in read.items() for change in each[1].repair(each[0])]
        self._values = {partition: each.values() for partition, each in read.items()}
        self._sweeps = {}
        self._handled_offsets = {
            partition: each.checkpoint.handled for partition, each in read.items()
        }
        await self._write(again)
        await self._import({p for p, each in read.items() if not each.imported})
        self._indexes = {partition: await self._index(partition) for partition in read}
        known = sum(map(len, self._values.values()))
        _log.info("crm_recovered", partitions=len(read), values=known)

    async def save(self, changed: Mapping[int, StateChanges]) -> None:
        """Returns once the new state is acknowledged. Raises LogUnavailableError if another worker
        wrote to the same partitions."""
        records = []
        for partition, changes in changed.items():
            checkpoint = StateCheckpoint(
                handled=changes.handled, changes=tuple(changes.by_key.values())
            )
            records.append(ProducerRecord(CRM_STATE, _REACHED, _encode(checkpoint), (), partition))
            records += [_record(change, partition) for change in changes.by_key.values()]
        await self._write(records)
        for partition, changes in changed.items():
            self._handled_offsets[partition] = changes.handled
            self._indexes[partition].change(changes.index_changes)
            for key, change in changes.by_key.items():
                if change.encoded is None:
                    self._values[partition].pop(key, None)
                else:
                    self._values[partition][key] = change.encoded

    async def require_only_writer(self, partitions: Set[int]) -> None:
        """Raises LogUnavailableError if another worker has written to one of `partitions` since
        this worker recovered it and last wrote to it."""
        await self._writer.check_ends(self._values.keys() & partitions)

    async def sweep(self, partitions: Set[int]) -> None:
        """Forgets what is left of children whose contacts were removed, of some children of each of
        `partitions`. Raises LogUnavailableError as `save` does."""
        left = {
            partition: self._sweeps.setdefault(partition, Sweep()).find_left(
                self._values[partition], _SWEPT_AT_ONCE
            )
            for partition in self._values.keys() & partitions
        }
        await self._write(
            [
                _record(StateChange(key=key, handled=self._handled_offsets[partition]), partition)
                for partition, keys in left.items()
                for key in keys
            ]
        )
        for partition, keys in left.items():
            for key in keys:
                del self._values[partition][key]

    async def _index(self, partition: int) -> ContactIndex:
        """A million contacts take seconds, in which Kafka must still hear from this worker."""
        index = ContactIndex()
        for place, (key, value) in enumerate(self._values[partition].items()):
            if place % _AT_ONCE == 0:
                self._working()
                await asyncio.sleep(0)
            if _is_contact(key):
                organization, contact_id = key.split("/")
                contact = _decode_contact(value).state
                for each in index_keys(OrganizationId(organization), contact):
                    index.add(each, ContactId(contact_id))
        return index

    async def _write(self, records: list[ProducerRecord]) -> None:
        for start in range(0, len(records), _AT_ONCE):
            self._writer.check(await self._log.append_all(records[start : start + _AT_ONCE]))
            self._working()

    async def _import(self, partitions: Collection[int]) -> None:
        """Makes the state again from the events of earlier versions, once: their state, if they had
        any, does not contain all that decisions depend on today."""
        if not partitions:
            return
        earlier = {partition: _read_earlier(self._values[partition]) for partition in partitions}
        made = {partition: StateChanges() for partition in partitions}
        self._values |= {partition: {} for partition in partitions}

        async def take(batch: FetchedRecords) -> None:
            for records in batch.values():
                for record in records:
                    await self._take_older(record, earlier, made)
            self._working()

        await read_to_end(self._log, CONTACTS, take)
        for partition, changes in made.items():
            changes.complete(earlier[partition])
            found = {key: each.encoded for key, each in changes.by_key.items()}
            self._values[partition] = {key: value for key, value in found.items() if value}
        await self._write(
            [
                _record(change, partition)
                for partition, changes in made.items()
                for change in changes.by_key.values()
            ]
        )
        await self._write([ProducerRecord(CRM_STATE, _IMPORTED, b"{}", (), p) for p in partitions])

    async def _take_older(
        self, record: Record, earlier: Mapping[int, _Earlier], made: Mapping[int, StateChanges]
    ) -> None:
        try:
            event = None if record.value is None else decode(record.headers, record.value).data
            if not isinstance(event, ContactEvent):
                return
            partition = partition_of(event.organization, CRM_STATE.partitions)
            if partition not in made:
                return
            known = earlier[partition].get(contact_key(event.organization, event.contact_id))
            if known is not None and event.sequence > known.state.sequence:
                return  # the command is decided again
            changes = made[partition]
            work = UnitOfWork(event.organization, StateSoFar(self, partition, changes), -1)
            work.apply(event, record.partition)
            changes.add(-1, work)
        except Exception as error:  # one record must not stop the others
            await reject_or_raise(self._log, record, SERVICE, error)


@dataclass(frozen=True)
class StateSoFar(StateBefore):
    """The state of a partition, with changes that are not saved yet."""

    states: OrganizationStates
    partition: int
    changes: StateChanges

    def value(self, key: str) -> bytes | None:
        change = self.changes.by_key.get(key)
        return self.states.find(self.partition, key) if change is None else change.encoded

    def look_up(self, key: str) -> Iterable[ContactId]:
        saved = self.states.look_up(self.partition, key)
        return apply_index_changes(saved, self.changes.index_changes.get(key, {}))

    def count(self, key: str, changed: Mapping[ContactId, bool]) -> int:
        made = self.changes.index_changes.get(key, {})
        return self.states.count(self.partition, key, {**made, **changed})


class _Recovery:
    """What was found of one partition."""

    def __init__(self) -> None:
        self.imported = False
        self.checkpoint = StateCheckpoint(handled=-1)
        self._last_handled = -1
        self._found: dict[str, tuple[int, bytes | None]] = {}
        self._last: dict[str, int] = {}

    def take(self, record: Record) -> None:
        key = (record.key or b"").decode()
        if "/" not in key and key != _REACHED:
            self.imported |= key == _IMPORTED
        elif key == _REACHED:
            checkpoint = _decode_checkpoint(record.value or b"")
            self._last_handled = checkpoint.handled
            self.checkpoint = max(self.checkpoint, checkpoint, key=lambda each: each.handled)
        else:
            handled = _handled(record)
            self._last[key] = handled
            self._take(key, handled, record.value)

    def _take(self, key: str, handled: int, value: bytes | None) -> None:
        if key not in self._found or handled >= self._found[key][0]:
            self._found[key] = handled, value

    def repair(self, partition: int) -> list[ProducerRecord]:
        """The records that must be written: those of the last `save` that are missing, and those
        that a late writer has overwritten."""
        for change in self.checkpoint.changes:
            self._take(change.key, change.handled, change.encoded)
        again = [
            _record(StateChange(key=key, handled=handled, value=_raw(value)), partition)
            for key, (handled, value) in self._found.items()
            if handled > self._last.get(key, -2)
        ]
        if self._last_handled < self.checkpoint.handled:
            checkpoint = _encode(self.checkpoint)
            again.insert(0, ProducerRecord(CRM_STATE, _REACHED, checkpoint, (), partition))
        return again

    def values(self) -> dict[str, bytes]:
        return {key: value for key, (_, value) in self._found.items() if value is not None}


def _handled(record: Record) -> int:
    for name, value in record.headers:
        if name == _HANDLED:
            return int(value)
    return _decode_earlier(record.value or b"").handled


def _is_contact(key: str) -> bool:
    return key.count("/") == 1


def _read_earlier(values: Mapping[str, bytes]) -> _Earlier:
    return {key: _decode_earlier(value) for key, value in values.items() if _is_contact(key)}


def _raw(value: bytes | None) -> msgspec.Raw:
    return _NONE if value is None else msgspec.Raw(value)


def _record(change: StateChange, partition: int) -> ProducerRecord:
    headers = ((_HANDLED, str(change.handled).encode()),)
    return ProducerRecord(CRM_STATE, change.key, change.encoded, headers, partition)
