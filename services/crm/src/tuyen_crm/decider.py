"""Handles commands: everything that happens to an organization's contacts, in one order (INV3)."""

import time
from collections.abc import Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec
import structlog

from tuyen_crm.domain.decision import CommandDecision, decide_refused
from tuyen_crm.entities import BY_COMMAND
from tuyen_crm.identity import SERVICE, SOURCE
from tuyen_crm.organization_state import UnitOfWork
from tuyen_crm.reminder_sender import build_command_record, build_reminder_record
from tuyen_crm.states import OrganizationStates, StateChanges, StateSoFar
from tuyen_events.codec import UnreadableEventError, decode, encode, find_header
from tuyen_events.crm.contacts import ContactAdded, ContactCreated
from tuyen_events.crm.records import (
    ContactCommand,
    ContactEvent,
    CrmCommand,
    CrmCommandSettled,
    CrmEvent,
    CrmOutcome,
    CrmRefusal,
)
from tuyen_events.crm.reminders import Reminded
from tuyen_events.event import Envelope, Event
from tuyen_events.ids import OrganizationId, customer_key, derive_event_id
from tuyen_events.topics import CONTACTS, CRM_COMMANDS, CRM_RESULTS
from tuyen_platform.dead_letters import reject_or_raise
from tuyen_platform.kafka.consumer import ConsumerStatus, consume, follow_for_ever
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.ports import (
    FetchedRecords,
    Log,
    Offsets,
    ProducerRecord,
    Record,
    RecordTooLargeError,
)
from tuyen_platform.kafka.sizes import refuse_too_large

GROUP = "crm-commands"
_MIN_INTERVAL_S = 0.05
"""The least time between two batches while there is always something new. Agents wait for these."""
_COMMIT_EVERY_S = 1.0
"""A command that is read again was decided by the state that is stored: it is left out."""

_CHECK_EVERY_S = 30.0
"""How often a worker checks that no other one has written to its state, also while it writes
nothing. The topic of the state is compacted later than that. So often it also forgets some of what
belonged to contacts that were removed."""

_log = structlog.get_logger()


_AT_ONCE_BYTES = 400_000
"""How many bytes of state the commands of a batch change before they are stored: all of it must fit
into one record, together with what the last command changes."""

_COMMAND_BYTES = 450_000
"""How many bytes of state a single command may change."""


@dataclass(slots=True)
class _Batch:
    """What follows from some commands."""

    decided: list[CrmEvent] = field(default_factory=list)
    events: list[ProducerRecord] = field(default_factory=list)
    """The records of `decided`."""
    results: list[ProducerRecord] = field(default_factory=list)
    changed: dict[int, StateChanges] = field(default_factory=dict)

    @property
    def full(self) -> bool:
        return any(changes.size > _AT_ONCE_BYTES for changes in self.changed.values())


