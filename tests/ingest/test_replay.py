"""P3, P4: kept bodies and dead letters are read again, with the same ids and times."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest

from ingest.rig import (
    HOA_SEN,
    START,
    Rig,
    connect_page,
    envelopes,
    records,
    remove_page,
    running,
    suspend,
)
from support.facebook import PAGE, body, comment, entry, live_comment, live_video, message, video
from tuyen_channels.facebook import wire
from tuyen_events.event import Envelope
from tuyen_events.ids import OrganizationId, PageId
from tuyen_events.inbound import CommentAdded, InboundEvent, PostPublished
from tuyen_events.topics import DEAD_LETTERS, INBOUND, RAW
from tuyen_ingest.body_replay import ReplayResult, ReplaySelection, replay
from tuyen_ingest.domain.pages import ReplayScope
from tuyen_ingest.stored_bodies import TimeRange, read_stored
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import LogUnavailableError, ProducerRecord, RecordMetadata

POST = f"{PAGE}_690"


async def replay_bodies(rig: Rig, what: str) -> ReplayResult:
    return await replay(rig.ingest, rig.log, ReplaySelection(what=what))


async def test_p3_a_replay_of_raw_writes_the_same_ids_and_times_again(
    rig: Rig, log: InMemoryLog
) -> None:
    for part in (
        entry(messaging=[message("m_1"), message("m_2")]),
        entry(changes=[live_comment("690_1", POST), video(POST, "334")]),
        entry(changes=[live_video("334", "live"), live_comment("690_2", POST)]),
    ):
        await rig.send(part)
        rig.clock.advance(timedelta(seconds=1))
    before = await envelopes(log, INBOUND)
    rig.clock.advance(timedelta(days=3))
    assert await replay_bodies(rig, "raw") == ReplayResult(bodies=3, events=6, failures=0)
    after = await envelopes(log, INBOUND)
    assert len(after) == 2 * len(before)
    assert _forget_later_knowledge(before) == _forget_later_knowledge(after)
    assert len(await records(log, RAW)) == 3


def _forget_later_knowledge(found: Sequence[Envelope]) -> dict[str, Envelope]:
    """By id. That a video post is a livestream may be known only when it is read again."""
    return {
        each.id: msgspec.structs.replace(
            each, data=msgspec.structs.replace(each.data, livestream=False)
        )
        if isinstance(each.data, PostPublished)
        else each
        for each in found
    }


async def test_p3_a_replay_brings_the_events_of_a_page_that_was_not_known(
    rig: Rig, log: InMemoryLog
) -> None:
    await rig.send(entry(page="99", messaging=[message("m_1")]))
    assert not await envelopes(log, INBOUND)
    await connect_page(log, "99", PageId("moi"))
    rig.clock.advance(timedelta(days=1))
    async with running(log) as later:
        await later.ready()
        assert await replay_bodies(later, "raw") == ReplayResult(bodies=1, events=1, failures=0)
    (found,) = await envelopes(log, INBOUND)
    assert isinstance(found.data, InboundEvent)
    assert found.data.accepted_at == START


async def test_p4_dead_letters_are_sent_again_after_a_fix(
    rig: Rig, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> wire.FeedValue:
        return wire.live_video_of(b"{}")  # type: ignore[return-value]  # fails before it returns

    with monkeypatch.context() as fault:
        fault.setattr(wire, "feed_value_of", broken)
        await rig.send(entry(changes=[comment("1_1"), comment("1_2")]))
    assert not await envelopes(log, INBOUND)
    listed = [found async for found in read_stored(log, "dead-letters")]
    assert [found.channel for found in listed] == ["facebook", "facebook"]
    assert all(found.error and found.accepted_at == START for found in listed)

    rig.clock.advance(timedelta(hours=1))
    assert await replay_bodies(rig, "dead-letters") == ReplayResult(bodies=2, events=2, failures=0)
    events = [envelope.data for envelope in await envelopes(log, INBOUND)]
    assert [e.external_id for e in events if isinstance(e, CommentAdded)] == ["1_1", "1_2"]
    assert all(isinstance(e, InboundEvent) and e.accepted_at == START for e in events)


async def test_p4_what_still_cannot_be_read_stays_where_it_is(rig: Rig, log: InMemoryLog) -> None:
    await rig.send(entry(changes=[comment("1_1", created_time="hôm qua")]))
    assert await replay_bodies(rig, "dead-letters") == ReplayResult(bodies=1, events=0, failures=1)
    assert len(await records(log, DEAD_LETTERS)) == 1


async def test_what_is_listed_can_be_cut_by_time(rig: Rig, log: InMemoryLog) -> None:
    await rig.send(entry(messaging=[message("m_1")]))
    rig.clock.advance(timedelta(hours=1))
    later = body(entry(messaging=[message("m_2")]))
    await rig.post(later)
    since = START + timedelta(minutes=30)
    assert [found.body async for found in read_stored(log, "raw", TimeRange(since))] == [later]
    assert len([found async for found in read_stored(log, "raw")]) == 2


async def test_p3_a_body_that_names_no_page_is_listed_and_read_again_for_the_operator_alone(
    rig: Rig, log: InMemoryLog
) -> None:
    nobodys, theirs = b'{"object":"page","entry":[{"time":1}]}', entry(messaging=[message("m_1")])
    await rig.post(nobodys)
    await rig.send(theirs)
    listed = [found async for found in read_stored(log, "raw")]
    assert [found.body for found in listed if not found.owners] == [nobodys]
    assert (await replay_bodies(rig, "raw")).bodies == 2
    of_hoa_sen = ReplaySelection(what="raw", readers=ReplayScope(HOA_SEN, None))
    assert (await replay(rig.ingest, rig.log, of_hoa_sen)).bodies == 1


SAO_MAI, THEIRS = OrganizationId("sao-mai"), PageId("vay")
OTHER = "104000000000002"


async def move_page(rig: Rig, log: InMemoryLog) -> None:
    """The page goes from Hoa Sen to Sao Mai."""
    await remove_page(log)
    rig.clock.advance(timedelta(hours=1))
    await connect_page(log, PAGE, THEIRS, organization=SAO_MAI, at=rig.clock.now())
    await rig.reads_directory()


async def owners(log: InMemoryLog) -> set[str]:
    """Whose events are in the log."""
    events = [envelope.data for envelope in await envelopes(log, INBOUND)]
    return {event.organization for event in events if isinstance(event, InboundEvent)}


async def test_r7_a_replay_gives_nobody_what_was_written_to_anothers_page(
    rig: Rig, log: InMemoryLog
) -> None:
    await connect_page(log, OTHER, PageId("khac"))
    await rig.reads_directory()
    await rig.send(
        entry(messaging=[message("m_1")], changes=[comment("1_1")]),
        entry(page=OTHER, messaging=[message("m_2", page=OTHER)]),
    )
    await move_page(rig, log)
    before = len(await envelopes(log, INBOUND))
    assert before == 3
    assert await replay_bodies(rig, "raw") == ReplayResult(
        bodies=1, events=1, failures=0, withheld=2
    )
    assert await owners(log) == {HOA_SEN}
    await rig.send(entry(messaging=[message("m_3")]))
    assert await owners(log) == {HOA_SEN, SAO_MAI}
    assert (await replay_bodies(rig, "raw")).withheld == 2


async def test_r7_a_replay_gives_nobody_what_came_while_its_page_was_not_known_yet(
    rig: Rig, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page was Hoa Sen's already, and this ingest's table of the directory was behind."""

    async def behind(within_s: float, *, min_interval_s: float = 0.0) -> bool:
        return False

    new = entry(page=OTHER, messaging=[message("m_1", page=OTHER)], changes=[comment("1_1")])
    with monkeypatch.context() as lagging:
        lagging.setattr(rig.ingest.tables[0], "refresh", behind)
        assert (await rig.send(new)).status_code == 503
    await connect_page(log, OTHER, PageId("khac"))
    await rig.reads_directory()
    assert await replay_bodies(rig, "raw") == ReplayResult(bodies=1, events=2, failures=0)
    assert await owners(log) == {HOA_SEN}
    await remove_page(log, PageId("khac"))
    rig.clock.advance(timedelta(hours=1))
    await connect_page(log, OTHER, THEIRS, organization=SAO_MAI, at=rig.clock.now())
    await rig.reads_directory()
    assert await replay_bodies(rig, "raw") == ReplayResult(
        bodies=1, events=0, failures=0, withheld=2
    )
    assert await owners(log) == {HOA_SEN}


