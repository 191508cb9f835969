"""What becomes of the events in a webhook that was accepted, over the log in memory."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from ingest.rig import (
    HOA_SEN,
    PAGE_ID,
    START,
    Rig,
    connect_page,
    envelopes,
    records,
    running,
)
from support.facebook import PAGE, comment, entry, live_comment, live_video, message, video
from tuyen_channels.facebook import parser
from tuyen_events.dead_letters import DeadLettered
from tuyen_events.ids import OrganizationId, PageId
from tuyen_events.inbound import CommentAdded, InboundEvent
from tuyen_events.limits import EVENT_BYTES
from tuyen_events.posts import PostClassified
from tuyen_events.topic import Topic
from tuyen_events.topics import DEAD_LETTERS, DIRECTORY, INBOUND, POSTS, RAW
from tuyen_ingest import acceptance
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import LogUnavailableError, ProducerRecord, RecordMetadata
from tuyen_platform.metrics import SKIPPED_UPDATES

POST = f"{PAGE}_690"


async def test_p4_a_bad_part_becomes_a_dead_letter_and_the_others_pass(
    rig: Rig, log: InMemoryLog
) -> None:
    bad = comment("1_2", created_time="hôm qua")
    await rig.send(entry(changes=[comment("1_1"), bad, comment("1_3")]))
    events = [envelope.data for envelope in await envelopes(log, INBOUND)]
    assert [e.external_id for e in events if isinstance(e, CommentAdded)] == ["1_1", "1_3"]
    ((record,), (letter,)) = (
        await records(log, DEAD_LETTERS),
        await envelopes(log, DEAD_LETTERS),
    )
    (raw,) = await records(log, RAW)
    assert record.key == PAGE.encode()
    assert isinstance(letter.data, DeadLettered)
    assert (letter.data.service, letter.data.origin) == ("ingest", "facebook")
    assert letter.data.delivery_id.encode() == dict(raw.headers)["delivery_id"]
    assert letter.data.at == START
    assert "created_time" in letter.data.error


async def test_r9_3_events_carry_their_id_their_customers_key_and_the_time_of_acceptance(
    rig: Rig, log: InMemoryLog
) -> None:
    with capture_logs() as logs:
        await rig.send(entry(messaging=[message("m_1")]))
    ((record,), (envelope,)) = await records(log, INBOUND), await envelopes(log, INBOUND)
    assert record.key == f"{HOA_SEN}/{PAGE_ID}/6700000000000001".encode()
    assert envelope.source == "tuyen/ingest"
    assert isinstance(envelope.data, InboundEvent)
    assert envelope.data.accepted_at == envelope.time == START
    (line,) = [line for line in logs if line["event"] == "webhook_accepted"]
    assert line["events"] == [envelope.id]
    assert line["delivery_id"].startswith("dlv_")


async def test_r9_2_a_webhook_that_comes_twice_has_the_same_ids(rig: Rig, log: InMemoryLog) -> None:
    for _ in range(2):
        await rig.send(entry(messaging=[message("m_1"), {"sender": {}}]))
    for topic in (INBOUND, DEAD_LETTERS):
        assert len({envelope.id for envelope in await envelopes(log, topic)}) == 1
        assert len(await envelopes(log, topic)) == 2


async def test_r9_3_events_of_one_customer_are_in_the_order_of_acceptance(
    rig: Rig, log: InMemoryLog
) -> None:
    for first in range(0, 30, 3):
        await rig.send(entry(messaging=[message(f"m_{first + n}") for n in range(3)]))
    events = [envelope.data for envelope in await envelopes(log, INBOUND)]
    assert [getattr(event, "external_id", None) for event in events] == [
        f"m_{number}" for number in range(30)
    ]


async def test_p4_events_of_a_page_that_is_not_known_are_kept_raw_counted_and_skipped(
    rig: Rig, log: InMemoryLog
) -> None:
    counter = SKIPPED_UPDATES.labels("facebook", "unknown_page")
    before = counter._value.get()
    answer = await rig.send(entry(page="99", messaging=[message("m_1"), message("m_2")]))
    assert answer.status_code == 200
    assert counter._value.get() == before + 2
    assert len(await records(log, RAW)) == 1
    assert not await records(log, INBOUND)


async def test_r9_5_what_is_skipped_is_counted_by_its_reason_however_much_it_is(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted one by one, the two million that a body has room for stop all others for seconds."""
    looked_up = []
    labels = SKIPPED_UPDATES.labels

    def count(channel: str, why: str) -> Any:
        looked_up.append(why)
        return labels(channel, why)

    before = labels("facebook", "unknown_page")._value.get()
    monkeypatch.setattr(SKIPPED_UPDATES, "labels", count)
    assert (await rig.send(entry(changes=[0] * 10_000, page="1"))).status_code == 200
    assert labels("facebook", "unknown_page")._value.get() - before == 10_000
    assert looked_up == ["unknown_page"]


async def test_r9_1_a_page_that_was_connected_a_moment_ago_is_known(
    rig: Rig, log: InMemoryLog
) -> None:
    await connect_page(log, "99", PageId("moi"))
    await rig.send(entry(page="99", messaging=[message("m_1")]))
    assert len(await records(log, INBOUND)) == 1


