"""C1: the worker over the log in memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec
import pytest

from tuyen_crm.domain.contacts import ContactKnowledge, decide
from tuyen_crm.worker import ContactWorker, KnownContacts
from tuyen_events.codec import Headers, decode
from tuyen_events.contacts import ContactCreated, ContactNamed
from tuyen_events.dead_letters import DeadLettered
from tuyen_events.event import Envelope
from tuyen_events.ids import (
    ConversationId,
    CustomerId,
    MessageId,
    OrganizationId,
    PageId,
    contact_id,
    customer_id,
    customer_key,
)
from tuyen_events.inbound import Customer, InboundEvent, MessageReceived
from tuyen_events.topics import CONTACTS, DEAD_LETTERS, INBOUND, RECORD_BYTES, Topic
from tuyen_events.vocabulary import Channel
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.ports import LogUnavailableError, Record

MOMENT = datetime(2026, 9, 21, 12, tzinfo=UTC)
PAGE = PageId("trang")
DEADLINE_S = 20


def customer(external_id: str, organization: str = "hoa-sen") -> CustomerId:
    return customer_id(OrganizationId(organization), PAGE, external_id)


class Shop:
    def __init__(self) -> None:
        self.log = InMemoryLog()
        self._sent = 0

    async def write(
        self, external_id: str, name: str | None = None, organization: str = "hoa-sen"
    ) -> str:
        """A customer's message; returns the id of its event."""
        self._sent += 1
        shop = OrganizationId(organization)
        data = MessageReceived(
            organization=shop,
            page_id=PAGE,
            channel=Channel.FACEBOOK,
            occurred_at=MOMENT,
            accepted_at=MOMENT,
            customer=Customer(
                id=customer(external_id, organization), external_id=external_id, name=name
            ),
            conversation_id=ConversationId("msg"),
            message_id=MessageId("m"),
            external_id="m",
        )
        identity, key = f"evt_{self._sent}", customer_key(shop, PAGE, external_id)
        envelope = Envelope(id=identity, source="t", subject="s", time=MOMENT, data=data)
        await self.log.append(INBOUND, key, envelope)
        return identity

    async def records(self, topic: Topic = CONTACTS) -> list[Record]:
        found: list[Record] = []
        if sum((await self.log.end_offsets(topic)).values()) == 0:
            return found
        async with self.log.tail(topic) as tail:
            async for batch in tail.batches():
                found += [record for records in batch.values() for record in records]
                break
        return found

    async def contacts(self) -> list[ContactCreated | ContactNamed]:
        events = [decode(r.headers, r.value or b"").data for r in await self.records()]
        return [event for event in events if isinstance(event, ContactCreated | ContactNamed)]

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[ContactWorker]:
        contacts = ContactWorker(self.log)
        async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
            running = tasks.create_task(contacts.run())
            yield contacts
            running.cancel()

    async def made(self, count: int) -> None:
        async def all_made() -> bool:
            return len(await self.records()) >= count

        await until(all_made)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    while not await condition():  # noqa: ASYNC110 - what is polled is another task's doing
        await asyncio.sleep(0.01)


@pytest.fixture
def shop() -> Shop:
    return Shop()


async def test_c1_a_customers_first_event_makes_one_contact(shop: Shop) -> None:
    cause = await shop.write("670")
    await shop.write("670")
    await shop.write("671", "Lan")
    await shop.write("670", organization="sao-mai")
    async with shop.worker():
        await shop.made(3)
        await shop.write("670")
        await shop.write("672")
        await shop.made(4)
    contacts = await shop.contacts()
    assert len({contact.contact_id for contact in contacts}) == len(contacts) == 4
    (first,) = [c for c in contacts if c.customer_id == customer("670")]
    assert (first.contact_id, first.caused_by) == (contact_id(customer("670")), cause)


async def test_c1_a_contact_stands_in_the_partition_of_its_customer(shop: Shop) -> None:
    for number in range(20):
        await shop.write(str(number))
    async with shop.worker():
        await shop.made(20)
    for record in await shop.records():
        event = decode(record.headers, record.value or b"").data
        assert isinstance(event, ContactCreated)
        key = customer_key(event.organization, event.page_id, event.external_id)
        assert record.partition == partition_of(key, INBOUND.partitions)
        assert record.key == event.contact_id.encode()