async def test_r7_a_page_that_moves_while_another_is_looked_up_is_read_for_whose_it_is_kept(
    rig: Rig, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh = rig.ingest.tables[0].refresh

    async def moving(within_s: float, *, min_interval_s: float = 0.0) -> bool:
        monkeypatch.undo()
        await move_page(rig, log)
        return await refresh(within_s, min_interval_s=min_interval_s)

    monkeypatch.setattr(rig.ingest.tables[0], "refresh", moving)
    unknown = entry(page="99", messaging=[message("m_1", page="99")])
    assert (await rig.send(unknown, entry(messaging=[message("m_2")]))).status_code == 200
    assert await owners(log) == {SAO_MAI}
    assert await replay_bodies(rig, "raw") == ReplayResult(bodies=1, events=1, failures=0)
    assert await owners(log) == {SAO_MAI}


async def test_r7_a_replay_gives_nobody_a_dead_letter_of_anothers_page(
    rig: Rig, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as fault:
        fault.setattr(wire, "feed_value_of", wire.live_video_of)
        await rig.send(entry(changes=[comment("1_1")]))
    await move_page(rig, log)
    assert await replay_bodies(rig, "dead-letters") == ReplayResult(1, 0, 0, withheld=1)
    assert not await envelopes(log, INBOUND)


async def test_r9_2_of_a_body_that_came_again_after_its_page_moved_the_last_copy_counts(
    rig: Rig, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first copy is kept, and was not answered: the log failed beside it."""
    append_all = log.append_all

    async def only_the_body(
        records: Sequence[ProducerRecord], *, within_s: float
    ) -> list[RecordMetadata]:
        await append_all([each for each in records if each.topic is RAW], within_s=within_s)
        raise LogUnavailableError("inbound")

    sent = entry(messaging=[message("m_1")])
    with monkeypatch.context() as fault:
        fault.setattr(log, "append_all", only_the_body)
        assert (await rig.send(sent)).status_code == 503
    assert len(await records(log, RAW)) == 1
    await move_page(rig, log)
    assert (await rig.send(sent)).status_code == 200
    await remove_page(log, THEIRS, SAO_MAI)
    await connect_page(log, at=rig.clock.now())
    await rig.reads_directory()
    assert await replay_bodies(rig, "raw") == ReplayResult(1, 0, 0, withheld=1, overtaken=1)
    assert await owners(log) == {SAO_MAI}


@pytest.mark.parametrize("by", ["inactive", "suspended"])
async def test_r7_what_came_while_the_page_was_not_served_is_its_owners_alone(
    rig: Rig, log: InMemoryLog, by: str
) -> None:
    if by == "suspended":
        await suspend(log)
    else:
        await connect_page(log, status="inactive")
    await rig.reads_directory()
    await rig.send(entry(messaging=[message("m_1")]))
    await move_page(rig, log)
    assert await replay_bodies(rig, "raw") == ReplayResult(1, 0, 0, withheld=1)
    assert not await envelopes(log, INBOUND)


async def test_r9_1_a_body_of_before_owners_were_kept_is_read_while_its_page_is_as_it_was(
    rig: Rig, log: InMemoryLog
) -> None:
    await rig.send(entry(messaging=[message("m_1")]))
    (record,) = await records(log, RAW)
    headers = [(name, value) for name, value in record.headers if name != "owners"]
    await log.append_bytes(RAW, PAGE, record.value, headers)
    assert await replay_bodies(rig, "raw") == ReplayResult(bodies=2, events=2, failures=0)
    await move_page(rig, log)
    assert await replay_bodies(rig, "raw") == ReplayResult(
        bodies=2, events=0, failures=0, withheld=2
    )
    assert await owners(log) == {HOA_SEN}
