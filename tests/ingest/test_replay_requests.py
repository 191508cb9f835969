"""P3, P4: what organizations request to be read again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import msgspec
import pytest

from ingest.rig import (
    HOA_SEN,
    PAGE_ID,
    START,
    Rig,
    connect_page,
    envelopes,
    records,
    remove_page,
)
from support.facebook import PAGE, comment, entry, message
from tuyen_channels.facebook import wire
from tuyen_events.dead_letters import DeadLetterSettled, LetterOutcome
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, OrganizationId, PageId
from tuyen_events.inbound import InboundEvent
from tuyen_events.replays import (
    LetterPlace,
    ReplayProgressed,
    ReplayRequested,
    ReplayState,
    replay_key,
)
from tuyen_events.topics import DEAD_LETTERS, INBOUND, REPLAYS
from tuyen_ingest.ingest import Ingest
from tuyen_ingest.replay_requests import ReplayTable, run_replays
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.ports import LogUnavailableError

OTHER, SAO_MAI = "104000000000002", OrganizationId("sao-mai")


def request(replay_id: str = "rpl_1", **fields: object) -> ReplayRequested:
    given = {
        "replay_id": replay_id,
        "organization": HOA_SEN,
        "at": START,
        "by": AgentId("admin"),
        **fields,
    }
    return ReplayRequested(**given)  # type: ignore[arg-type]  # of any field


async def ask(log: InMemoryLog, requested: ReplayRequested) -> None:
    envelope = Envelope(
        id=f"evt_{requested.replay_id}",
        source="test",
        subject=requested.replay_id,
        time=requested.at,
        data=requested,
    )
    partition = partition_of(requested.replay_id, REPLAYS.partitions)
    await log.append(REPLAYS, replay_key(requested), envelope, partition=partition)


@asynccontextmanager
async def working(ingest: Ingest, log: InMemoryLog) -> AsyncIterator[None]:
    """An ingest process that carries requests out."""
    requests = ReplayTable(log)
    tasks = [
        asyncio.create_task(requests.table.run()),
        asyncio.create_task(run_replays(ingest, log, requests)),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def ends_of(log: InMemoryLog) -> list[ReplayProgressed]:
    return [
        envelope.data
        for envelope in await envelopes(log, REPLAYS)
        if isinstance(envelope.data, ReplayProgressed)
        and envelope.data.state is not ReplayState.RUNNING
    ]


async def carry_out(rig: Rig, log: InMemoryLog, *requested: ReplayRequested) -> ReplayProgressed:
    """The end of the last of these."""
    for one in requested:
        await ask(log, one)
    wanted = {one.replay_id for one in requested}
    async with working(rig.ingest, log):

        async def have_ended() -> bool:
            return wanted <= {end.replay_id for end in await ends_of(log)}

        async with asyncio.timeout(20):
            while not await have_ended():  # noqa: ASYNC110 - the log in memory cannot notify here
                await asyncio.sleep(0.01)
    return [end for end in await ends_of(log) if end.replay_id == requested[-1].replay_id][-1]


async def read(log: InMemoryLog) -> list[tuple[str, str]]:
    """Whose events are in the log, by their ids."""
    found = [(one.id, one.data) for one in await envelopes(log, INBOUND)]
    return [(name, event.organization) for name, event in found if isinstance(event, InboundEvent)]


async def break_comments(rig: Rig, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two comments cannot be read for a while."""
    with monkeypatch.context() as fault:
        fault.setattr(wire, "feed_value_of", wire.live_video_of)
        await rig.send(entry(changes=[comment("1_1"), comment("1_2")]))
    assert not await envelopes(log, INBOUND)


async def places(log: InMemoryLog) -> list[LetterPlace]:
    return [
        LetterPlace(
            letter_id=dict(record.headers)["ce_id"].decode(),
            partition=record.partition,
            offset=record.offset,
        )
        for record in await records(log, DEAD_LETTERS)
    ]