async def test_c1_a_name_that_comes_later_is_taken_once(shop: Shop) -> None:
    async with shop.worker():
        await shop.write("670")
        await shop.write("670", "Lan")
        await shop.write("670", "Lan Anh")
        await shop.made(2)
    async with shop.worker():
        await shop.write("670", "Lan")
        await shop.write("671")
        await shop.made(3)
    own = [c for c in await shop.contacts() if c.customer_id == customer("670")]
    assert [(type(c), c.name) for c in own] == [(ContactCreated, None), (ContactNamed, "Lan")]


async def test_r9_2_a_crash_before_the_commit_makes_no_contact_twice(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(_: object) -> None:
        await asyncio.Event().wait()

    for number in range(20):
        await shop.write(str(number), "Lan" if number % 2 else None)
    with monkeypatch.context() as patch:
        patch.setattr("tuyen_platform.kafka.memory.InMemorySubscription.commit", crash)
        async with shop.worker():
            await shop.made(20)
    before = await shop.records()
    async with shop.worker():
        await shop.write("last")
        await shop.made(21)
    assert len(await shop.records()) == len(before) + 1


async def test_inv3_a_contact_that_is_made_again_is_the_same_event() -> None:
    made = []
    for shop in (Shop(), Shop()):
        await shop.write("670", "Lan")
        async with shop.worker():
            await shop.made(1)
        made += await shop.records()
    assert (made[0].headers, made[0].value) == (made[1].headers, made[1].value)


async def test_r9_1_a_worker_waits_for_a_log_that_is_away_and_loses_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, failures = shop.log.append_bytes, [LogUnavailableError("away")]
    monkeypatch.setattr("tuyen_crm.worker._RETRY_S", 0.01)

    async def failing(
        topic: Topic, key: str, value: bytes, headers: Headers, *, partition: int | None = None
    ) -> object:
        if topic is CONTACTS and failures:
            raise failures.pop()
        return await append(topic, key, value, headers, partition=partition)

    await shop.write("670")
    monkeypatch.setattr(shop.log, "append_bytes", failing)
    async with shop.worker():
        await shop.made(1)
    assert not failures


async def test_p4_what_cannot_be_read_is_buried_and_holds_nothing_back(shop: Shop) -> None:
    headers = [("ce_type", MessageReceived.type.encode())]
    await shop.log.append_bytes(INBOUND, "hoa-sen/trang/670", b"{broken", headers)
    await shop.write("670")
    async with shop.worker():
        await shop.made(1)
    (letter,) = await shop.records(DEAD_LETTERS)
    assert b"{broken" in (letter.value or b"")


def test_a_contact_that_is_named_stays_named() -> None:
    known, shop = KnownContacts(), OrganizationId("hoa-sen")
    contact = contact_id(customer("670"))
    created = ContactCreated(
        organization=shop,
        contact_id=contact,
        customer_id=customer("670"),
        page_id=PAGE,
        channel=Channel.FACEBOOK,
        external_id="670",
        warehouse_id="default",
        caused_by="evt_1",
        at=MOMENT,
    )
    named = ContactNamed(
        organization=shop,
        contact_id=contact,
        customer_id=customer("670"),
        name="Lan",
        caused_by="evt_2",
        at=MOMENT,
    )
    states = []
    for event in (created, named, created, named):
        known.note(event)
        states.append(known.of(contact).name)
    assert states == ["NAMELESS", "NAMED", "NAMED", "NAMED"]


def test_contacts_and_inbound_events_share_their_partitions() -> None:
    assert CONTACTS.partitions == INBOUND.partitions


async def test_r9_5_an_event_of_which_no_contact_can_be_made_is_buried_and_the_rest_goes_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raising(
        event: InboundEvent, customer: Customer, event_id: str, known: ContactKnowledge
    ) -> ContactCreated | ContactNamed | None:
        if customer.external_id == "671":
            raise OverflowError("what nobody expected")
        made = decide(event, customer, event_id, known)
        if customer.external_id == "673" and made is not None:
            return msgspec.structs.replace(made, name=RECORD_BYTES * "x")
        return made

    monkeypatch.setattr("tuyen_crm.worker.decide", raising)
    for external_id in ("670", "671", "672", "673"):
        await shop.write(external_id)
    async with shop.worker():
        await shop.made(2)
        await shop.write("674")
        await shop.made(3)
    made = {contact.customer_id for contact in await shop.contacts()}
    assert made == {customer(external_id) for external_id in ("670", "672", "674")}
    letters = [decode(r.headers, r.value or b"").data for r in await shop.records(DEAD_LETTERS)]
    assert {letter.error[:13] for letter in letters if isinstance(letter, DeadLettered)} == {
        "OverflowError",
        "RecordTooLarg",
    }
