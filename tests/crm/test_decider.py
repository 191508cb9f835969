"""The decider on the in-memory log: what follows from commands, wherever it crashes."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.asking import note, rename
from crm.history import EXPECTED_RESULTS, HISTORY
from crm.rig import MOMENT, SHOP, Client, CrashError, Shop, contact, number_events, until
from tuyen_crm import decider
from tuyen_crm.decider import CommandDecider
from tuyen_crm.domain.decision import CommandDecision
from tuyen_crm.domain.known import KnownState
from tuyen_crm.entities import BY_COMMAND, AnyEntity
from tuyen_crm.entities.contacts.observe import observe
from tuyen_events.codec import decode
from tuyen_events.crm.contacts import AddContact, ContactRenamed, RenameContact
from tuyen_events.crm.records import CrmCommand, CrmCommandSettled, CrmOutcome, CrmRefusal
from tuyen_events.ids import AgentId, ContactId, OrganizationId
from tuyen_events.inbound import MessageReceived
from tuyen_events.topic import Topic
from tuyen_events.topics import (
    CONTACTS,
    CRM_COMMANDS,
    CRM_RESULTS,
    CRM_STATE,
    DEAD_LETTERS,
    INBOUND,
)
from tuyen_platform.kafka import sole_writer
from tuyen_platform.kafka.consumer import ConsumerStatus
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import Log, Record


async def send_commands(history: tuple[Any, ...] = HISTORY) -> Shop:
    """A shop in whose log the commands of a history stand, in its order."""
    shop = Shop()
    for number, item in enumerate(history):
        if isinstance(item, CrmCommand):
            await shop.ask(item)
        else:
            source = Shop()
            await source.write(*item)
            (record,) = await source.records(INBOUND)
            event = decode(record.headers, record.value or b"").data
            assert isinstance(event, MessageReceived)
            await shop.ask(observe(event, event.customer, f"evt_{number}", "VN"))
    return shop


async def work(shop: Shop, client: Client | InMemoryLog) -> bool:
    """Decides until everything is committed. False if the process crashed before."""
    async with asyncio.timeout(20):
        task = asyncio.create_task(CommandDecider(client).run())
        try:
            while not task.done():
                if await shop.has_committed(decider.GROUP, CRM_COMMANDS):
                    return True
                await asyncio.sleep(0)
            with suppress(CrashError):
                await task
            return False
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_c4_every_command_has_one_outcome() -> None:
    shop = await send_commands()
    assert await work(shop, shop.log)
    assert await shop.results() == EXPECTED_RESULTS
    renamed = [event for event in await shop.contacts() if isinstance(event, ContactRenamed)]
    names = {
        who: [e.name for e in renamed if e.contact_id == contact(who)] for who in ("670", "671")
    }
    assert names == {"670": ["Chị Lan", None, "Lan Anh"], "671": ["Anh Minh"]}


async def test_inv3_a_crash_between_any_two_steps_changes_nothing() -> None:
    """Every append and the commit is a step, and so is the way back from each."""
    calm = await send_commands()
    assert await work(calm, calm.log)
    expected = number_events(await calm.changes())
    crashes = 0
    for at_once in (1, 3, 100):
        for steps in range(1_000):
            shop = await send_commands()
            if await work(shop, Client(shop.log, steps, at_once)):
                break
            crashes += 1
            assert await work(shop, Client(shop.log, None, at_once))
            assert number_events(await shop.changes()) == expected
            _same_results(await shop.results(), EXPECTED_RESULTS)
        else:
            raise AssertionError("the history has no end")
    assert crashes > 60


def _same_results(
    after_crashes: dict[str, set[tuple[str, int]]], calm: dict[str, set[tuple[str, int]]]
) -> None:
    """No result is wrong. A result that is sent again may be `applied` where the first one was
    `unchanged`: the version is the same."""
    assert after_crashes.keys() == calm.keys()
    for command_id, told in after_crashes.items():
        assert {version for _, version in told} == {version for _, version in calm[command_id]}
        assert told - calm[command_id] <= {
            ("applied", version) for outcome, version in calm[command_id] if outcome == "unchanged"
        }


COMMANDS_OF_TWO = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["1", "2"]), st.sampled_from([None, "Lan", "Minh"])),
        st.builds(
            rename,
            st.integers(0, 6),
            st.sampled_from(["1", "2"]),
            st.sampled_from([None, "A", "B"]),
            st.sampled_from([None, 1, 2, 3]),
        ),
        st.builds(note, st.integers(7, 9), st.sampled_from(["1", "2"])),
    ),
    max_size=12,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(COMMANDS_OF_TWO, st.lists(st.integers(0, 40), max_size=4), st.integers(1, 5))
def test_inv3_however_often_it_crashes_the_log_is_the_same(
    history: list[Any], crashes: list[int], at_once: int
) -> None:
    async def run() -> None:
        calm = await send_commands(tuple(history))
        assert await work(calm, calm.log)
        shop = await send_commands(tuple(history))
        for steps in crashes:
            await work(shop, Client(shop.log, steps, at_once))
        assert await work(shop, Client(shop.log, None, at_once))
        assert number_events(await shop.changes()) == number_events(await calm.changes())
        _same_results(await shop.results(), await calm.results())

    asyncio.run(run())


async def test_r9_2_a_crash_before_the_commit_writes_no_event_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def crash(_: object) -> None:
        raise CrashError

    shop = await send_commands()
    with monkeypatch.context() as patch:
        patch.setattr("tuyen_platform.kafka.memory.InMemorySubscription.commit", crash)
        assert not await work(shop, shop.log)
    before = await shop.records()
    assert await work(shop, shop.log)
    assert len(await shop.records()) == len(before)


async def test_inv3_of_two_who_decide_the_same_each_event_counts_once() -> None:
    """A worker is paused after the events and before their state. Another one takes over and
    continues. Then the first one resumes: its state is the last record of the contact, and
    compaction would keep it. The second one notices it when it writes the state of another
    contact."""
    shop, awake = await send_commands((("670", None), ("671", "Minh"))), asyncio.Event()
    assert await work(shop, shop.log)
    await shop.ask(rename(1, "670", "A"))
    first = Client(shop.log, hold={CRM_STATE.name: awake})
    sleeping = asyncio.create_task(CommandDecider(first).run())
    await shop.wait_until_made(3)
    for command in (rename(11, "670", "B"), rename(12, "670", "C")):
        await shop.ask(command)
    second = asyncio.create_task(CommandDecider(shop.log).run())
    await until(lambda: shop.has_committed(decider.GROUP, CRM_COMMANDS))
    awake.set()
    await until(lambda: _ends_with(shop, sequence=2))
    sleeping.cancel()
    await shop.ask(rename(13, "671", "D"))
    await until(lambda: shop.has_committed(decider.GROUP, CRM_COMMANDS))
    second.cancel()
    await asyncio.gather(sleeping, second, return_exceptions=True)
    again = await compact(shop)
    await again.ask(rename(14, "670", "E"))
    assert await work(again, again.log)
    assert list(number_events(await again.contacts())[contact("670")]) == [1, 2, 3, 4, 5]


async def test_a_late_record_is_found_by_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that has nothing to write notices another one's records as well."""
    monkeypatch.setattr("tuyen_crm.decider._CHECK_EVERY_S", 0.0)
    shop = await send_commands(HISTORY[:2])
    working = asyncio.create_task(CommandDecider(shop.log).run())
    await until(lambda: shop.has_committed(decider.GROUP, CRM_COMMANDS))
    late = (await states(shop))[-1]
    value = (late.value or b"").replace(b'"sequence":2', b'"sequence":1')
    key = (late.key or b"").decode()
    headers = (("handled", b"0"),)
    await shop.log.append_bytes(CRM_STATE, key, value, headers, partition=late.partition)
    await until(lambda: _ends_with(shop, sequence=2))
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def states(shop: Shop) -> list[Record]:
    """The records of contacts, children and the setup in the state, all of one organization."""
    return [each for each in await shop.records(CRM_STATE) if b"/" in (each.key or b"")]


