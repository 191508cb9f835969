"""P3, P4: what could not be read is listed, sent again, dismissed; stored bodies are read again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from gateway.feed import Feed
from gateway.listening import listening
from gateway.rig import START, Rig, User, records, until
from tuyen_events.codec import decode_data
from tuyen_events.dead_letters import DeadLettered, DeadLetterSettled, LetterOutcome
from tuyen_events.event import Envelope, Event
from tuyen_events.ids import derive_event_id
from tuyen_events.replays import ReplayProgressed, ReplayRequested, ReplayState, replay_key
from tuyen_events.topics import DEAD_LETTERS, INBOUND, REPLAYS
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.partitions import partition_of


async def add_letter(
    log: InMemoryLog,
    number: int,
    owner: str = "shop/page",
    *,
    service: str = "ingest",
    payload: str = '{"time": "hôm qua"}',
    delivery_id: str | None = None,
) -> str:
    letter = DeadLettered(
        service=service,
        origin="facebook" if service == "ingest" else "inbound",
        delivery_id=delivery_id or f"dlv_{number}",
        error="ValueError: secret of the server",
        payload=payload,
        at=START + timedelta(seconds=number),
        owners={"104": owner},
    )
    letter_id = f"evt_{number}"
    envelope = Envelope(id=letter_id, source="test", subject=letter_id, time=letter.at, data=letter)
    await log.append(DEAD_LETTERS, "104", envelope)
    return letter_id


async def listed(user: User, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await user.done("GET", f"/v1/dead-letters{query}"))["items"]
    return found


async def shown(user: User, count: int) -> list[dict[str, Any]]:
    async def are_there() -> bool:
        return len(await listed(user)) == count

    await until(are_there)
    return await listed(user)


@asynccontextmanager
async def ingest(log: InMemoryLog, **result: Any) -> AsyncIterator[list[ReplayRequested]]:
    """An ingest that reads again what is requested, with this result."""
    asked: list[ReplayRequested] = []

    async def follow() -> None:
        async with log.tail(REPLAYS, from_start=False) as tail:
            listening.set()
            async for batch in tail.batches():
                for record in (one for several in batch.values() for one in several):
                    event = decode_data(record.headers, record.value or b"")
                    if isinstance(event, ReplayRequested):
                        asked.append(event)
                        await answer(event)

    async def answer(request: ReplayRequested) -> None:
        if request.letter is not None and result.get("events"):
            letter_id = request.letter.letter_id
            settled = DeadLetterSettled(
                letter_id=letter_id, outcome=LetterOutcome.SENT, by=request.by, at=START
            )
            await _append(log, DEAD_LETTERS, letter_id, settled, request.letter.partition)
        progress = ReplayProgressed(
            replay_id=request.replay_id,
            organization=request.organization,
            at=START,
            **{"state": ReplayState.DONE, **result},
        )
        partition = partition_of(request.replay_id, REPLAYS.partitions)
        await _append(log, REPLAYS, replay_key(progress), progress, partition)

    listening = asyncio.Event()
    task = asyncio.create_task(follow())
    await listening.wait()
    yield asked
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _append(log: InMemoryLog, topic: Any, key: str, event: Event, partition: int) -> None:
    envelope = Envelope(
        id=derive_event_id(key, event.type), source="test", subject=key, time=START, data=event
    )
    await log.append(topic, key, envelope, partition=partition)


async def test_p4_an_organization_sees_its_dead_letters_and_no_others(
    desk: Rig, owner: User, log: InMemoryLog
) -> None:
    other = await desk.organization("other")
    for number, whose in enumerate(["shop/page", "other/page", "", "shop/page"]):
        await add_letter(log, number, whose)
    own = await shown(owner, 2)
    assert [one["id"] for one in own] == ["evt_3", "evt_0"]
    assert own[0] == {
        "id": "evt_3",
        "service": "ingest",
        "origin": "facebook",
        "page_id": "page",
        "delivery_id": "dlv_3",
        "error": "ValueError: secret of the server",
        "payload": '{"time": "hôm qua"}',
        "at": own[0]["at"],
        "state": "open",
        "retry": None,
    }
    assert [one["id"] for one in await listed(other)] == ["evt_1"]
    for letter in ("evt_1", "evt_2", "evt_9"):
        for method, path in (
            ("GET", f"/v1/dead-letters/{letter}"),
            ("POST", f"/v1/dead-letters/{letter}/retry"),
            ("DELETE", f"/v1/dead-letters/{letter}"),
        ):
            assert (await owner.call(method, path)).status_code == 404
    assert len(await listed(other)) == 1


async def test_p4_dead_letters_are_an_administrators(
    desk: Rig, owner: User, log: InMemoryLog
) -> None:
    await add_letter(log, 0)
    await shown(owner, 1)
    for role in ("agent", "chain_manager"):
        user = await desk.staff(owner, role.replace("_", "-"), role)
        for method, path in (
            ("GET", "/v1/dead-letters"),
            ("GET", "/v1/dead-letters/evt_0"),
            ("POST", "/v1/dead-letters/evt_0/retry"),
            ("DELETE", "/v1/dead-letters/evt_0"),
        ):
            assert (await user.call(method, path)).status_code == 403
        body = {"since": "2026-11-20T00:00:00Z"}
        assert (await user.post("/v1/raw/replay", body)).status_code == 403


async def test_p4_a_list_is_cut_into_pages_and_into_short_payloads(
    desk: Rig, owner: User, log: InMemoryLog
) -> None:
    for number in range(5):
        await add_letter(log, number, payload="ừ" * 20_000)
    await shown(owner, 5)
    seen: list[str] = []
    path = "/v1/dead-letters?limit=2"
    while path:
        page = await owner.done("GET", path)
        seen += [one["id"] for one in page["items"]]
        assert all(len(one["payload"]) == 500 for one in page["items"])
        path = f"/v1/dead-letters?limit=2&cursor={page['next']}" if page["next"] else ""
    assert seen == [f"evt_{number}" for number in reversed(range(5))]
    assert len((await owner.done("GET", "/v1/dead-letters/evt_0"))["payload"]) == 20_000


async def test_p4_a_dead_letter_is_sent_again(desk: Rig, owner: User, log: InMemoryLog) -> None:
    await add_letter(log, 0)
    await shown(owner, 1)
    async with ingest(log, bodies=1, events=2) as asked:
        answer = await owner.post("/v1/dead-letters/evt_0/retry")
        assert (answer.status_code, answer.json()["state"]) == (200, "sent")
        assert answer.json()["retry"] == "It was read: 2 events."
        again = await owner.post("/v1/dead-letters/evt_0/retry")
        assert (again.status_code, again.json()["state"]) == (200, "sent")
    (request,) = asked
    assert (request.organization, request.by, request.since) == ("shop", "admin", None)
    assert request.letter is not None
    assert (request.letter.letter_id, request.letter.offset) == ("evt_0", 0)
    assert await listed(owner) == []
    assert [one["id"] for one in await listed(owner, "?state=sent")] == ["evt_0"]
    assert (await owner.done("GET", "/v1/jobs"))["items"] == []


@pytest.mark.parametrize(
    ("result", "told"),
    [
        ({"bodies": 1, "failures": 1}, "still"),
        ({"bodies": 1, "withheld": 1}, "another organization"),
        ({"bodies": 1}, "not connected"),
        ({"state": ReplayState.FAILED, "detail": "It is not stored any more."}, "not stored"),
    ],
)
async def test_p4_what_still_cannot_be_read_says_so_and_stays(
    desk: Rig, owner: User, log: InMemoryLog, result: dict[str, Any], told: str
) -> None:
    await add_letter(log, 0)
    await shown(owner, 1)
    async with ingest(log, **result):
        answer = await owner.done("POST", "/v1/dead-letters/evt_0/retry")
    assert answer["state"] == "open"
    assert told in answer["retry"]
    assert len(await listed(owner)) == 1


async def test_p4_a_dead_letter_is_dismissed(desk: Rig, owner: User, log: InMemoryLog) -> None:
    await add_letter(log, 0)
    await add_letter(log, 1)
    await shown(owner, 2)
    before = (await owner.done("GET", "/v1/dead-letters"))["position"]
    assert (await owner.delete("/v1/dead-letters/evt_0")).status_code == 204
    assert [one["id"] for one in await listed(owner)] == ["evt_1"]
    assert (await owner.done("GET", "/v1/dead-letters"))["position"] != before
    for method, path in (("GET", ""), ("POST", "/retry"), ("DELETE", "")):
        answer = await owner.call(method, f"/v1/dead-letters/evt_0{path}")
        assert answer.status_code == 404
    await add_letter(log, 0)  # the channel delivers the body again
    await add_letter(log, 2)
    assert [one["id"] for one in await shown(owner, 2)] == ["evt_2", "evt_1"]


async def test_p4_an_event_that_another_service_could_not_handle_is_published_again(
    desk: Rig, owner: User, log: InMemoryLog
) -> None:
    await Feed(log).message("lan", "alo")
    (record,) = await records(log, INBOUND)
    place = f"inbound/{record.partition}/{record.offset}"
    payload = (record.value or b"").decode()
    await add_letter(log, 0, service="crm", payload=payload, delivery_id=place)
    await shown(owner, 1)
    sent = await owner.done("POST", "/v1/dead-letters/evt_0/retry")
    assert (sent["state"], sent["retry"]) == ("sent", "It was published again, for all services.")
    assert await listed(owner) == []
    again = await owner.done("POST", "/v1/dead-letters/evt_0/retry")
    assert (again["state"], again["retry"]) == ("sent", None)
    first, second = await records(log, INBOUND)
    assert second.partition == first.partition
    assert (second.key, second.value) == (first.key, first.value)
    assert tuple(second.headers) == tuple(first.headers)


@pytest.mark.parametrize("place", ["inbound/{0}/{1}", "inbound/{0}/9", "inbound/x/y", "jobs/0/0"])
async def test_p4_another_record_or_one_that_is_gone_is_not_published_again(
    desk: Rig, owner: User, log: InMemoryLog, place: str
) -> None:
    await Feed(log, organization="other").message("lan", "alo")
    (record,) = await records(log, INBOUND)
    delivery_id = place.format(record.partition, record.offset)
    payload = '{"organization": "shop"}'
    await add_letter(log, 0, service="crm", payload=payload, delivery_id=delivery_id)
    await shown(owner, 1)
    assert (await owner.post("/v1/dead-letters/evt_0/retry")).status_code == 409
    assert len(await records(log, INBOUND)) == 1
    assert len(await listed(owner)) == 1


async def test_r7_2_what_another_service_could_not_handle_says_no_more_than_that(
    desk: Rig, owner: User, log: InMemoryLog
) -> None:
    await add_letter(log, 0, service="crm", payload='{"organization": "shop", "text": "a"}')
    (found,) = await shown(owner, 1)
    assert "secret" not in found["error"]
    assert (await owner.post("/v1/dead-letters/evt_0/retry")).status_code == 409
    assert (await owner.delete("/v1/dead-letters/evt_0")).status_code == 204


async def test_p3_a_stretch_of_bodies_is_read_again_as_a_job(
    desk: Rig, owner: User, log: InMemoryLog
) -> None:
    other = await desk.organization("other")
    page = {"channel": "facebook", "external_id": "104", "name": "Trang"}
    await owner.done("PUT", "/v1/pages/trang", page)
    body = {
        "since": "2026-11-20T00:00:00Z",
        "until": "2026-11-21T07:00:00+07:00",
        "page": "trang",
    }
    async with ingest(log, bodies=7, events=12, failures=2, withheld=1) as asked:
        answer = await owner.post("/v1/raw/replay", body)
        assert answer.status_code == 202
        job = answer.json()["id"]

        async def has_ended() -> bool:
            return bool((await owner.done("GET", f"/v1/jobs/{job}"))["state"] == "done")

        await until(has_ended)
    ended = await owner.done("GET", f"/v1/jobs/{job}")
    assert (ended["kind"], ended["done"], ended["changed"]) == ("replay", 7, 12)
    assert (ended["refused"], ended["reasons"]) == (3, {"unreadable": 2, "withheld": 1})
    (request,) = asked
    assert (request.page_id, request.letter) == ("trang", None)
    assert request.since == START.replace(day=20, hour=0)
    assert request.until == START.replace(hour=0)
    assert [one["id"] for one in (await owner.done("GET", "/v1/jobs"))["items"]] == [job]
    assert (await other.get(f"/v1/jobs/{job}")).status_code == 404
    lan = await desk.staff(owner, "lan", "chain_manager")
    assert (await lan.get(f"/v1/jobs/{job}")).status_code == 404
    assert (await lan.done("GET", "/v1/jobs"))["items"] == []


async def test_i11_a_replay_is_sent_as_a_job_to_administrators_alone(
    desk: Rig, owner: User, log: InMemoryLog
) -> None:
    lan = await desk.staff(owner, "lan", "chain_manager")
    before = (await owner.done("GET", "/v1/jobs"))["position"]
    body = {"since": "2026-11-20T00:00:00Z"}
    async with listening(desk, owner) as stream, listening(desk, lan) as of_lan:
        job = (await owner.done("POST", "/v1/raw/replay", body))["id"]
        begun = await stream.until("job.progressed", lambda d: d["job"]["id"] == job)
        assert begun.data["job"]["state"] == "running"
        async with ingest(log, bodies=7, events=12):
            following = (await owner.done("POST", "/v1/raw/replay", body))["id"]
            ended = await stream.until("job.progressed", lambda d: d["job"]["state"] == "done")
        assert ended.data["job"] == await owner.done("GET", f"/v1/jobs/{following}")
        await lan.done("PUT", "/v1/presence", {"status": "online"})
        assert "job.progressed" not in of_lan.kinds()
    for position in (before, begun.data["position"]):
        async with listening(desk, owner, after=position) as stream:
            await stream.until("job.progressed", lambda d: d["job"] == ended.data["job"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"since": "2026-11-21T00:00:00Z", "until": "2026-11-20T00:00:00Z"},
        {"since": "2030-01-01T00:00:00Z"},
        {"since": "2026-11-20T00:00:00"},
        {"since": "0001-01-01T00:00:00+07:00"},
        {"since": "2026-11-20T00:00:00Z", "page": "nobodys"},
        {},
    ],
    ids=str,
)
async def test_p3_a_stretch_has_a_beginning_and_an_end(
    rig: Rig, boss: User, wrong: dict[str, str]
) -> None:
    assert (await boss.post("/v1/raw/replay", wrong)).status_code == 422


async def test_r9_5_only_so_many_replays_wait(
    rig: Rig, boss: User, monkeypatch: pytest.MonkeyPatch, clock: ManualClock
) -> None:
    monkeypatch.setattr("tuyen_gateway.adapters.replays.REPLAYS_WAITING", 2)
    other = await rig.organization("other")
    body = {"since": "2026-11-20T00:00:00Z"}
    for status in (202, 202, 429):
        assert (await boss.post("/v1/raw/replay", body)).status_code == status
    assert (await other.post("/v1/raw/replay", body)).status_code == 202