class CommandDecider:
    """Owns some partitions of the commands, and with them the organizations in these partitions.

    A decision depends on the command and on the commands before it in its partition, and on nothing
    else: no clock, no view, no other topic. So a worker that decides a command again, after a crash
    or beside a worker that was paused, makes the same events with the same sequences, and the same
    results. For each batch, these are acknowledged in this order: the events, the results, the new
    state, and the offset. After a crash before the state, events are written again, which readers
    drop by their sequence; after a later crash, nothing is decided again.

    A command that cannot be decided, for a reason of its own or because this version does not know
    it, goes to the dead letters, and the next one is decided (R9.5). Its result says so: a job that
    waited for it would send its batch for ever.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self.status = ConsumerStatus()
        self._states = OrganizationStates(log, self.status.note_progress)
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
            min_interval_s=_MIN_INTERVAL_S,
            commit_every_s=_COMMIT_EVERY_S,
        )

    async def _recover(self, committed: Offsets) -> Offsets:
        """Reads the state of this worker's partitions; the commands are read from their committed
        offsets."""
        self.status.note_waiting("the state of its organizations")
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
            await self._states.sweep(partitions)
            self._checked_at = time.monotonic()

    async def _handle(self, batch: FetchedRecords) -> None:
        """Returns once everything that follows from the batch is acknowledged."""
        made = _Batch()
        for (_, partition), records in batch.items():
            for record in records:
                try:
                    if (
                        record.value is not None
                        and record.offset > self._states.find_handled_offset(partition)
                    ):
                        command = decode(record.headers, record.value).data
                        self._decide(partition, record.offset, command, made)
                except Exception as error:  # one record must not stop the others
                    await reject_or_raise(self._log, record, SERVICE, error, carries_out=True)
                    made.results += _result_of_rejected(record)
                if made.full:
                    await self._store(made)
                    made = _Batch()
        await self._store(made)

    async def _store(self, made: _Batch) -> None:
        """Returns once the events, the results and the state are acknowledged, in that order."""
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
        changes = made.changed.get(partition) or StateChanges()
        contact_id = command.contact_id if isinstance(command, ContactCommand) else None
        work = UnitOfWork(
            command.organization, StateSoFar(self._states, partition, changes), offset
        )
        if contact_id is not None:
            contact = work.stored_contact(contact_id)
            if contact is not None and offset <= contact.handled:
                return  # an earlier version handled it, and did not note how far it came
        repeated = work.result_of(command, contact_id)
        if repeated is not None:
            made.results += _result(command, repeated)
            return
        decision = BY_COMMAND[type(command)].decide(work, command)
        decided = [msgspec.structs.replace(each, order=offset + 1) for each in decision.events]
        events: list[ProducerRecord] = []
        for event in decided:
            target = _partition_of(work, event)
            work.apply(event, target)
            events.append(_record(event, target, events))
            if isinstance(event, Reminded):
                events.append(build_reminder_record(event))
        events += map(build_command_record, decision.follow_ups)
        if command.answered and decision.outcome in (CrmOutcome.APPLIED, CrmOutcome.UNCHANGED):
            work.remember(command, contact_id, decision)
        _refuse_too_much(work)
        made.results += _result(command, decision)
        made.decided += decided
        made.events += events
        changes.add(offset, work)
        made.changed[partition] = changes


def _partition_of(work: UnitOfWork, event: CrmEvent) -> int | None:
    """The partition of all events of the event's contact; None for an event of the setup. A contact
    that an inbound event creates has the partition of its customer's inbound events, as in earlier
    versions."""
    if not isinstance(event, ContactEvent):
        return None
    contact = work.stored_contact(event.contact_id)
    if contact is not None:
        return contact.home
    match event:
        case ContactCreated():
            key = customer_key(event.organization, event.page_id, event.external_id)
            return partition_of(key, CONTACTS.partitions)
        case ContactAdded():
            return partition_of(event.contact_id, CONTACTS.partitions)
        case _:
            raise ValueError(f"{event.type} of a contact that does not exist")


def _record(
    event: CrmEvent, partition: int | None, before: Sequence[ProducerRecord]
) -> ProducerRecord:
    """The record of an event. `before` are the records of the same command: all have other ids."""
    envelope = Envelope(
        id=derive_event_id(event.caused_by, event.type, *([str(len(before))] if before else [])),
        source=SOURCE,
        subject=event.subject,
        time=event.at,
        data=event,
    )
    record = ProducerRecord(CONTACTS, event.subject, *encode(envelope), partition)
    refuse_too_large(record)
    return record


def _refuse_too_much(work: UnitOfWork) -> None:
    size = sum(len(key) + len(value or b"") for key, value in work.changes.items())
    if size > _COMMAND_BYTES:
        raise RecordTooLargeError(f"a command that changes {size} bytes of state")


def _result(command: CrmCommand, decision: CommandDecision) -> list[ProducerRecord]:
    if not command.answered:
        return []
    settled = CrmCommandSettled(
        command_id=command.command_id,
        organization=command.organization,
        contact_id=command.contact_id if isinstance(command, ContactCommand) else None,
        outcome=decision.outcome,
        version=decision.version,
        refusal=decision.refusal,
        holder=decision.holder,
        survivor=decision.survivor,
        known_elsewhere=decision.known_elsewhere,
        field_id=decision.field_id,
        definition=decision.definition,
    )
    return [_record_result(settled, command.subject, command.at)]


def _result_of_rejected(record: Record) -> list[ProducerRecord]:
    """The result of a command that went to the dead letters. None if the record does not say which
    command it was, or nobody waits for it."""
    command_id = (find_header(record.headers, "ce_id") or b"").decode("utf-8", "replace")
    organization = (record.key or b"").decode("utf-8", "replace")
    command: Event | None = None
    if record.value is not None:
        with suppress(UnreadableEventError):
            command = decode(record.headers, record.value).data
    if isinstance(command, CrmCommand):
        return _result(command, decide_refused(CrmRefusal.FAILED))
    if not command_id or not organization:
        return []
    settled = CrmCommandSettled(
        command_id=command_id,
        organization=OrganizationId(organization),
        outcome=CrmOutcome.REFUSED,
        version=0,
        refusal=CrmRefusal.FAILED,
    )
    at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    return [_record_result(settled, organization, at)]


def _record_result(settled: CrmCommandSettled, subject: str, at: datetime) -> ProducerRecord:
    envelope = Envelope(
        id=derive_event_id(settled.command_id, settled.type),
        source=SOURCE,
        subject=subject,
        time=at,
        data=settled,
    )
    return ProducerRecord(CRM_RESULTS, subject, *encode(envelope))


def _report(event: CrmEvent) -> None:
    _log.info(
        "crm_changed",
        caused_by=event.caused_by,
        organization=event.organization,
        subject=event.subject,
        type=event.type,
        sequence=event.sequence,
    )
