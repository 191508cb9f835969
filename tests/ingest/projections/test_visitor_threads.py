"""L4: visitors' threads follow the log, and are equal when they are folded again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from ingest.thread_events import AT, THREAD, assigned, replied, settled, wrote
from support.organizations import page
from support.processes import eventually
from tuyen_events.codec import encode
from tuyen_events.event import Envelope, Event
from tuyen_events.outbound_topics import OUTBOUND, OUTBOUND_RESULTS
from tuyen_events.topic import Topic
from tuyen_events.topics import ASSIGNMENTS, INBOUND
from tuyen_events.vocabulary import Channel
from tuyen_ingest.adapters.visitor_threads import InMemoryVisitorThreads
from tuyen_ingest.domain.organizations import KnownOrganizations
from tuyen_ingest.domain.threads import VisitorThread
from tuyen_ingest.projections.visitor_threads import is_of_a_site, run_visitor_threads
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.consumer import ConsumerStatus
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import Record
from tuyen_platform.projection import InMemoryPositions


class _ReadDirectory:
    """A directory that is read as a whole."""

    is_caught_up = True

    async def refresh(self, within_s: float, *, min_interval_s: float = 0.0) -> bool:
        return True


async def append(log: InMemoryLog, topic: Topic, event: Event) -> None:
    envelope = Envelope(id="evt_1", source="test", subject=THREAD, time=AT, data=event)
    await log.append(topic, THREAD, envelope)


@asynccontextmanager
async def folding(log: InMemoryLog) -> AsyncIterator[InMemoryVisitorThreads]:
    organizations, threads = KnownOrganizations(), InMemoryVisitorThreads()
    site = page("site", organization="hoa-sen", channel=Channel.LIVECHAT)
    organizations.apply(site.organization, site, 1)
    task = asyncio.create_task(
        run_visitor_threads(
            log,
            threads=threads,
            positions=InMemoryPositions(),
            organizations=organizations,
            directory=_ReadDirectory(),
            status=ConsumerStatus(),
        )
    )
    yield threads
    task.cancel()


async def read_once(threads: InMemoryVisitorThreads, messages: int) -> VisitorThread:
    async def shown() -> bool:
        thread = await threads.read(THREAD)
        return len(thread.messages) == messages and thread.assignee == "lan"

    await eventually(shown, lambda: "not shown")
    return await threads.read(THREAD)


async def test_l4_o4_the_thread_follows_four_topics_and_is_equal_when_it_is_folded_again() -> None:
    log, reply = InMemoryLog(), replied(1)
    async with folding(log) as threads:
        await append(log, OUTBOUND_RESULTS, settled(reply))
        await append(log, ASSIGNMENTS, assigned("lan", 1))
        await append(log, OUTBOUND, reply)
        await append(log, INBOUND, wrote(1))
        await append(log, INBOUND, wrote(2, channel=Channel.ZALO))
        thread = await read_once(threads, 2)
    assert [one.text for one in thread.messages] == ["hỏi 1", "dạ 1"]
    async with folding(log) as again:
        assert await read_once(again, 2) == thread


async def test_l4_a_reply_is_sent_when_the_broker_has_its_result_as_in_the_inbox() -> None:
    clock, reply = ManualClock(AT + timedelta(seconds=9)), replied(1)
    log = InMemoryLog(clock)
    async with folding(log) as threads:
        await append(log, ASSIGNMENTS, assigned("lan", 1))
        await append(log, OUTBOUND, reply)
        await append(log, OUTBOUND_RESULTS, settled(reply))
        (shown,) = (await read_once(threads, 1)).messages
    assert shown.sent_at == clock.now() != settled(reply).at


def test_r9_5_records_of_other_channels_are_not_decoded() -> None:
    def record(topic: Topic, event: Event) -> Record:
        envelope = Envelope(id="evt_1", source="test", subject="s", time=AT, data=event)
        value, headers = encode(envelope)
        return Record(topic.name, 0, 0, 0, b"k", value, headers)

    assert is_of_a_site(record(INBOUND, wrote(1)))
    assert is_of_a_site(record(OUTBOUND, replied(1)))
    assert is_of_a_site(record(OUTBOUND_RESULTS, settled(replied(1))))
    assert is_of_a_site(record(ASSIGNMENTS, assigned("lan", 1)))
    quoted = wrote(1, channel=Channel.FACEBOOK, text='"channel":"livechat"')
    assert not is_of_a_site(record(INBOUND, quoted))
    assert not is_of_a_site(Record(INBOUND.name, 0, 0, 0, b"k", None, ()))
