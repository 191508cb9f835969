"""Turns inbound events into contacts: each customer's first event creates one, once (C1)."""

import asyncio
from collections.abc import Sequence

import structlog

from tuyen_crm.domain.contacts import ContactKnowledge, customer_of, decide, known_after
from tuyen_events.codec import Headers, UnknownTypeError, UnreadableEventError, decode, encode
from tuyen_events.contacts import ContactCreated, ContactNamed
from tuyen_events.event import Envelope
from tuyen_events.ids import ContactId, caused_event_id, contact_id
from tuyen_events.inbound import InboundEvent
from tuyen_events.topics import CONTACTS, INBOUND
from tuyen_platform.blame import is_the_records
from tuyen_platform.dead_letters import put_aside, send_to_dead_letters, skip
from tuyen_platform.kafka.ports import (
    FetchedRecords,
    Log,
    LogUnavailableError,
    Offsets,
    Record,
)
from tuyen_platform.kafka.sizes import refuse_too_large
from tuyen_platform.pacer import Pacer
from tuyen_platform.projection import ProjectionStatus

SERVICE = "crm"
SOURCE = "tuyen/crm"
GROUP = "crm"
APART_S = 0.25
"""The pause between batches while there is always something new."""

_RETRY_S = 1.0

_Encoded = tuple[str, bytes, Headers]
"""A record's key, value and headers."""

_log = structlog.get_logger()


class KnownContacts:
    """Which contacts of a partition exist, and which of them have a name: 12 bytes of each id."""

    def __init__(self) -> None:
        self._made: set[bytes] = set()
        self._nameless: set[bytes] = set()

    def of(self, contact: ContactId) -> ContactKnowledge:
        digest = _digest(contact)
        if digest not in self._made:
            return ContactKnowledge.ABSENT
        return ContactKnowledge.NAMELESS if digest in self._nameless else ContactKnowledge.NAMED

    def note(self, event: ContactCreated | ContactNamed) -> None:
        """Notes what was written. A contact that has a name keeps it."""
        digest = _digest(event.contact_id)
        if known_after(event) is ContactKnowledge.NAMED:
            self._nameless.discard(digest)
        elif digest not in self._made:
            self._nameless.add(digest)
        self._made.add(digest)


class ContactWorker:
    """Owns some partitions of the inbound events, and with them the same partitions of contacts.

    A contact's records are in the partition of its customer's events, so the next owner of a
    partition recovers from the contacts what was created there. Offsets are committed after the
    records that follow from them are acknowledged; an event that is handled again makes the same
    events with the same ids. An event that cannot be handled, for a reason of its own, goes to the
    dead letters, and the next one is handled (R9.5).
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._known: dict[int, KnownContacts] = {}
        self.status = ProjectionStatus()

    async def run(self) -> None:
        """Works until cancelled; while Kafka is unavailable it waits and then recovers."""
        while True:
            try:
                await self._follow()
            except LogUnavailableError as error:
                self.status.waiting(str(error))
                _log.warning("crm_waits", error=str(error), wait_s=_RETRY_S)
                await asyncio.sleep(_RETRY_S)

    async def _follow(self) -> None:
        async with self._log.subscribe(INBOUND, group=GROUP, starts=self._recover) as subscription:
            cadence = Pacer(APART_S)
            await cadence.turn()
            async for batch in subscription.batches():
                if batch:
                    await self._handle(batch)
                    await subscription.commit()
                self.status.turned()
                await cadence.turn()

    async def _recover(self, committed: Offsets) -> Offsets:
        """Reads which contacts of this worker's partitions exist; the events are read from their
        committed offsets."""
        known = {partition: KnownContacts() for _, partition in committed}
        async with self._log.tail(CONTACTS) as tail:
            async for batch in tail.batches():
                for (_, partition), records in batch.items():
                    if partition in known:
                        await self._remember(known[partition], records)
                self.status.waiting("the contacts that exist")
                if tail.caught_up:
                    break
        self._known = known
        return committed

    async def _remember(self, known: KnownContacts, records: Sequence[Record]) -> None:
        for record in records:
            try:
                envelope = await self._read(record)
                event = None if envelope is None else envelope.data
                if isinstance(event, ContactCreated | ContactNamed):
                    known.note(event)
            except Exception as error:  # whatever is wrong with one record must not stop the others
                await self._bury(record, error)

    async def _handle(self, batch: FetchedRecords) -> None:
        """Returns once every contact that follows from the batch is acknowledged."""
        made: list[tuple[int, _Encoded]] = []
        for (_, partition), records in batch.items():
            known = self._known[partition]
            for record in records:
                try:
                    contact = await self._make(record, known)
                except Exception as error:  # whatever is wrong with one record must not stop others
                    await self._bury(record, error)
                else:
                    if contact is not None:
                        made.append((partition, contact))
        await asyncio.gather(*(self._append(partition, *contact) for partition, contact in made))

    async def _make(self, record: Record, known: KnownContacts) -> _Encoded | None:
        """The encoded record that follows from an event, whose contact is noted as known."""
        envelope = await self._read(record)
        made = None if envelope is None else _made(envelope, known)
        if made is None:
            return None
        key, (value, headers) = made.contact_id, encode(_envelope(made))
        refuse_too_large(CONTACTS, key.encode(), value, headers)
        known.note(made)
        return key, value, headers

    async def _append(self, partition: int, key: str, value: bytes, headers: Headers) -> None:
        await self._log.append_bytes(CONTACTS, key, value, headers, partition=partition)

    async def _bury(self, record: Record, error: Exception) -> None:
        if not is_the_records(error):
            raise error
        await put_aside(self._log, record, SERVICE, error)

    async def _read(self, record: Record) -> Envelope | None:
        if record.value is None:
            return None
        try:
            return decode(record.headers, record.value)
        except UnknownTypeError as error:
            skip(record, SERVICE, error.reason)
        except UnreadableEventError as error:
            await send_to_dead_letters(self._log, record, SERVICE, error.reason)
        return None


def _made(envelope: Envelope, known: KnownContacts) -> ContactCreated | ContactNamed | None:
    event, customer = envelope.data, customer_of(envelope.data)
    if customer is None or not isinstance(event, InboundEvent):
        return None
    return decide(event, customer, envelope.id, known.of(contact_id(customer.id)))


def _envelope(event: ContactCreated | ContactNamed) -> Envelope:
    return Envelope(
        id=caused_event_id(event.caused_by, event.type),
        source=SOURCE,
        subject=event.contact_id,
        time=event.at,
        data=event,
    )


def _digest(contact: ContactId) -> bytes:
    return bytes.fromhex(contact.removeprefix("con_"))
