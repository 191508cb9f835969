"""Livechat webhooks through HTTP: each page has an address and a token of its own."""

import pytest
from pydantic import SecretStr

from ingest.rig import (
    HOA_SEN,
    SECRETS_KEY,
    START,
    Rig,
    connect_site,
    envelopes,
    records,
    running,
    suspend,
)
from support.livechat import APP, TOKEN, body, sign
from tuyen_events.codec import read_bytes
from tuyen_events.dead_letters import DeadLettered
from tuyen_events.inbound import InboundEvent, MessageReceived
from tuyen_events.limits import EVENT_BYTES, SITE_BODY_BYTES
from tuyen_events.topics import DEAD_LETTERS, INBOUND, PAGE_TOKENS, RAW
from tuyen_ingest.body_replay import ReplayResult, ReplaySelection, replay
from tuyen_ingest.stored_bodies import read_stored
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.metrics import SKIPPED_UPDATES
from tuyen_platform.page_tokens import PageTokens


@pytest.fixture(autouse=True)
async def site(rig: Rig, log: InMemoryLog) -> None:
    """A livechat page that was connected after ingest had started."""
    await connect_site(log)


async def count_left_behind(log: InMemoryLog) -> int:
    topics = (INBOUND, RAW, DEAD_LETTERS)
    return sum([sum((await log.end_offsets(topic)).values()) for topic in topics])


async def uses(log: InMemoryLog) -> list[bytes | None]:
    found = await records(log, PAGE_TOKENS)
    return [record.value for record in found if (record.key or b"").startswith(b"used/")]


async def test_p2_a_signed_event_is_200_once_it_is_in_the_log(rig: Rig, log: InMemoryLog) -> None:
    assert (await rig.chat(body())).status_code == 200
    (envelope,) = await envelopes(log, INBOUND)
    assert isinstance(envelope.data, MessageReceived)
    assert envelope.data.accepted_at == START
    assert envelope.data.visit is not None
    (raw,) = await records(log, RAW)
    assert (raw.key, raw.value) == (APP.encode(), body())
    headers = dict(raw.headers)
    assert (headers["channel"], headers["account"]) == (b"livechat", APP.encode())


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Signature-256": ""},
        {"X-Signature-256": "sha256=" + 64 * "0"},
        {"X-Signature-256": sign(body(), "another")["X-Signature-256"]},
        {"X-Hub-Signature-256": sign(body())["X-Signature-256"]},
    ],
)
async def test_p2_without_a_good_signature_401_and_nothing_is_left_behind(
    rig: Rig, log: InMemoryLog, headers: dict[str, str]
) -> None:
    answer = await rig.chat(body(), headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert await count_left_behind(log) == 0
    assert await uses(log) == []


@pytest.mark.parametrize("app", ["app_unknown", "a/b", ""])
async def test_p2_an_app_that_is_not_known_is_401_and_leaves_nothing(
    rig: Rig, log: InMemoryLog, app: str
) -> None:
    assert (await rig.chat(body(), app=app)).status_code == 401
    assert await count_left_behind(log) == 0


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/webhooks/livechat", 404),
        ("POST", f"/webhooks/facebook/{APP}", 404),
        ("GET", f"/webhooks/livechat/{APP}", 403),
        ("PUT", f"/webhooks/livechat/{APP}", 405),
    ],
)
async def test_other_addresses(rig: Rig, method: str, path: str, status: int) -> None:
    assert (await rig.http.request(method, path)).status_code == status


async def test_p6_another_pages_token_opens_nothing(rig: Rig, log: InMemoryLog) -> None:
    await connect_site(log, "app_second", "second", token="second-token")
    raw = body()
    assert (await rig.chat(raw, sign(raw, "second-token"))).status_code == 401
    assert (await rig.chat(raw, sign(raw, "second-token"), "app_second")).status_code == 200


async def test_p6_a_new_token_ends_the_old_one_at_once(rig: Rig, log: InMemoryLog) -> None:
    await rig.chat(body())
    await connect_site(log, token="new-token")
    raw = body("b1f1")
    assert (await rig.chat(raw, sign(raw, "new-token"))).status_code == 200
    assert (await rig.chat(raw)).status_code == 401


async def test_r9_2_an_event_that_comes_twice_has_the_same_id(rig: Rig, log: InMemoryLog) -> None:
    for _ in range(2):
        await rig.chat(body())
    first, again = await envelopes(log, INBOUND)
    assert first.id == again.id


async def test_the_same_body_at_two_sites_is_two_events(rig: Rig, log: InMemoryLog) -> None:
    await connect_site(log, "app_second", "second")
    for app in (APP, "app_second"):
        assert (await rig.chat(b"no json", app=app)).status_code == 200
        assert (await rig.chat(body(), app=app)).status_code == 200
    for topic in (INBOUND, DEAD_LETTERS):
        assert len({envelope.id for envelope in await envelopes(log, topic)}) == 2
    ids = {dict(record.headers)["delivery_id"] for record in await records(log, RAW)}
    assert len(ids) == 4