async def test_r9_1_while_the_directory_is_behind_an_unknown_page_is_503_and_kept(
    rig: Rig, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = (
        entry(page="99", messaging=[message("m_1", page="99")]),
        entry(messaging=[message("m_2")]),
    )
    ends = log.end_offsets

    async def ahead(topic: Topic) -> Mapping[int, int]:
        found = await ends(topic)
        return {part: end + (topic is DIRECTORY) for part, end in found.items()}

    with monkeypatch.context() as lagging:
        lagging.setattr(acceptance, "_REFRESH_WITHIN_S", 0.05)
        lagging.setattr(log, "end_offsets", ahead)
        answer = await rig.send(*both)
    assert answer.status_code == 503
    assert "retry-after" in answer.headers
    assert len(await records(log, RAW)) == 1
    assert len(await envelopes(log, INBOUND)) == 1
    await connect_page(log, "99", PageId("moi"))
    assert (await rig.send(*both)).status_code == 200
    told = await envelopes(log, INBOUND)
    assert (len(told), len({envelope.id for envelope in told})) == (3, 2)


async def test_r9_1_an_unknown_page_is_503_while_the_end_of_the_log_is_unknown(
    rig: Rig, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(topic: Topic) -> Mapping[int, int]:
        raise LogUnavailableError("no answer")

    with monkeypatch.context() as fault:
        fault.setattr(log, "end_offsets", away)
        answer = await rig.send(entry(page="99", messaging=[message("m_1")]))
        assert answer.status_code == 503
        assert (await rig.send(entry(messaging=[message("m_2")]))).status_code == 200
    assert len(await records(log, RAW)) == 2


async def test_p5a_livestreams_are_remembered_by_this_and_by_the_next_process(
    rig: Rig, log: InMemoryLog
) -> None:
    await rig.send(entry(changes=[live_comment("690_1", POST)]))
    await rig.send(entry(changes=[video(POST, "334")]))
    await rig.send(entry(changes=[live_video("334", "live")]))
    await rig.send(entry(changes=[live_comment("690_2", POST)]))
    facts = [envelope.data for envelope in await envelopes(log, POSTS)]
    assert all(isinstance(fact, PostClassified) for fact in facts)
    assert {record.key for record in await records(log, POSTS)} == {
        f"{HOA_SEN}/{PAGE_ID}/{POST}".encode(),
        f"{HOA_SEN}/{PAGE_ID}/video:334".encode(),
    }
    async with running(log) as another:
        await another.ready()
        await another.send(entry(changes=[live_comment("690_3", POST)]))
    events = [envelope.data for envelope in await envelopes(log, INBOUND)]
    live = {e.external_id: e.livestream for e in events if isinstance(e, CommentAdded)}
    assert live == {"690_1": False, "690_2": True, "690_3": True}


async def test_p4_an_event_beyond_all_measure_is_a_dead_letter_and_no_reason_to_deliver_again(
    rig: Rig, log: InMemoryLog
) -> None:
    long = message("m_1", text="a" * (EVENT_BYTES + 1))
    answer = await rig.send(entry(messaging=[long, message("m_2")]))
    assert answer.status_code == 200
    assert len(await records(log, INBOUND)) == 1
    assert len(await records(log, DEAD_LETTERS)) == 1


async def test_inv5_r9_5_an_event_beyond_all_measure_is_a_dead_letter_of_its_own_page(
    rig: Rig, log: InMemoryLog
) -> None:
    """A body of the channel contains events of several organizations, in any order."""
    other, rival = "2002", OrganizationId("rival")
    await connect_page(log, other, PageId("theirs"), organization=rival)
    await rig.reads_directory()
    long = message("m_1", text="a" * (EVENT_BYTES + 1), page=other)
    await rig.send(entry(messaging=[message("m_2")]), entry(messaging=[long], page=other))
    ((record,), (letter,)) = (
        await records(log, DEAD_LETTERS),
        await envelopes(log, DEAD_LETTERS),
    )
    assert record.key == other.encode()
    assert isinstance(letter.data, DeadLettered)
    assert letter.data.owners == {other: "rival/theirs"}


class SilentLog(InMemoryLog):
    """A log that takes records and acknowledges them only when it is told to."""

    silent = False

    async def append_all(
        self, records: Sequence[ProducerRecord], *, within_s: float = 30.0
    ) -> list[RecordMetadata]:
        appended = await super().append_all(records, within_s=within_s)
        if self.silent:
            raise LogUnavailableError("no acknowledgement")
        return appended


async def test_p2_what_the_log_does_not_acknowledge_is_answered_503_and_delivered_again() -> None:
    log = SilentLog()
    await connect_page(log)
    async with running(log) as rig:
        await rig.ready()
        log.silent = True
        answer = await rig.send(entry(changes=[video(POST, "334"), live_video("334", "live")]))
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert answer.headers["content-type"] == "application/problem+json"
        log.silent = False
        await rig.send(entry(changes=[video(POST, "334"), live_video("334", "live")]))
        await rig.send(entry(changes=[live_comment("690_1", POST)]))
    events = await envelopes(log, INBOUND)
    assert len(events) == 5
    assert len({envelope.id for envelope in events}) == 3
    (live,) = [e.data for e in events if isinstance(e.data, CommentAdded)]
    assert live.livestream


async def test_r9_5_a_body_that_breaks_its_parser_is_kept_and_put_aside(
    rig: Rig, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("nobody expected it")

    with monkeypatch.context() as fault:
        fault.setattr(parser, "parse", broken)
        assert (await rig.send(entry(messaging=[message("m_1")]))).status_code == 200
    assert len(await records(log, RAW)) == 1
    (letter,) = await envelopes(log, DEAD_LETTERS)
    assert isinstance(letter.data, DeadLettered)
    assert letter.data.error == "ZeroDivisionError: nobody expected it"
