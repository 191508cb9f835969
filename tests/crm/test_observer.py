"""C1: from inbound events to contacts, over the log in memory."""

import asyncio
from collections import Counter

import msgspec
import pytest

from crm.asking import rename
from crm.rig import MOMENT, PAGE, SHOP, Shop, contact, customer
from tuyen_crm.entities.contacts.observe import observe
from tuyen_crm.observer import RecentCustomers
from tuyen_events.codec import decode
from tuyen_events.crm.contacts import (
    ContactCreated,
    ContactNamed,
    ContactPatched,
    ContactRenamed,
    ObserveCustomer,
    RemoveContact,
)
from tuyen_events.crm.suggestions import SuggestionsOffered
from tuyen_events.dead_letters import DeadLettered
from tuyen_events.ids import AgentId, customer_key
from tuyen_events.inbound import Customer, InboundEvent, MessageReceived
from tuyen_events.topic import RECORD_BYTES
from tuyen_events.topics import CONTACTS, CRM_COMMANDS, CRM_STATE, DEAD_LETTERS, INBOUND
from tuyen_events.vocabulary import Channel
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.ports import LogUnavailableError, ProducerRecord


async def test_c1_a_customers_first_event_makes_one_contact(shop: Shop) -> None:
    cause = await shop.write("670")
    await shop.write("670")
    await shop.write("671", "Lan")
    await shop.write("670", organization="sao-mai")
    async with shop.run_crm():
        await shop.wait_until_made(3)
        await shop.write("670")
        await shop.write("672")
        await shop.wait_until_made(4)
    contacts = await shop.contacts()
    assert len({event.contact_id for event in contacts}) == len(contacts) == 4
    (first,) = [event for event in contacts if event.contact_id == contact("670")]
    assert isinstance(first, ContactCreated)
    assert (first.customer_id, first.caused_by) == (customer("670"), cause)


async def test_c1_a_contact_is_in_the_partition_of_its_customer(shop: Shop) -> None:
    for number in range(20):
        await shop.write(str(number))
    async with shop.run_crm():
        await shop.wait_until_made(20)
        await shop.ask(rename(1, "7", "Lan"))
        await shop.wait_until_made(21)
    created = {}
    for record in await shop.records():
        event = decode(record.headers, record.value or b"").data
        if isinstance(event, ContactCreated):
            key = customer_key(event.organization, event.page_id, event.external_id)
            created[event.contact_id] = partition_of(key, INBOUND.partitions)
        assert isinstance(event, ContactCreated | ContactRenamed)
        assert record.partition == created[event.contact_id]
        assert record.key == event.contact_id.encode()


async def test_r9_3_what_is_asked_about_an_organization_has_one_order(shop: Shop) -> None:
    for number in range(20):
        await shop.write(str(number))
    await shop.ask(rename(1, "7", "Lan"))
    async with shop.run_crm():
        await shop.wait_until_made(20)
    commands = await shop.records(CRM_COMMANDS)
    own = partition_of(SHOP, CRM_COMMANDS.partitions)
    assert {record.partition for record in commands} == {own}


async def test_c1_whoever_writes_after_their_contact_was_removed_is_a_new_one(shop: Shop) -> None:
    async with shop.run_crm():
        await shop.write("670", "Lan")
        await shop.wait_until_made(1)
        await shop.ask(
            RemoveContact(
                command_id="cmd_1",
                organization=SHOP,
                contact_id=contact("670"),
                at=MOMENT,
                by=AgentId("hoa"),
            )
        )
        await shop.wait_until_made(2)
        await shop.wait_until_settled()
        await asyncio.sleep(0.1)  # the observer reads what was removed
        await shop.write("670", "Lan")
        await shop.wait_until_made(3)
    *_, again = await shop.contacts()
    assert isinstance(again, ContactCreated)
    assert (again.sequence, again.name) == (3, "Lan")


async def test_c1_a_name_that_comes_later_is_taken_once(shop: Shop) -> None:
    async with shop.run_crm():
        await shop.write("670")
        await shop.write("670", "Lan")
        await shop.write("670", "Lan Anh")
        await shop.wait_until_made(2)
    async with shop.run_crm():
        await shop.write("670", "Lan")
        await shop.write("671")
        await shop.wait_until_made(3)
    own = [event for event in await shop.contacts() if event.contact_id == contact("670")]
    first, second = own
    assert isinstance(first, ContactCreated)
    assert isinstance(second, ContactNamed)
    assert (first.name, second.name) == (None, "Lan")


async def test_inv3_a_contact_that_is_made_again_is_the_same_event() -> None:
    made = []
    for shop in (Shop(), Shop()):
        await shop.write("670", "Lan")
        async with shop.run_crm():
            await shop.wait_until_made(1)
        made += await shop.records()
    assert (made[0].headers, made[0].value) == (made[1].headers, made[1].value)


