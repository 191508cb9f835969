"""Zalo's webhooks through HTTP, over the log in memory."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import pytest

from ingest.rig import HOA_SEN, Rig, connect_page, envelopes, records, running
from support.zalo import OA, Update, encode, event, payload, payload_names, sign
from tuyen_events.dead_letters import DeadLettered
from tuyen_events.ids import PageId
from tuyen_events.inbound import CustomerEvent, MessageReceived
from tuyen_events.topics import DEAD_LETTERS, INBOUND, POSTS, RAW
from tuyen_events.vocabulary import Channel
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import LogUnavailableError, ProducerRecord, RecordMetadata
from tuyen_platform.metrics import SKIPPED_UPDATES

ZALO = PageId("zalo")


async def connect(log: InMemoryLog, account: str = OA, **page: Any) -> None:
    await connect_page(log, account, ZALO, channel=Channel.ZALO, **page)


@pytest.fixture
async def shop(rig: Rig, log: InMemoryLog) -> Rig:
    """Ingest, with an account that is connected."""
    await connect(log)
    await rig.reads_directory()
    return rig


async def post(
    rig: Rig, update: Update | bytes, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    """A webhook, signed unless headers are given."""
    raw = update if isinstance(update, bytes) else encode(update)
    given = sign(raw) if headers is None else headers
    return await rig.http.post("/webhooks/zalo", content=raw, headers=dict(given))


async def is_untouched(log: InMemoryLog) -> bool:
    return not any([await records(log, topic) for topic in (INBOUND, RAW, DEAD_LETTERS, POSTS)])


@pytest.mark.parametrize("raw", [payload("zalo__verify_probe"), b"{}", b" { }\n"])
async def test_p2_the_unsigned_probe_is_200_and_leaves_nothing(
    rig: Rig, log: InMemoryLog, raw: bytes
) -> None:
    assert (await post(rig, raw, {})).status_code == 200
    assert (await post(rig, raw, {"X-ZEvent-Signature": "mac=0"})).status_code == 200
    assert await is_untouched(log)


async def test_p2_the_probe_is_answered_before_the_directory_is_read(log: InMemoryLog) -> None:
    async with running(log) as rig:
        assert (await post(rig, b"{}", {})).status_code == 200
        assert (await post(rig, event())).status_code == 503


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b'{"a":1}', b"{}{}", encode(event())])
async def test_p2_anything_else_without_a_signature_is_401_and_leaves_nothing(
    shop: Rig, log: InMemoryLog, raw: bytes
) -> None:
    for headers in ({}, {"X-ZEvent-Signature": ""}, sign(raw, "another secret")):
        assert (await post(shop, raw, headers)).status_code == 401
    assert await is_untouched(log)


async def test_p2_there_is_no_handshake(rig: Rig) -> None:
    answer = await rig.http.get("/webhooks/zalo", params={"hub.challenge": "1"})
    assert answer.status_code == 403


@pytest.mark.parametrize("name", payload_names())
async def test_p3_every_sample_body_is_answered_200_kept_and_an_event(
    shop: Rig, log: InMemoryLog, name: str
) -> None:
    raw = payload(name)
    assert (await post(shop, raw)).status_code == 200
    (kept,) = await records(log, RAW)
    assert (kept.value, kept.key) == (raw, OA.encode())
    headers = dict(kept.headers)
    assert headers["channel"] == b"zalo"
    assert json.loads(headers["owners"]) == {OA: f"{HOA_SEN}/{ZALO}"}
    (found,) = await envelopes(log, INBOUND)
    assert isinstance(found.data, CustomerEvent)
    assert (found.data.organization, found.data.page_id) == (HOA_SEN, ZALO)
    assert not await records(log, DEAD_LETTERS)


async def test_p3_a_body_that_is_retried_is_the_same_event(shop: Rig, log: InMemoryLog) -> None:
    raw = encode(event())
    for retry in range(3):
        answer = await post(shop, raw, {**sign(raw), "num_retry": str(retry)})
        assert answer.status_code == 200
    assert len({found.id for found in await envelopes(log, INBOUND)}) == 1
    assert len(await records(log, RAW)) == 3


async def test_p4_what_cannot_be_read_is_a_dead_letter_and_no_reason_to_deliver_again(
    shop: Rig, log: InMemoryLog
) -> None:
    assert (await post(shop, event(message={"text": "x"}))).status_code == 200
    assert (await post(shop, event())).status_code == 200
    (letter,) = await envelopes(log, DEAD_LETTERS)
    assert isinstance(letter.data, DeadLettered)
    assert (letter.data.origin, letter.data.owners) == ("zalo", {OA: f"{HOA_SEN}/{ZALO}"})
    assert "msg_id" in letter.data.error
    assert len(await records(log, INBOUND)) == 1


async def test_p4_a_group_and_an_unknown_event_are_kept_raw_and_counted(
    shop: Rig, log: InMemoryLog
) -> None:
    def skipped(why: str) -> float:
        return float(SKIPPED_UPDATES.labels("zalo", why)._value.get())

    before = skipped("group"), skipped("unknown_event")
    await post(shop, event("user_send_group_text", oa_id=OA))
    await post(shop, event("of_a_later_version"))
    assert (skipped("group"), skipped("unknown_event")) == (before[0] + 1, before[1] + 1)
    assert len(await records(log, RAW)) == 2
    assert not await records(log, INBOUND)


async def test_p1_an_account_that_is_connected_meanwhile_is_found(
    rig: Rig, log: InMemoryLog
) -> None:
    await connect(log)
    assert (await post(rig, event())).status_code == 200
    (found,) = await envelopes(log, INBOUND)
    assert isinstance(found.data, MessageReceived)


async def test_p1_the_events_of_an_inactive_account_are_stored_raw_only(
    rig: Rig, log: InMemoryLog
) -> None:
    await connect(log, status="inactive")
    await rig.reads_directory()
    assert (await post(rig, event())).status_code == 200
    assert len(await records(log, RAW)) == 1
    assert not await records(log, INBOUND)


class SlowLog(InMemoryLog):
    """A log that acknowledges nothing, and notes for how long it may try."""

    within_s: tuple[float, ...] = ()

    async def append_all(
        self, records: Sequence[ProducerRecord], *, within_s: float = 30.0
    ) -> list[RecordMetadata]:
        if any(record.topic is RAW for record in records):
            self.within_s += (within_s,)
            raise LogUnavailableError("no acknowledgement")
        return await super().append_all(records, within_s=within_s)


async def test_p2_without_an_acknowledgement_503_comes_before_zalo_gives_up() -> None:
    log = SlowLog()
    await connect(log)
    async with running(log) as rig:
        await rig.ready()
        started = asyncio.get_running_loop().time()
        assert (await post(rig, event())).status_code == 503
        assert (await post(rig, event(recipient={"id": "unknown"}))).status_code == 503
        took = asyncio.get_running_loop().time() - started
    assert took < 2
    assert all(0.5 < within_s <= 1.6 for within_s in log.within_s)
    assert len(log.within_s) == 2
