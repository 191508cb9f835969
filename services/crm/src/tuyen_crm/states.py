"""The decider's state, in the compacted topic `crm-state`.

There is one record for each contact, partitioned by organization, with everything that the next
decision about the contact depends on. So a start reads as many records as there are contacts, and
not all of their events (R9.6).
"""

from collections.abc import Callable, Collection, Mapping, Set
from typing import Self

import msgspec
import structlog

from tuyen_crm.domain.state import ContactState
from tuyen_crm.entities import evolve
from tuyen_crm.identity import SERVICE
from tuyen_events.codec import decode
from tuyen_events.crm.records import ContactEvent, CrmCommand
from tuyen_events.topics import CONTACTS, CRM_STATE
from tuyen_platform.dead_letters import reject_or_raise
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.ports import FetchedRecords, Log, ProducerRecord, Record
from tuyen_platform.kafka.sole_writer import SoleWriter, read_to_end

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
    """The state of the partitions that this worker owns, and is the only one to write
    (`SoleWriter`).

    When it recovers, it takes the newest record of each contact, and writes it again if it is not
    the last one.
    """

    def __init__(self, log: Log, working: Callable[[], None]) -> None:
        """`working` is called for each part of a recovery, which may take minutes."""
        self._log = log
        self._working = working
        self._contacts: dict[int, Contacts] = {}
        self._writer = SoleWriter(log, CRM_STATE)

    def of(self, partition: int) -> Contacts:
        """The contacts of a partition. Use `save` to change them."""
        return self._contacts[partition]

    async def recover(self, partitions: Collection[int]) -> None:
        """Reads the state of `partitions`, which replaces the previous state."""
        found: dict[int, Contacts] = {partition: {} for partition in partitions}
        last: dict[int, Contacts] = {partition: {} for partition in partitions}
        imported: set[int] = set()

        async def take(batch: FetchedRecords) -> None:
            for (_, partition), records in batch.items():
                for record in records if partition in found else ():
                    if record.key == _IMPORTED.encode():
                        imported.add(partition)
                    else:
                        await self._take(record, found[partition], last[partition])
            self._working()

        await self._writer.recover(take)
        self._contacts = found
        await self.save(
            {partition: _find_overwritten(found[partition], last[partition]) for partition in found}
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
        await self._writer.check_ends(self._contacts.keys() & partitions)

    async def _write(self, records: list[ProducerRecord]) -> None:
        for start in range(0, len(records), _AT_ONCE):
            self._writer.check(await self._log.append_all(records[start : start + _AT_ONCE]))
            self._working()

    async def _take(self, record: Record, found: Contacts, last: Contacts) -> None:
        try:
            key, contact = (record.key or b"").decode(), _decode(record.value or b"")
        except Exception as error:  # one record must not stop the others
            return await reject_or_raise(self._log, record, SERVICE, error)
        last[key] = contact
        if key not in found or contact.newer_than(found[key]):
            found[key] = contact

    async def _import(self, partitions: Collection[int]) -> None:
        """Adds the contacts of earlier versions, which had no state, once."""
        if not partitions:
            return
        older: dict[int, Contacts] = {partition: {} for partition in partitions}

        async def take(batch: FetchedRecords) -> None:
            for records in batch.values():
                for record in records:
                    await self._take_older(record, older)
            self._working()

        await read_to_end(self._log, CONTACTS, take)
        await self.save(older)
        await self._write([ProducerRecord(CRM_STATE, _IMPORTED, b"{}", (), p) for p in partitions])

    async def _take_older(self, record: Record, older: Mapping[int, Contacts]) -> None:
        try:
            event = None if record.value is None else decode(record.headers, record.value).data
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
            await reject_or_raise(self._log, record, SERVICE, error)


def _find_overwritten(found: Contacts, last: Contacts) -> Contacts:
    """The contacts whose newest record is not their last one."""
    return {key: contact for key, contact in found.items() if contact.newer_than(last[key])}