async def test_r9_1_an_unavailable_log_is_waited_for_and_nothing_is_lost(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = shop.log.append_all
    failures = {topic.name: 2 for topic in (CRM_COMMANDS, CONTACTS, CRM_STATE)}

    async def failing(records: list[ProducerRecord], *, within_s: float = 30.0) -> object:
        for name in {record.topic.name for record in records}:
            if failures.get(name):
                failures[name] -= 1
                raise LogUnavailableError("away")
        return await append(records)

    await shop.write("670")
    monkeypatch.setattr(shop.log, "append_all", failing)
    async with shop.run_crm():
        await shop.wait_until_made(1)
        await shop.wait_until_settled()
    assert not any(failures.values())
    assert {event.sequence for event in await shop.contacts()} == {1}


async def test_p4_unreadable_records_go_to_the_dead_letters_and_delay_nothing(shop: Shop) -> None:
    headers = [("ce_type", MessageReceived.type.encode())]
    await shop.log.append_bytes(INBOUND, "hoa-sen/trang/670", b"{broken", headers)
    await shop.write("670")
    async with shop.run_crm():
        await shop.wait_until_made(1)
    (letter,) = await shop.records(DEAD_LETTERS)
    assert b"{broken" in (letter.value or b"")


async def test_r9_5_an_event_of_which_no_command_can_be_made_is_put_aside_and_the_rest_goes_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raising(
        event: InboundEvent, customer: Customer, event_id: str, country: str
    ) -> ObserveCustomer:
        if customer.external_id == "671":
            raise OverflowError("what nobody expected")
        made = observe(event, customer, event_id, country)
        name = RECORD_BYTES * "x" if customer.external_id == "673" else None
        return msgspec.structs.replace(made, name=name)

    monkeypatch.setattr("tuyen_crm.observer.observe", raising)
    for external_id in ("670", "671", "672", "673"):
        await shop.write(external_id)
    async with shop.run_crm():
        await shop.wait_until_made(2)
        await shop.write("674")
        await shop.wait_until_made(3)
    made = {event.contact_id for event in await shop.contacts()}
    assert made == {contact(external_id) for external_id in ("670", "672", "674")}
    letters = await shop.read_events(DEAD_LETTERS)
    assert {letter.error[:13] for letter in letters if isinstance(letter, DeadLettered)} == {
        "OverflowError",
        "RecordTooLarg",
    }


async def test_r9_5_a_batch_of_long_texts_leaves_turns_to_what_tells_kafka_that_it_works(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = 0
    read: Counter[int] = Counter()

    def noting(
        event: InboundEvent, customer: Customer, event_id: str, country: str
    ) -> ObserveCustomer:
        read[turn] += 1
        return observe(event, customer, event_id, country)

    async def count_turns() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    monkeypatch.setattr("tuyen_crm.observer.observe", noting)
    for number in range(100):
        await shop.write(str(number))
    async with shop.run_crm():
        counting = asyncio.ensure_future(count_turns())
        await shop.wait_until_made(100)
        counting.cancel()
    assert read.total() == 100
    assert max(read.values()) <= 20


async def test_r9_6_a_customer_is_sent_on_once_for_themselves_and_once_for_their_name(
    shop: Shop,
) -> None:
    for name in (None, None, "Lan", "Lan", None):
        await shop.write("670", name)
    async with shop.run_crm():
        await shop.wait_until_settled()
    assert len(await shop.records(CRM_COMMANDS)) == 2


async def test_c3_what_a_customer_writes_is_offered_once(shop: Shop) -> None:
    async with shop.run_crm():
        for _ in range(3):
            await shop.write("670", "Lan", "gọi em 0912 345 678")
        await shop.write("671", "Minh", "giá 350.000 thôi ạ?")
        await shop.wait_until_settled()
    own = [event for event in await shop.contacts() if event.contact_id == contact("670")]
    created, offered = own
    assert isinstance(created, ContactCreated)
    assert isinstance(offered, SuggestionsOffered)
    (suggestion,) = offered.offered
    assert (suggestion.value, suggestion.conversation_id) == ("+84912345678", "msg_1")
    assert len(await shop.contacts()) == 3


async def test_c1_c3_a_number_that_a_site_says_later_is_sent_on_once(shop: Shop) -> None:
    for phone in (None, "0912345678", "0912345678", None, "0912 345 678"):
        await shop.write("670", phone=phone)
    async with shop.run_crm():
        await shop.wait_until_settled()
    assert len(await shop.records(CRM_COMMANDS)) == 2
    created, filled = await shop.contacts()
    assert isinstance(created, ContactCreated)
    assert isinstance(filled, ContactPatched)
    assert filled.phones == ("+84912345678",)


def test_r9_6_of_recent_customers_the_longest_unseen_are_forgotten_first() -> None:
    recent = RecentCustomers(most=2)
    first, second, third = (_make_observe_command(number) for number in ("1", "2", "3"))
    for command in (first, second, first, third):
        recent.note(command)
    assert [recent.is_new(command) for command in (first, second, third)] == [False, True, False]


def _make_observe_command(external_id: str) -> ObserveCustomer:
    return ObserveCustomer(
        command_id=f"cmd_{external_id}",
        organization=SHOP,
        contact_id=contact(external_id),
        at=MOMENT,
        customer_id=customer(external_id),
        page_id=PAGE,
        channel=Channel.FACEBOOK,
        external_id=external_id,
        caused_by=f"evt_{external_id}",
    )


def test_contacts_and_inbound_events_share_their_partitions() -> None:
    assert CONTACTS.partitions == INBOUND.partitions
