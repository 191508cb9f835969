"""Handles commands: everything that happens to an organization's contacts, in one order (INV3)."""

import time
from collections.abc import Sequence, Set
from dataclasses import dataclass, field

import structlog

from tuyen_crm.entities import BY_COMMAND, evolve
from tuyen_crm.identity import SERVICE, SOURCE
from tuyen_crm.states import Contacts, ContactStates, StoredContact, key_of
from tuyen_events.codec import UnreadableEventError, decode, encode
from tuyen_events.crm.contacts import ContactCreated
from tuyen_events.crm.records import ContactEvent, CrmCommand, CrmCommandSettled, CrmOutcome
from tuyen_events.event import Envelope, Event
from tuyen_events.ids import customer_key, derive_event_id
from tuyen_events.topics import CONTACTS, CRM_COMMANDS, CRM_RESULTS
from tuyen_platform.dead_letters import reject_or_raise
from tuyen_platform.kafka.consumer import ConsumerStatus, consume, follow_for_ever
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.ports import FetchedRecords, Log, Offsets, ProducerRecord
from tuyen_platform.kafka.sizes import refuse_too_large

GROUP = "crm-commands"
_APART_S = 0.05
"""The pause between batches while there is always something new. Agents wait for these."""

_CHECK_EVERY_S = 30.0
"""How often a worker checks that no other one has written to its state, also while it writes
nothing. The topic of the state is compacted later than that."""

_log = structlog.get_logger()


@dataclass(slots=True)
class _Batch:
    """What follows from a batch of commands."""

    decided: list[ContactEvent] = field(default_factory=list)
    events: list[ProducerRecord] = field(default_factory=list)
    """The records of `decided`."""
    results: list[ProducerRecord] = field(default_factory=list)
    changed: dict[int, Contacts] = field(default_factory=dict)


class CommandDecider:
    """Owns some partitions of the commands, and with them the organizations in these partitions.

    A decision depends on the command and on the commands before it in its partition, and on nothing
    else: no clock, no view, no other topic. So a worker that decides a command again, after a crash
    or beside a worker that was paused, makes the same events with the same sequences, and the same
    results. For each batch, these are acknowledged in this order: the events, the results, the new
    state, and the offset. After a crash before the state, events are written again, which readers
    drop by their sequence; after a later crash, nothing is decided again.

    A command that cannot be decided, for a reason of its own, goes to the dead letters, and the
    next one is decided (R9.5).
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self.status = ConsumerStatus()
        self._states = ContactStates(log, self.status.note_progress)
        self._checked_at = time.monotonic()

    async def run(self) -> None:
        """Works until cancelled; while Kafka is unavailable it waits and then recovers."""
        await follow_for_ever(
            self._follow, log_as="crm_waits", status=self.status, about={"consumer": "decider"}
        )

    async def _follow(self) -> None:
        await consume(
            self._log,
            CRM_COMMANDS,
            group=GROUP,
            handle=self._turn,
            starts=self._recover,
            status=self.status,
            apart_s=_APART_S,
        )

    async def _recover(self, committed: Offsets) -> Offsets:
        """Reads the state of this worker's partitions; the commands are read from their committed
        offsets."""
        self.status.note_waiting("the state of its contacts")
        await self._states.recover([partition for _, partition in committed])
        return committed

    async def _turn(self, batch: FetchedRecords, partitions: frozenset[tuple[str, int]]) -> bool:
        if batch:
            await self._handle(batch)
        await self._check({partition for _, partition in partitions})
        return True

    async def _check(self, partitions: Set[int]) -> None:
        if time.monotonic() - self._checked_at > _CHECK_EVERY_S:
            await self._states.require_only_writer(partitions)
            self._checked_at = time.monotonic()

    async def _handle(self, batch: FetchedRecords) -> None:
        """Returns once everything that follows from the batch is acknowledged, in that order."""
        made = _Batch()
        for (_, partition), records in batch.items():
            for record in records:
                try:
                    if record.value is not None:
                        command = decode(record.headers, record.value).data
                        self._decide(partition, record.offset, command, made)
                except Exception as error:  # one record must not stop the others
                    await reject_or_raise(self._log, record, SERVICE, error)
        if made.events:
            await self._log.append_all(made.events)
            for event in made.decided:
                _report(event)
        if made.results:
            await self._log.append_all(made.results)
        await self._states.save(made.changed)

    def _decide(self, partition: int, offset: int, command: Event, made: _Batch) -> None:
        """Adds what follows from one command to `made`: all of it, or nothing if it raises."""
        if not isinstance(command, CrmCommand):
            raise UnreadableEventError(f"{command.type} is no command to the CRM")
        changed = made.changed.setdefault(partition, {})
        key = key_of(command)
        contact = changed.get(key) or self._states.of(partition).get(key)
        if contact is not None and offset <= contact.handled:
            return  # redelivered after a crash: its events and its result are in the log
        if contact is not None and command.command_id in contact.results:
            version = contact.results[command.command_id]
            made.results += _result(command, CrmOutcome.APPLIED, version)
            return
        state = None if contact is None else contact.state
        decision = BY_COMMAND[type(command)].decide(state, command)
        home = _home(decision.events) if contact is None else contact.home
        events = [_record(event, home) for event in decision.events]
        for event in decision.events:
            state = evolve(state, event)
        made.results += _result(command, decision.outcome, decision.version)
        made.decided += decision.events
        made.events += events
        remembered = command.answered and decision.outcome is CrmOutcome.UNCHANGED
        if state is not None and (events or remembered):
            contact = contact or StoredContact(state=state, home=home)
            changed[key] = contact.after(state, command, offset, decision.version)


def _home(events: Sequence[ContactEvent]) -> int:
    """The partition of all events of a new contact: that of the customer's inbound events, as in
    earlier versions."""
    match events:
        case [ContactCreated() as created, *_]:
            key = customer_key(created.organization, created.page_id, created.external_id)
            return partition_of(key, CONTACTS.partitions)
        case [event, *_]:
            raise ValueError(f"{event.type} of a contact that does not exist")
        case _:
            return 0


def _record(event: ContactEvent, home: int) -> ProducerRecord:
    envelope = Envelope(
        id=derive_event_id(event.caused_by, event.type),
        source=SOURCE,
        subject=event.contact_id,
        time=event.at,
        data=event,
    )
    record = ProducerRecord(CONTACTS, event.contact_id, *encode(envelope), home)
    refuse_too_large(record)
    return record


def _result(command: CrmCommand, outcome: CrmOutcome, version: int) -> list[ProducerRecord]:
    if not command.answered:
        return []
    settled = CrmCommandSettled(
        command_id=command.command_id,
        organization=command.organization,
        contact_id=command.contact_id,
        outcome=outcome,
        version=version,
    )
    envelope = Envelope(
        id=derive_event_id(command.command_id, settled.type),
        source=SOURCE,
        subject=command.contact_id,
        time=command.at,
        data=settled,
    )
    return [ProducerRecord(CRM_RESULTS, command.contact_id, *encode(envelope))]


def _report(event: ContactEvent) -> None:
    _log.info(
        "contact_changed",
        event_id=derive_event_id(event.caused_by, event.type),
        organization=event.organization,
        contact_id=event.contact_id,
        type=event.type,
        sequence=event.sequence,
    )
