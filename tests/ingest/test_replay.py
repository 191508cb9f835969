"""P3, P4: kept bodies and dead letters are read again, with the same ids and times."""

from datetime import timedelta

import pytest

from ingest.rig import START, Rig, connect_page, envelopes, records, running
from support.facebook import PAGE, body, comment, entry, live_comment, live_video, message, video
from tuyen_channels.facebook import wire
from tuyen_events.ids import PageId
from tuyen_events.inbound import CommentAdded, InboundEvent
from tuyen_events.topics import DEAD_LETTERS, INBOUND, RAW
from tuyen_ingest.replay import Outcome, kept, replay
from tuyen_platform.kafka.memory import InMemoryLog

POST = f"{PAGE}_690"


async def replayed(rig: Rig, what: str) -> Outcome:
    return await replay(rig.ingest, rig.log, what, None)


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
    assert await replayed(rig, "raw") == Outcome(bodies=3, events=6, failures=0)
    after = await envelopes(log, INBOUND)
    assert len(after) == 2 * len(before)
    again = {envelope.id: envelope for envelope in after}
    assert {envelope.id: envelope for envelope in before} == again
    assert len(await records(log, RAW)) == 3


async def test_p3_a_replay_brings_the_events_of_a_page_that_was_not_known(
    rig: Rig, log: InMemoryLog
) -> None:
    await rig.send(entry(page="99", messaging=[message("m_1")]))
    assert not await envelopes(log, INBOUND)
    await connect_page(log, "99", PageId("moi"))
    rig.clock.advance(timedelta(days=1))
    async with running(log) as later:
        await later.ready()
        assert await replayed(later, "raw") == Outcome(bodies=1, events=1, failures=0)
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
    listed = [found async for found in kept(log, "dead-letters", None)]
    assert [found.channel for found in listed] == ["facebook", "facebook"]
    assert all(found.error and found.accepted_at == START for found in listed)

    rig.clock.advance(timedelta(hours=1))
    assert await replayed(rig, "dead-letters") == Outcome(bodies=2, events=2, failures=0)
    events = [envelope.data for envelope in await envelopes(log, INBOUND)]
    assert [e.external_id for e in events if isinstance(e, CommentAdded)] == ["1_1", "1_2"]
    assert all(isinstance(e, InboundEvent) and e.accepted_at == START for e in events)


async def test_p4_what_still_cannot_be_read_stays_where_it_is(rig: Rig, log: InMemoryLog) -> None:
    await rig.send(entry(changes=[comment("1_1", created_time="hôm qua")]))
    assert await replayed(rig, "dead-letters") == Outcome(bodies=1, events=0, failures=1)
    assert len(await records(log, DEAD_LETTERS)) == 1


async def test_what_is_listed_can_be_cut_by_time(rig: Rig, log: InMemoryLog) -> None:
    await rig.send(entry(messaging=[message("m_1")]))
    rig.clock.advance(timedelta(hours=1))
    later = body(entry(messaging=[message("m_2")]))
    await rig.post(later)
    since = START + timedelta(minutes=30)
    assert [found.body async for found in kept(log, "raw", since)] == [later]
    assert len([found async for found in kept(log, "raw", None)]) == 2
