"""Webhooks through HTTP, over the log in memory."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from ingest.rig import HOA_SEN, PAGE_ID, Rig, connect_page, records, running
from support.facebook import (
    PAGE,
    VERIFY_TOKEN,
    body,
    entry,
    message,
    payload,
    payload_names,
    sign,
)
from tuyen_events.limits import UPDATES, WEBHOOK_BODY_BYTES
from tuyen_events.topics import DEAD_LETTERS, RAW, TOPICS
from tuyen_platform.kafka.memory import InMemoryLog


async def count_written(log: InMemoryLog) -> int:
    """How many records are in the log, apart from the directory's."""
    topics = [topic for name, topic in TOPICS.items() if name != "directory"]
    return sum([sum((await log.end_offsets(topic)).values()) for topic in topics])


async def test_p2_the_handshake_answers_the_bare_challenge(rig: Rig) -> None:
    query = {
        "hub.mode": "subscribe",
        "hub.challenge": "1158201444",
        "hub.verify_token": VERIFY_TOKEN,
    }
    answer = await rig.http.get("/webhooks/facebook", params=query)
    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.headers["content-type"].startswith("text/plain")
    wrong = await rig.http.get("/webhooks/facebook", params={**query, "hub.verify_token": "no"})
    assert wrong.status_code == 403
    assert (await rig.http.get("/webhooks/facebook")).status_code == 403


@pytest.mark.parametrize("signature", [None, "", "sha256=" + 64 * "0", "sha1=" + 40 * "0"])
async def test_p2_without_a_good_signature_401_and_nothing_is_left_behind(
    rig: Rig, log: InMemoryLog, signature: str | None
) -> None:
    raw = body(entry(messaging=[message("m_1")]))
    answer = await rig.post(raw, {} if signature is None else {"X-Hub-Signature-256": signature})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 401
    assert await count_written(log) == 0


async def test_p2_the_signature_is_over_the_bytes_that_came(rig: Rig, log: InMemoryLog) -> None:
    raw = body(entry(messaging=[message("m_1", text="Xin chào")]))
    again = json.dumps(json.loads(raw), ensure_ascii=False).encode()
    assert (await rig.post(again, sign(raw))).status_code == 401
    assert await count_written(log) == 0


@pytest.mark.parametrize("name", payload_names())
async def test_p3_every_sample_body_is_answered_200_and_kept_byte_for_byte(
    rig: Rig, log: InMemoryLog, name: str
) -> None:
    raw = payload(name)
    assert (await rig.post(raw)).status_code == 200
    (kept,) = await records(log, RAW)
    assert kept.value == raw
    headers = dict(kept.headers)
    assert headers["channel"] == b"facebook"
    assert headers["accepted_at"] == b"2026-11-21T08:00:00Z"
    assert headers["delivery_id"].startswith(b"dlv_")
    assert not await records(log, DEAD_LETTERS)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"[1]",
        b"no json",
        b'{"entry":[7]}',
        b"\xff\x00",
        b"[" * 100_000,
        body(entry(page="1" * 1_000_000, messaging=[message("m_1")])),
        body(entry(messaging=[message("\0" * 700_000)] * 5))[:WEBHOOK_BODY_BYTES],
        *(
            body(entry(messaging=[message("m_1", text="@", sender=sender)])).replace(b"@", odd)
            for sender in ("67", "@")
            for odd in (b"\xff", b"\\ud800", b"\\u0000", b"\x00")
        ),
    ],
)
async def test_p3_a_signed_body_is_answered_200_whatever_is_in_it(
    rig: Rig, log: InMemoryLog, raw: bytes
) -> None:
    assert (await rig.post(raw)).status_code == 200
    assert [record.value for record in await records(log, RAW)] == [raw]


async def test_r9_5_a_body_beyond_all_measure_is_413(rig: Rig, log: InMemoryLog) -> None:
    assert (await rig.post(b" " * WEBHOOK_BODY_BYTES)).status_code == 200
    answer = await rig.post(b" " * (WEBHOOK_BODY_BYTES + 1))
    assert answer.status_code == 413
    assert len(await records(log, RAW)) == 1


async def test_p3_a_body_of_the_largest_size_is_kept_however_many_pages_it_names(
    rig: Rig, log: InMemoryLog
) -> None:
    """Its record also says whose its pages were, where a control character takes six bytes."""
    named = b",".join(
        b'{"id":"%04d%s","messaging":[]}' % (number, b"\x01" * 190) for number in range(UPDATES)
    )
    known = json.dumps(entry(messaging=[message("Chào")])).encode()
    raw = b'{"object":"page","entry":[%s,%s],"x":"' % (known, named)
    raw += b"x" * (WEBHOOK_BODY_BYTES - len(raw) - 2) + b'"}'
    assert (await rig.post(raw)).status_code == 200
    (kept,) = await records(log, RAW)
    assert kept.value == raw
    owners = json.loads(dict(kept.headers)["owners"])
    assert owners == {PAGE: f"{HOA_SEN}/{PAGE_ID}"}


async def test_a_body_may_come_in_pieces(rig: Rig, log: InMemoryLog) -> None:
    raw = body(entry(messaging=[message("m_1")]))

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(raw), 7):
            yield raw[at : at + 7]

    answer = await rig.http.post("/webhooks/facebook", content=pieces(), headers=sign(raw))
    assert answer.status_code == 200
    assert [record.value for record in await records(log, RAW)] == [raw]


async def test_r9_5_a_body_that_does_not_come_is_408_and_leaves_nothing(
    rig: Rig, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = body(entry(messaging=[message("m_1")]))
    never = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield raw[:7]
        await never.wait()

    monkeypatch.setattr(rig.ingest.app, "_body_within_s", 0.01)
    answer = await rig.http.post("/webhooks/facebook", content=pieces(), headers=sign(raw))
    assert (answer.status_code, answer.headers["connection"]) == (408, "close")
    assert not await records(log, RAW)


async def test_r9_5_a_body_that_says_it_is_too_large_is_413_before_it_is_read(rig: Rig) -> None:
    read = []

    async def pieces() -> AsyncIterator[bytes]:
        read.append(True)
        yield b""

    headers = {"content-length": str(WEBHOOK_BODY_BYTES + 1)}
    answer = await rig.http.post("/webhooks/facebook", content=pieces(), headers=headers)
    assert (answer.status_code, answer.headers["connection"]) == (413, "close")
    assert not read


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/webhooks/zalo/1", 404),
        ("POST", "/webhooks/", 404),
        ("GET", "/webhooks/facebook/", 404),
        ("PUT", "/webhooks/facebook", 405),
        ("GET", "/nothing", 404),
        ("GET", "/livez", 200),
        ("GET", "/readyz", 200),
        ("GET", "/metrics", 404),
    ],
)
async def test_other_addresses(rig: Rig, method: str, path: str, status: int) -> None:
    assert (await rig.http.request(method, path)).status_code == status


async def test_r9_1_nothing_is_accepted_before_the_directory_is_read(log: InMemoryLog) -> None:
    await connect_page(log)
    async with running(log) as rig:
        assert (await rig.http.get("/readyz")).status_code == 503
        answer = await rig.send(entry(messaging=[message("m_1")]))
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert await count_written(log) == 0
        await rig.ready()
        assert (await rig.http.get("/readyz")).status_code == 200
        assert (await rig.send(entry(messaging=[message("m_1")]))).status_code == 200