async def test_p4_a_type_that_is_not_known_is_kept_raw_counted_and_skipped(
    rig: Rig, log: InMemoryLog
) -> None:
    counter = SKIPPED_UPDATES.labels("livechat", "unknown_event")
    before = counter._value.get()
    assert (await rig.chat(body(type="typing"))).status_code == 200
    assert counter._value.get() == before + 1
    assert len(await records(log, RAW)) == 1
    assert await envelopes(log, INBOUND) == []


async def test_p4_a_broken_body_with_a_good_signature_is_200_and_a_dead_letter(
    rig: Rig, log: InMemoryLog
) -> None:
    assert (await rig.chat(b"{broken")).status_code == 200
    ((record,), (letter,)) = await records(log, DEAD_LETTERS), await envelopes(log, DEAD_LETTERS)
    assert record.key == APP.encode()
    assert isinstance(letter.data, DeadLettered)
    assert (letter.data.origin, letter.data.account) == ("livechat", APP)
    assert letter.data.payload == "{broken"
    assert len(await records(log, RAW)) == 1


async def test_r9_5_a_sites_body_is_no_longer_than_a_message_may_be(
    rig: Rig, log: InMemoryLog
) -> None:
    text = "x" * (EVENT_BYTES - 2_000)
    assert (await rig.chat(body(message={"text": text}))).status_code == 200
    assert len(await envelopes(log, INBOUND)) == 1
    assert (await rig.chat(body(x="x" * SITE_BODY_BYTES))).status_code == 413
    assert len(await records(log, RAW)) == 1


@pytest.mark.parametrize("stopped", ["inactive", "suspended"])
async def test_p4_events_of_a_page_that_is_not_served_are_kept_raw_and_skipped(
    rig: Rig, log: InMemoryLog, stopped: str
) -> None:
    if stopped == "inactive":
        await connect_site(log, status="inactive")
    else:
        await suspend(log)
    await rig.reads_directory()
    assert (await rig.chat(body())).status_code == 200
    assert await envelopes(log, INBOUND) == []
    assert len(await records(log, RAW)) == 1


async def test_p1_a_page_that_nobody_subscribed_is_served_from_its_first_call_on(
    rig: Rig, log: InMemoryLog
) -> None:
    await connect_site(log, status="waiting")
    assert (await rig.chat(body())).status_code == 200
    assert len(await envelopes(log, INBOUND)) == 1


async def test_p1_the_first_signed_call_is_published_once_whatever_is_in_it(
    rig: Rig, log: InMemoryLog
) -> None:
    await rig.chat(b"{broken")
    known = PageTokens(SecretStr(SECRETS_KEY))
    for record in await records(log, PAGE_TOKENS):
        known.fold(read_bytes(record.key, record.headers, record.value), record.position)
    assert known.is_used(APP)
    await rig.reads_tokens()
    await rig.chat(body())
    assert len(await uses(log)) == 1
    async with running(log) as another:
        await another.ready()
        await another.chat(body("b1f1"))
    assert len(await uses(log)) == 1


async def test_nothing_is_refused_before_the_tokens_are_read(log: InMemoryLog) -> None:
    async with running(log) as starting:
        answer = await starting.chat(body())
        assert answer.status_code in {200, 503}
        assert (await starting.chat(body(), {})).status_code in {401, 503}
        await starting.ready()
        assert (await starting.chat(body())).status_code == 200


async def test_p6_no_log_line_has_the_token(
    rig: Rig, log: InMemoryLog, capsys: pytest.CaptureFixture[str]
) -> None:
    await rig.chat(body())
    await rig.chat(body(), {})
    said = capsys.readouterr().out
    assert "webhook_refused" in said
    assert TOKEN not in said


async def test_p3_kept_bodies_are_read_again_with_the_same_ids(rig: Rig, log: InMemoryLog) -> None:
    await rig.chat(body())
    await rig.chat(body("b1f1"))
    before = await envelopes(log, INBOUND)
    assert await replay(rig.ingest, log, ReplaySelection(what="raw")) == ReplayResult(
        bodies=2, events=2, failures=0
    )
    assert [one.id for one in await envelopes(log, INBOUND)] == [one.id for one in before * 2]
    assert len(await records(log, RAW)) == 2


async def test_p4_a_dead_letter_is_sent_again_after_a_fix(
    rig: Rig, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise ValueError("a mistake of ours")

    with monkeypatch.context() as fault:
        fault.setattr("tuyen_channels.livechat.wire.body_of", broken)
        assert (await rig.chat(body())).status_code == 200
    (listed,) = [found async for found in read_stored(log, "dead-letters")]
    assert (listed.channel, listed.account) == ("livechat", APP)
    again = await replay(rig.ingest, log, ReplaySelection(what="dead-letters"))
    assert again == ReplayResult(bodies=1, events=1, failures=0)
    (found,) = await envelopes(log, INBOUND)
    assert isinstance(found.data, InboundEvent)
    assert (found.data.organization, found.data.accepted_at) == (HOA_SEN, START)
