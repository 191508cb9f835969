"""Turns inbound events into commands to create or complete contacts (C1, C3)."""

import asyncio
from collections import OrderedDict
from itertools import chain

import msgspec

from tuyen_crm.entities.contacts.observe import customer_of, observe
from tuyen_crm.identity import SERVICE, SOURCE
from tuyen_crm.ports import ActiveAgents, Countries, MergeSettings
from tuyen_events.codec import Headers, decode, encode, find_header
from tuyen_events.crm.contacts import ContactRemoved, ObserveCustomer
from tuyen_events.event import Envelope
from tuyen_events.ids import ContactId
from tuyen_events.inbound import InboundEvent
from tuyen_events.topics import CONTACTS, CRM_COMMANDS, INBOUND
from tuyen_platform.dead_letters import reject_or_raise
from tuyen_platform.kafka.consumer import ConsumerStatus, consume, follow_for_ever
from tuyen_platform.kafka.global_table import GlobalTable
from tuyen_platform.kafka.ports import (
    FetchedRecords,
    Log,
    ProducerRecord,
    Record,
    RecordPosition,
)
from tuyen_platform.kafka.sizes import refuse_too_large

GROUP = "crm"
_REMOVED = ContactRemoved.type.encode()
_MIN_INTERVAL_S = 0.25
"""The least time between two batches while there is always something new."""

_AT_ONCE = 20
"""Records that are read before the process turns to its other work: to look for phone numbers in
the longest texts takes some 0.2 s for so many, and Kafka must hear from this worker."""

_REMEMBERED = 100_000
"""How many customers are remembered: about 20 MB."""


class RecentCustomers:
    """The customers for whom commands were sent recently: whether a command contained a name, and
    the phone numbers and emails that the site sent last.

    It avoids commands that would change nothing. No decision depends on it: for a customer who was
    forgotten, the command is sent again.
    """

    def __init__(self, most: int = _REMEMBERED) -> None:
        self._most = most
        self._sent: OrderedDict[ContactId, tuple[bool, tuple[str, ...]]] = OrderedDict()

    def is_new(self, command: ObserveCustomer) -> bool:
        """Whether the command may change something. A command with phone numbers or emails that the
        customer wrote always may: these may have been offered before and removed since."""
        named, facts = self._sent.get(command.contact_id, (None, ()))
        given = (*command.phones, *command.emails)
        return (
            named is None
            or (command.name is not None and not named)
            or (bool(given) and given != facts)
            or command.written != ()
        )

    def note(self, command: ObserveCustomer) -> None:
        """Notes a command that is sent."""
        named, facts = self._sent.pop(command.contact_id, (False, ()))
        given = (*command.phones, *command.emails)
        self._sent[command.contact_id] = (named or command.name is not None, given or facts)
        if len(self._sent) > self._most:
            self._sent.popitem(last=False)

    def forget(self, contact_id: ContactId) -> None:
        """Forgets a contact that was removed: the next command of its customer creates a new
        one."""
        self._sent.pop(contact_id, None)

    def clear(self) -> None:
        self._sent.clear()


class CustomerObserver:
    """Reads the inbound events, and sends a command for each customer in them.

    The commands are in one order with all other commands of the organization, so one worker decides
    about a contact, whoever requests a change. An offset is committed once the commands that follow
    from its events are acknowledged. An event that is redelivered causes the same command again,
    which has no effect. An event that cannot be handled, for a reason of its own, goes to the dead
    letters, and the next one is handled (R9.5).
    """

    def __init__(
        self, log: Log, countries: Countries, agents: ActiveAgents, settings: MergeSettings
    ) -> None:
        self._log = log
        self._countries = countries
        self._agents = agents
        self._settings = settings
        self._recent = RecentCustomers()
        self._removals = GlobalTable(
            log, CONTACTS, _read_removed, self._forget, service=SERVICE, from_start=False
        )
        self.status = ConsumerStatus()

    async def run(self) -> None:
        """Works until cancelled; while Kafka is unavailable it waits."""
        await follow_for_ever(
            self._follow, log_as="crm_waits", status=self.status, about={"consumer": "observer"}
        )

    async def follow_removals(self) -> None:
        """Works until cancelled, beside `run`. When an agent has removed the contact of a customer,
        the customer's next message creates a new one."""
        self._recent.clear()  # what was removed before is not read
        await self._removals.run()

    def _forget(self, removed: ContactId | None, _position: RecordPosition) -> None:
        if removed is not None:
            self._recent.forget(removed)

    async def _follow(self) -> None:
        await self._agents.wait_until_known()
        await self._countries.wait_until_known()
        await self._settings.wait_until_known()
        self._recent.clear()  # what was noted may not have been sent
        await consume(
            self._log,
            INBOUND,
            group=GROUP,
            handle=self._handle,
            status=self.status,
            min_interval_s=_MIN_INTERVAL_S,
        )

    async def _handle(self, batch: FetchedRecords, _partitions: frozenset[tuple[str, int]]) -> bool:
        """Returns once every command that follows from the batch is acknowledged."""
        commands = []
        for place, record in enumerate(chain.from_iterable(batch.values())):
            if place % _AT_ONCE == 0:
                await asyncio.sleep(0)
            try:
                command = self._command(record)
            except Exception as error:  # one record must not stop the others
                await reject_or_raise(self._log, record, SERVICE, error)
            else:
                if command is not None:
                    commands.append(command)
        if commands:
            await self._log.append_all(commands)
        return True

    def _command(self, record: Record) -> ProducerRecord | None:
        if record.value is None:
            return None
        envelope = decode(record.headers, record.value)
        if not isinstance(envelope.data, InboundEvent):
            return None
        customer = customer_of(envelope.data)
        if customer is None:
            return None
        country = self._countries.country(envelope.data.organization)
        command = observe(envelope.data, customer, envelope.id, country)
        if not self._recent.is_new(command):
            return None
        staff = self._agents.active(command.organization)
        merging = self._settings.merging(command.organization)
        made = _record(msgspec.structs.replace(command, staff=staff, merging=merging))
        refuse_too_large(made)
        self._recent.note(command)
        return made


def _read_removed(key: bytes | None, headers: Headers, value: bytes | None) -> ContactId | None:
    """The contact that the record says was removed. Other records are not decoded."""
    if key is None or value is None or find_header(headers, "ce_type") != _REMOVED:
        return None
    return ContactId(key.decode())


def _record(command: ObserveCustomer) -> ProducerRecord:
    envelope = Envelope(
        id=command.command_id,
        source=SOURCE,
        subject=command.contact_id,
        time=command.at,
        data=command,
    )
    return ProducerRecord(CRM_COMMANDS, command.organization, *encode(envelope))
