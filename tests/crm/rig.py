"""A shop's CRM on the in-memory log, with crashes between any two of its steps."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec

from crm.lan import write_message
from tuyen_crm import decider, observer
from tuyen_crm.decider import CommandDecider
from tuyen_crm.observer import CustomerObserver
from tuyen_events.codec import Headers, decode
from tuyen_events.crm.records import ContactEvent, CrmCommand, CrmCommandSettled, CrmEvent
from tuyen_events.event import Envelope, Event
from tuyen_events.ids import (
    AgentId,
    ContactId,
    CustomerId,
    OrganizationId,
    PageId,
    contact_id,
    customer_id,
)
from tuyen_events.inbound import Customer
from tuyen_events.topic import Topic
from tuyen_events.topics import CONTACTS, CRM_COMMANDS, CRM_RESULTS, INBOUND
from tuyen_events.vocabulary import Merging
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import (
    Condition,
    FetchedRecords,
    Offsets,
    ProducerRecord,
    Record,
    RecordMetadata,
    Starts,
    Subscription,
    Tail,
)

MOMENT = datetime(2026, 9, 21, 12, tzinfo=UTC)
SHOP, PAGE = OrganizationId("hoa-sen"), PageId("trang")
DEADLINE_S = 20


def customer(external_id: str, organization: str = SHOP) -> CustomerId:
    return customer_id(OrganizationId(organization), PAGE, external_id)


def contact(external_id: str, organization: str = SHOP) -> ContactId:
    return contact_id(customer(external_id, organization))


class CrashError(Exception):
    """The process ends here."""


class Client:
    """A log as one process sees it, which crashes after so many steps: each append and each commit
    is one, and so is the way back from it. An append to a topic in `hold` waits for its event."""

    def __init__(
        self,
        log: InMemoryLog,
        steps: int | None = None,
        at_once: int = 1_000,
        *,
        hold: Mapping[str, asyncio.Event] | None = None,
    ) -> None:
        self._log = log
        self._steps = steps
        self._at_once = at_once
        self._hold = hold or {}

    def step(self) -> None:
        if self._steps is not None:
            self._steps -= 1
            if self._steps < 0:
                raise CrashError

    async def append(
        self, topic: Topic, key: str, envelope: Envelope, *, partition: int | None = None
    ) -> RecordMetadata:
        return await self._log.append(topic, key, envelope, partition=partition)

    async def append_bytes(
        self,
        topic: Topic,
        key: str,
        value: bytes | None,
        headers: Headers = (),
        *,
        partition: int | None = None,
    ) -> RecordMetadata:
        self.step()
        if topic.name in self._hold:
            await self._hold[topic.name].wait()
        written = await self._log.append_bytes(topic, key, value, headers, partition=partition)
        self.step()
        return written

    async def append_all(
        self, records: Sequence[ProducerRecord], *, within_s: float = 30.0
    ) -> list[RecordMetadata]:
        return [
            await self.append_bytes(topic, key, value, headers, partition=partition)
            for topic, key, value, headers, partition in records
        ]

    async def append_if(
        self, records: Sequence[ProducerRecord], holds: Condition
    ) -> Sequence[RecordMetadata] | None:
        return await self._log.append_if(records, holds)

    async def end_offsets(self, topic: Topic) -> Mapping[int, int]:
        return await self._log.end_offsets(topic)

    async def offsets_at(self, topic: Topic, moment: datetime) -> Mapping[int, int]:
        return await self._log.offsets_at(topic, moment)

    @asynccontextmanager
    async def tail(
        self, *topics: Topic, from_start: bool = True, starts: Offsets | None = None
    ) -> AsyncIterator[Tail]:
        async with self._log.tail(*topics, from_start=from_start, starts=starts) as tail:
            yield tail

    @asynccontextmanager
    async def subscribe(
        self, *topics: Topic, group: str, starts: Starts | None = None
    ) -> AsyncIterator[Subscription]:
        async with self._log.subscribe(*topics, group=group, starts=starts) as subscription:
            yield _Member(self, subscription, self._at_once)


class _Member:
    def __init__(self, client: Client, subscription: Subscription, at_once: int) -> None:
        self._client = client
        self._subscription = subscription
        self._at_once = at_once
        self._last = True
        self.partitions = subscription.partitions
        self.positions = subscription.positions

    async def batches(self) -> AsyncIterator[FetchedRecords]:
        """Slices of the batches, which are committed with the last one."""
        async for batch in self._subscription.batches():
            records = [record for placed in batch.values() for record in placed]
            slices = range(0, len(records), self._at_once) if records else (0,)
            for start in slices:
                self._last = start + self._at_once >= len(records)
                part: dict[tuple[str, int], list[Record]] = {}
                for record in records[start : start + self._at_once]:
                    part.setdefault((record.topic, record.partition), []).append(record)
                yield part

    async def commit(self) -> None:
        if self._last:
            self._client.step()
            await self._subscription.commit()
            self._client.step()


class Vietnam:
    """`Countries`, `ActiveAgents` and `MergeSettings`: everybody is in Vietnam, nobody is an agent,
    and nothing is set."""

    async def wait_until_known(self) -> None:
        return

    def active(self, organization: OrganizationId) -> tuple[AgentId, ...]:
        return ()

    def country(self, organization: OrganizationId) -> str:
        return "VN"

    def merging(self, organization: OrganizationId) -> Merging:
        return Merging.PROPOSE


class Shop:
    """What comes in, what is asked, and what follows."""

    def __init__(self) -> None:
        self.log = InMemoryLog()
        self._sent = 0

    async def write(
        self,
        external_id: str,
        name: str | None = None,
        text: str | None = None,
        *,
        organization: str = SHOP,
        phone: str | None = None,
    ) -> str:
        """A customer's message; returns the id of its event."""
        self._sent += 1
        shop = OrganizationId(organization)
        identity = f"evt_{self._sent}"
        author = Customer(
            id=customer(external_id, organization),
            external_id=external_id,
            name=name,
            phone=phone,
        )
        await write_message(self.log, identity, author, organization=shop, text=text)
        return identity

    async def ask(self, command: CrmCommand) -> None:
        envelope = Envelope(
            id=command.command_id, source="t", subject="s", time=command.at, data=command
        )
        await self.log.append(CRM_COMMANDS, command.organization, envelope)

    async def records(self, topic: Topic = CONTACTS) -> list[Record]:
        found: list[Record] = []
        if sum((await self.log.end_offsets(topic)).values()) == 0:
            return found
        async with self.log.tail(topic) as tail:
            async for batch in tail.batches():
                found += [record for records in batch.values() for record in records]
                break
        return found

    async def read_events(self, topic: Topic = CONTACTS) -> list[Event]:
        return [decode(r.headers, r.value or b"").data for r in await self.records(topic)]

    async def changes(self) -> list[CrmEvent]:
        """What happened to contacts and to the setup."""
        return [event for event in await self.read_events() if isinstance(event, CrmEvent)]

    async def contacts(self) -> list[ContactEvent]:
        return [event for event in await self.changes() if isinstance(event, ContactEvent)]

    async def results(self) -> dict[str, set[tuple[str, int]]]:
        """By command id, what its caller was told, once or again."""
        found: dict[str, set[tuple[str, int]]] = {}
        for event in await self.read_events(CRM_RESULTS):
            assert isinstance(event, CrmCommandSettled)
            found.setdefault(event.command_id, set()).add((event.outcome, event.version))
        return found

    @asynccontextmanager
    async def run_crm(self) -> AsyncIterator[None]:
        """Both workers, until the block is left."""
        watching = CustomerObserver(self.log, Vietnam(), Vietnam(), Vietnam())
        loops = (watching.run, watching.follow_removals, CommandDecider(self.log).run)
        async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(loop()) for loop in loops]
            yield
            for task in running:
                task.cancel()

    async def wait_until_settled(self) -> None:
        """Returns once both groups have committed all that there is."""

        async def nothing_left() -> bool:
            return all(
                [
                    await self.has_committed(observer.GROUP, INBOUND),
                    await self.has_committed(decider.GROUP, CRM_COMMANDS),
                ]
            )

        await until(nothing_left)

    async def has_committed(self, group: str, topic: Topic) -> bool:
        ends = await self.log.end_offsets(topic)
        async with self.log.subscribe(topic, group=group) as member:
            reached = await member.positions()
        return all(reached[topic.name, partition] >= end for partition, end in ends.items())

    async def wait_until_made(self, count: int) -> None:
        async def all_made() -> bool:
            return len(await self.records()) >= count

        await until(all_made)


def number_events(events: Sequence[CrmEvent]) -> dict[str, dict[int, bytes]]:
    """Each contact's events, and those of the setup, by their sequences, for a reader that drops
    sequences that it has seen.
    Of one sequence there is one event, however often it is in the log."""
    found: dict[str, dict[int, bytes]] = {}
    for event in events:
        content = event.type.encode() + msgspec.json.encode(event)
        seen = found.setdefault(event.subject, {}).setdefault(event.sequence, content)
        assert seen == content
    for sequences in found.values():
        assert list(sequences) == list(range(1, len(sequences) + 1))
    return found


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not await condition():  # noqa: ASYNC110 - what is polled is another task's doing
            await asyncio.sleep(0.01)
