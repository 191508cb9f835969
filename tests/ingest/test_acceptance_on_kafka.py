"""What only a real Kafka can show: 200 means that it stands there, and what happens without one."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest

from ingest.rig import SECRETS_KEY, START, connect_page, connect_site, envelopes, records, running
from support import livechat
from support.channel_samples import CREDENTIALS
from support.facebook import body, comment, entry, message
from support.slow_proxy import PRODUCE, SlowProxy
from tuyen_events.ids import PageId
from tuyen_events.inbound import MessageReceived
from tuyen_events.topics import DIRECTORY, INBOUND, PAGE_TOKENS, RAW, TOPICS
from tuyen_ingest.body_replay import ReplaySelection, replay
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.topics import ensure_topics


@pytest.fixture
async def log(kafka: str, topic_prefix: str) -> AsyncIterator[KafkaLog]:
    await ensure_topics(kafka, topic_prefix, 1, TOPICS.values())
    async with KafkaLog(kafka, topic_prefix) as opened:
        await connect_page(opened)
        yield opened


async def test_p2_200_means_that_the_body_and_its_events_are_in_kafka(log: KafkaLog) -> None:
    async with running(log) as rig:
        await rig.ready()
        raw = body(
            entry(
                messaging=[message(f"m_{number}", sender=f"67{number}") for number in range(900)]
            ),
            entry(changes=[comment(f"1_{number}") for number in range(100)]),
        )
        assert (await rig.post(raw)).status_code == 200
        # No waiting: everything was acknowledged before the answer.
        assert sum((await log.end_offsets(INBOUND)).values()) == 1000
        assert [record.value for record in await records(log, RAW)] == [raw]


async def test_r9_3_bursts_of_one_customer_are_in_the_order_of_acceptance(
    log: KafkaLog,
) -> None:
    async with running(log) as rig:
        await rig.ready()
        bursts = [
            asyncio.create_task(
                rig.send(entry(messaging=[message(f"m_{first + n}") for n in (0, 1)]))
            )
            for first in range(0, 200, 2)
        ]
        assert {(await burst).status_code for burst in bursts} == {200}
    (partition,) = {record.partition for record in await records(log, INBOUND)}
    events = [envelope.data for envelope in await envelopes(log, INBOUND)]
    assert partition >= 0
    assert [event.external_id for event in events if isinstance(event, MessageReceived)] == [
        f"m_{number}" for number in range(200)
    ]


async def test_p2_without_a_broker_503_and_a_later_delivery_has_the_same_ids(
    kafka: str, topic_prefix: str, log: KafkaLog
) -> None:
    slow = SlowProxy(kafka, delay_s=0.0, api_keys=frozenset({PRODUCE}))
    async with (
        slow as proxy,
        KafkaLog(proxy.bootstrap, topic_prefix) as far,
        running(far, within_s=0.5) as rig,
    ):
        await rig.ready()
        raw = body(entry(messaging=[message("m_1"), message("m_2")]))
        proxy.delay_s = 2.0
        refused = await rig.post(raw)
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) > 0
        proxy.delay_s = 0.0
        while (answer := await rig.post(raw)).status_code == 503:
            pass  # what was held back is still on its way
        assert answer.status_code == 200
    events = await envelopes(log, INBOUND)
    assert len({envelope.id for envelope in events}) == 2
    firsts = list(dict.fromkeys(envelope.id for envelope in events))
    (one, two) = (next(e.data for e in events if e.id == identity) for identity in firsts)
    assert isinstance(one, MessageReceived)
    assert isinstance(two, MessageReceived)
    assert (one.external_id, two.external_id) == ("m_1", "m_2")


async def test_a_page_that_was_connected_a_moment_ago_is_known(log: KafkaLog) -> None:
    async with running(log) as rig:
        await rig.ready()
        for number in range(5):
            await connect_page(log, f"99{number}", PageId(f"p-{number}"))
            await rig.send(entry(page=f"99{number}", messaging=[message(f"m_{number}")]))
        assert sum((await log.end_offsets(INBOUND)).values()) == 5
        assert sum((await log.end_offsets(DIRECTORY)).values()) == 6


async def test_livechat_pages_tokens_and_events_are_in_kafka(
    kafka: str, topic_prefix: str, log: KafkaLog
) -> None:
    async with running(log) as rig:
        await rig.ready()
        for number in range(3):  # each was connected a moment ago
            app, token = f"app_{number}", f"token-{number}"
            await connect_site(log, app, f"site-{number}", token=token)
            raw = livechat.body(f"e_{number}")
            assert (await rig.chat(raw, livechat.sign(raw), app)).status_code == 401
            assert (await rig.chat(raw, livechat.sign(raw, token), app)).status_code == 200
        assert sum((await log.end_offsets(INBOUND)).values()) == 3
        tokens = [record.key for record in await records(log, PAGE_TOKENS)]
        assert tokens == [b"%s/app_%d" % (w, n) for n in range(3) for w in (b"token", b"used")]
    async with running(log) as another:  # a new process knows them all
        await another.ready()
        raw = livechat.body("e_9")
        signed = livechat.sign(raw, "token-2")
        assert (await another.chat(raw, signed, "app_2")).status_code == 200
        assert (await replay(another.ingest, log, ReplaySelection(what="raw"))).events == 4
    assert len({envelope.id for envelope in await envelopes(log, INBOUND)}) == 4


async def test_the_command_lists_what_is_kept_and_reads_it_again(
    kafka: str, topic_prefix: str, log: KafkaLog
) -> None:
    async with running(log) as rig:
        await rig.ready()
        bad = comment("1_1", created_time="hôm qua")
        await rig.send(entry(messaging=[message("m_1")], changes=[bad]))
    environment = {
        **os.environ,
        "TUYEN_KAFKA": kafka,
        "TUYEN_TOPIC_PREFIX": topic_prefix,
        "TUYEN_SECRETS_KEY": SECRETS_KEY,
        **{f"TUYEN_{name.upper()}": value for name, value in CREDENTIALS.items()},
    }

    async def command(*arguments: str) -> list[dict[str, object]]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tuyen_ingest.replay",
            *arguments,
            env=environment,
            stdout=subprocess.PIPE,
        )
        out, _ = await process.communicate()
        assert process.returncode == 0
        return [json.loads(line) for line in out.splitlines()]

    (listed,) = await command("dead-letters", "--list")
    assert "created_time" in str(listed["error"])
    assert listed["accepted_at"] == str(START)
    replayed = {"bodies": 1, "events": 1, "failures": 1, "withheld": 0, "overtaken": 0}
    assert (await command("raw"))[-1] == replayed
    assert await command("raw", "--list", "--since", "2026-11-22T00:00:00Z") == []
    first, again = await envelopes(log, INBOUND)
    assert first == again