async def test_p4_one_dead_letter_is_sent_again_and_settled(
    rig: Rig, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    await break_comments(rig, log, monkeypatch)
    first, second = await places(log)
    end = await carry_out(rig, log, request(letter=second))
    assert (end.state, end.bodies, end.events) == (ReplayState.DONE, 1, 1)
    assert len(await read(log)) == 1
    settled = (await envelopes(log, DEAD_LETTERS))[-1].data
    assert isinstance(settled, DeadLetterSettled)
    assert (settled.letter_id, settled.outcome) == (second.letter_id, LetterOutcome.SENT)
    assert settled.by == "admin"
    assert (await records(log, DEAD_LETTERS))[-1].partition == second.partition
    again = await carry_out(rig, log, request("rpl_2", letter=second))
    assert again.events == 1
    assert len(set(await read(log))) == 1
    assert first.letter_id != second.letter_id


async def test_p4_a_dead_letter_that_is_not_stored_any_more_fails(
    rig: Rig, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    await break_comments(rig, log, monkeypatch)
    place, _ = await places(log)
    for number, gone in enumerate(
        (
            LetterPlace(letter_id="evt_other", partition=place.partition, offset=place.offset),
            LetterPlace(letter_id=place.letter_id, partition=place.partition, offset=99),
        )
    ):
        end = await carry_out(rig, log, request(f"rpl_{number}", letter=gone))
        assert end.state is ReplayState.FAILED
        assert "stored" in (end.detail or "")
    assert not await read(log)


async def test_r7_a_dead_letter_of_anothers_page_is_not_read(
    rig: Rig, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    await break_comments(rig, log, monkeypatch)
    place, _ = await places(log)
    stranger = await carry_out(rig, log, request(organization=SAO_MAI, letter=place))
    assert (stranger.events, stranger.failures) == (0, 0)
    await remove_page(log)
    rig.clock.advance(timedelta(hours=1))
    await connect_page(log, PAGE, PageId("vay"), organization=SAO_MAI, at=rig.clock.now())
    await rig.reads_directory()
    owner = await carry_out(rig, log, request("rpl_2", letter=place))
    new_owner = await carry_out(rig, log, request("rpl_3", organization=SAO_MAI, letter=place))
    assert (owner.events, owner.withheld) == (0, 1)
    assert (new_owner.events, new_owner.withheld) == (0, 1)
    assert not await read(log)


async def test_p3_a_stretch_brings_what_is_missing_of_the_organizations_pages_alone(
    rig: Rig, log: InMemoryLog
) -> None:
    await connect_page(log, OTHER, PageId("khac"), organization=SAO_MAI)
    await rig.reads_directory()
    for number in range(3):
        await rig.send(
            entry(messaging=[message(f"m_{number}")]),
            entry(page=OTHER, messaging=[message(f"n_{number}", page=OTHER)]),
            entry(page="99", messaging=[message(f"o_{number}", page="99")]),
        )
        rig.clock.advance(timedelta(hours=1))
    before = await read(log)
    assert len(before) == 6
    await connect_page(log, "99", PageId("moi"))
    await rig.reads_directory()
    stretch = request(since=START + timedelta(minutes=30), until=START + timedelta(hours=2))
    end = await carry_out(rig, log, stretch)
    assert (end.bodies, end.events, end.failures, end.withheld) == (1, 2, 0, 0)
    after = await read(log)
    assert {owner for _, owner in set(after) - set(before)} == {HOA_SEN}
    assert len(set(after) - set(before)) == 1
    again = await carry_out(rig, log, replace_id(stretch, "rpl_2"))
    assert again.events == 2
    assert set(await read(log)) == set(after)


def replace_id(requested: ReplayRequested, replay_id: str) -> ReplayRequested:
    return msgspec.structs.replace(requested, replay_id=replay_id)


async def test_p3_a_stretch_can_be_of_one_page(rig: Rig, log: InMemoryLog) -> None:
    await connect_page(log, OTHER, PageId("khac"))
    await rig.reads_directory()
    await rig.send(
        entry(messaging=[message("m_1")]), entry(page=OTHER, messaging=[message("m_2", page=OTHER)])
    )
    end = await carry_out(rig, log, request(since=START, page_id=PAGE_ID))
    assert (end.bodies, end.events) == (1, 1)


async def test_r9_5_a_replay_that_raises_fails_and_the_others_go_on(
    rig: Rig, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    await connect_page(log, OTHER, PageId("khac"), organization=SAO_MAI)
    await rig.reads_directory()
    await rig.send(entry(messaging=[message("m_1")]))
    accept_again = rig.ingest.acceptance.accept_again
    failing = {"left": 1}

    async def sometimes(*arguments: object) -> object:
        if failing["left"]:
            failing["left"] -= 1
            raise ZeroDivisionError
        return await accept_again(*arguments)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(rig.ingest.acceptance, "accept_again", sometimes)
    await carry_out(rig, log, request("rpl_1", since=START), request("rpl_2", since=START))
    states = {end.replay_id: end.state for end in await ends_of(log)}
    assert sorted(states.values()) == [ReplayState.DONE, ReplayState.FAILED]


async def test_r9_1_a_replay_that_was_interrupted_begins_again(
    rig: Rig, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rig.send(entry(messaging=[message("m_1")]))
    append_all = log.append_all
    unavailable = {"left": 1}

    async def sometimes(*arguments: object, **named: object) -> object:
        if unavailable["left"]:
            unavailable["left"] -= 1
            raise LogUnavailableError("inbound")
        return await append_all(*arguments, **named)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(log, "append_all", sometimes)
    end = await carry_out(rig, log, request(since=START))
    assert (end.state, end.events) == (ReplayState.DONE, 1)
    assert len(await ends_of(log)) == 1