async def _ends_with(shop: Shop, sequence: int) -> bool:
    last = (await states(shop))[-1].value or b""
    return f'"sequence":{sequence},'.encode() in last


async def compact(shop: Shop) -> Shop:
    """The same log after Kafka has compacted the state: of each key the last record."""
    other = Shop()
    other.log._groups = shop.log._groups
    last: dict[tuple[int, bytes | None], int] = {}
    for topic in (CONTACTS, CRM_COMMANDS, CRM_RESULTS, CRM_STATE):
        records = await shop.records(topic)
        for place, record in enumerate(records):
            last[record.partition, record.key] = place
        for place, record in enumerate(records):
            if topic is not CRM_STATE or last[record.partition, record.key] == place:
                await other.log.append_bytes(
                    topic,
                    (record.key or b"").decode(),
                    record.value,
                    record.headers,
                    partition=record.partition,
                )
    return other


async def test_r9_6_a_start_reads_the_state_and_not_what_ever_happened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = await send_commands()
    assert await work(shop, shop.log)
    tails: list[str] = []
    tail = shop.log.tail

    def following(*topics: Any, from_start: bool = True) -> Any:
        tails.extend(topic.name for topic in topics)
        return tail(*topics, from_start=from_start)

    monkeypatch.setattr(shop.log, "tail", following)
    await shop.ask(rename(8, "670", "X"))
    assert await work(shop, shop.log)
    assert tails == [CRM_STATE.name]
    kept = [each for each in await states(await compact(shop)) if each.value is not None]
    assert len(kept) == 4


async def test_contacts_that_earlier_versions_made_are_taken_over_once(shop: Shop) -> None:
    made = await send_commands(HISTORY[:1])
    assert await work(made, made.log)
    for record in await made.records():
        await shop.log.append_bytes(
            CONTACTS,
            (record.key or b"").decode(),
            record.value,
            record.headers,
            partition=record.partition,
        )
    await shop.write("670", "Lan")
    await shop.ask(rename(1, "670", "Chị Lan"))
    async with shop.run_crm():
        await shop.wait_until_made(2)
        await shop.wait_until_settled()
    events = number_events(await shop.changes())[contact("670")]
    assert list(events) in ([1, 2], [1, 2, 3])
    homes = {record.partition for record in await shop.records()}
    assert len(homes) == 1


