"""The decider's state, in the compacted topic `crm-state`.

There is one record for each contact, partitioned by organization, with everything that the next
decision about the contact depends on. So a start reads as many records as there are contacts, and
not all of their events (R9.6).
"""

from collections.abc import Collection, Mapping, Set
from typing import Self

import msgspec
import structlog

from tuyen_crm.consuming import read, reject_or_raise
from tuyen_crm.domain.state import ContactState
from tuyen_crm.entities import evolve
from tuyen_events.crm.records import ContactEvent, CrmCommand
from tuyen_events.topics import CONTACTS, CRM_STATE
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.ports import Log, LogUnavailableError, ProducerRecord, Record

_REMEMBERED = 8
"""How many commands of one contact are remembered with their results: for the same id again, the
result is sent again."""

_IMPORTED = "imported"
"""The key of a record which marks that a partition of the state contains the contacts of earlier
versions, which had no state. The keys of contacts contain a slash."""

_AT_ONCE = 5_000
"""How many records are written at once."""

_log = structlog.get_logger()


class StoredContact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The state of a contact.

    `home` is the partition of its events in `contacts`. `handled` is the offset of the last command
    that was carried out. `results` has, by command id, the versions that the last commands resulted
    in, oldest first.
    """

    state: ContactState
    home: int
    handled: int = -1
    results: dict[str, int] = {}

    def after(self, state: ContactState, command: CrmCommand, offset: int, version: int) -> Self:
        """The state after a command that was carried out."""
        results = self.results
        if command.answered:
            results = {**results, command.command_id: version}
            results = dict(list(results.items())[-_REMEMBERED:])
        return msgspec.structs.replace(self, state=state, handled=offset, results=results)

    def newer_than(self, other: "StoredContact") -> bool:
        """Whether this record of a contact is newer than another one, whatever their offsets."""
        own, others = self.state.sequence, other.state.sequence
        return (own, self.handled) > (others, other.handled)


Contacts = dict[str, StoredContact]
"""By `key_of`."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(StoredContact).decode


def key_of(about: CrmCommand | ContactEvent) -> str:
    return f"{about.organization}/{about.contact_id}"


class ContactStates:
    """The state of the partitions that this worker owns, and is the only one to write.

    A worker that lost its partitions while it was paused may still write, and compaction would keep
    its record, as the last one of its key. So the offset of every record is compared with the
    expected one. A worker that finds records of another one reads the topic again, takes the newer
    record of each contact, and writes it again if it is not the last one.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._contacts: dict[int, Contacts] = {}
        self._ends: dict[int, int] = {}
        """By partition, the offset that the next record must get."""

    def of(self, partition: int) -> Contacts:
        """The contacts of a partition. Use `save` to change them."""
        return self._contacts[partition]

    async def recover(self, partitions: Collection[int]) -> None:
        """Reads the state of `partitions`, which replaces the previous state."""
        found: dict[int, Contacts] = {partition: {} for partition in partitions}
        last: dict[int, Contacts] = {partition: {} for partition in partitions}
        imported: set[int] = set()
        ends = dict(await self._log.end_offsets(CRM_STATE))
        async with self._log.tail(CRM_STATE) as tail:
            async for batch in tail.batches():
                for (_, partition), records in batch.items():
                    ends[partition] = max(ends[partition], records[-1].offset + 1)
                    for record in records if partition in found else ():
                        if record.key == _IMPORTED.encode():
                            imported.add(partition)
                        else:
                            await self._take(record, found[partition], last[partition])
                if tail.caught_up:
                    break
        self._contacts, self._ends = found, ends
        await self.save(
            {partition: _overwritten(found[partition], last[partition]) for partition in found}
        )
        await self._import(found.keys() - imported)
        _log.info("crm_recovered", partitions=len(found), contacts=sum(map(len, found.values())))

    async def save(self, changed: Mapping[int, Contacts]) -> None:
        """Returns once the new state of these contacts is acknowledged. Raises LogUnavailableError
        if another worker wrote to the same partitions."""
        await self._write(
            [
                ProducerRecord(CRM_STATE, key, _encode(contact), (), partition)
                for partition, contacts in changed.items()
                for key, contact in contacts.items()
            ]
        )
        for partition, contacts in changed.items():
            self._contacts[partition].update(contacts)

    async def require_only_writer(self, partitions: Set[int]) -> None:
        """Raises LogUnavailableError if another worker has written to one of `partitions` since
        this worker recovered it and last wrote to it."""
        ends = await self._log.end_offsets(CRM_STATE)
        recovered = self._contacts.keys() & partitions
        if any(ends[partition] != self._ends[partition] for partition in recovered):
            raise LogUnavailableError("another worker wrote to the state: it is read again")

    async def _write(self, records: list[ProducerRecord]) -> None:
        for start in range(0, len(records), _AT_ONCE):
            alone = True
            for at in await self._log.append_all(records[start : start + _AT_ONCE]):
                alone &= at.offset == self._ends[at.partition]
                self._ends[at.partition] = at.offset + 1
            if not alone:
                raise LogUnavailableError("another worker wrote to the state: it is read again")

    async def _take(self, record: Record, found: Contacts, last: Contacts) -> None:
        try:
            key, contact = (record.key or b"").decode(), _decode(record.value or b"")
        except Exception as error:  # one record must not stop the others
            return await reject_or_raise(self._log, record, error)
        last[key] = contact
        if key not in found or contact.newer_than(found[key]):
            found[key] = contact

    async def _import(self, partitions: Collection[int]) -> None:
        """Adds the contacts of earlier versions, which had no state, once."""
        if not partitions:
            return
        older: dict[int, Contacts] = {partition: {} for partition in partitions}
        async with self._log.tail(CONTACTS) as tail:
            async for batch in tail.batches():
                for records in batch.values():
                    for record in records:
                        await self._take_older(record, older)
                if tail.caught_up:
                    break
        await self.save(older)
        await self._write([ProducerRecord(CRM_STATE, _IMPORTED, b"{}", (), p) for p in partitions])

    async def _take_older(self, record: Record, older: Mapping[int, Contacts]) -> None:
        try:
            envelope = await read(self._log, record)
            event = None if envelope is None else envelope.data
            if not isinstance(event, ContactEvent):
                return
            contacts = older.get(partition_of(event.organization, CRM_STATE.partitions))
            if contacts is None:
                return
            known = contacts.get(key_of(event))
            state = evolve(None if known is None else known.state, event)
            if state is not None:
                contacts[key_of(event)] = StoredContact(state=state, home=record.partition)
        except Exception as error:  # one record must not stop the others
            await reject_or_raise(self._log, record, error)


def _overwritten(found: Contacts, last: Contacts) -> Contacts:
    """The contacts whose newest record is not their last one."""
    return {key: contact for key, contact in found.items() if contact.newer_than(last[key])}