async def test_a_long_recovery_is_no_stuck_loop(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is not alive for 120 s is started again, and would never recover."""
    steps: list[str] = []
    monkeypatch.setattr(ConsumerStatus, "note_progress", lambda _: steps.append("worked"))
    read_to_end = sole_writer.read_to_end

    async def read_and_note(log: Log, topic: Topic, take: Any) -> None:
        steps.append(f"reads {topic.name}")
        await read_to_end(log, topic, take)

    monkeypatch.setattr("tuyen_crm.states.read_to_end", read_and_note)
    monkeypatch.setattr("tuyen_platform.kafka.sole_writer.read_to_end", read_and_note)
    await shop.write("670")
    async with shop.run_crm():
        await shop.wait_until_settled()
    assert steps[:4] == ["reads crm-state", "worked", "reads contacts", "worked"]


async def test_a_contact_of_another_organization_is_not_there(shop: Shop) -> None:
    await shop.write("670", "Lan")
    async with shop.run_crm():
        await shop.wait_until_made(1)
        other = OrganizationId("sao-mai")
        await shop.ask(msgspec.structs.replace(rename(1, "670", "X"), organization=other))
        await shop.wait_until_settled()
    assert await shop.results() == {"cmd_1": {("not_found", 0)}}


async def test_r9_5_a_command_that_cannot_be_decided_is_put_aside_and_the_next_one_is_decided(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = await send_commands(HISTORY[:2])
    entity = BY_COMMAND[RenameContact]

    def raising(known: KnownState, command: RenameContact) -> CommandDecision:
        if command.name == "odd":
            raise OverflowError("what nobody expected")
        return entity.decide(known, command)

    breaking: dict[type[CrmCommand], AnyEntity] = {
        **BY_COMMAND,
        RenameContact: replace(entity, decide=raising),
    }
    monkeypatch.setattr("tuyen_crm.decider.BY_COMMAND", breaking)
    await shop.ask(rename(20, "670", "odd"))
    await shop.log.append_bytes(CRM_COMMANDS, SHOP, b"{broken", [("ce_type", b"contact.rename.v1")])
    await shop.ask(rename(21, "670", "fine"))
    assert await work(shop, shop.log)
    # A newer gateway may ask for what this version cannot do.
    newer = [("ce_type", b"contact.embellish.v1"), ("ce_id", b"evt_1")]
    await shop.log.append_bytes(CRM_COMMANDS, SHOP, b"{}", newer)
    await shop.ask(rename(22, "670", "finer"))
    assert await work(shop, shop.log)
    assert len(await shop.records(DEAD_LETTERS)) == 3
    results = await shop.results()
    assert (results["cmd_21"], results["cmd_22"]) == ({("applied", 3)}, {("applied", 4)})
    # Whoever waits for one of the others, as a job does, is told that it will not be carried out.
    assert (results["cmd_20"], results["evt_1"]) == ({("refused", 0)}, {("refused", 0)})
    assert results.keys() == {"cmd_1", "cmd_20", "cmd_21", "cmd_22", "evt_1"}
    refusals = [
        each.refusal
        for each in await shop.read_events(CRM_RESULTS)
        if isinstance(each, CrmCommandSettled) and each.outcome is CrmOutcome.REFUSED
    ]
    assert refusals == [CrmRefusal.FAILED] * 2


async def test_c2_a_command_that_is_sent_again_is_answered_in_full() -> None:
    """As when an import continues after a crash."""
    shop = Shop()
    phones = ("+84912345678",)
    await shop.ask(add_contact(1, "1", phones, assignee=AgentId("an")))
    await shop.ask(add_contact(2, "2", phones, assignee=AgentId("binh")))
    await shop.ask(add_contact(3, "3", phones, assignee=AgentId("an")))
    await shop.ask(add_contact(2, "2", phones, assignee=AgentId("binh")))
    await shop.ask(add_contact(3, "3", phones, assignee=AgentId("an")))
    assert await work(shop, shop.log)
    settled = await shop.read_events(CRM_RESULTS)
    told = [
        (each.command_id, each.survivor, each.known_elsewhere, each.version)
        for each in settled
        if isinstance(each, CrmCommandSettled)
    ]
    assert told[1][2] == phones
    assert told[2][1] == "con_1"
    assert told[3:] == told[1:3]


def add_contact(number: int, name: str, phones: tuple[str, ...], **fields: Any) -> AddContact:
    return AddContact(
        command_id=f"cmd_{number}",
        organization=SHOP,
        contact_id=ContactId(f"con_{name}"),
        at=MOMENT,
        phones=phones,
        by=AgentId("boss"),
        administrator=True,
        **fields,
    )
