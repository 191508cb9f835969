"""R8: the worker over the log in memory, with time moved manually."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from presence.rig import (
    AWAY,
    EXPIRED,
    LOGIN,
    LOGOUT,
    OFFLINE,
    ONLINE,
    START,
    Shop,
    expect_story,
    ready,
    until,
)
from tuyen_events.codec import encode
from tuyen_events.dead_letters import DeadLettered
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.limits import SESSIONS
from tuyen_events.presence import PresenceChanged, Session
from tuyen_events.topics import DEAD_LETTERS, PRESENCE, PRESENCE_SIGNALS
from tuyen_events.vocabulary import PresenceCause
from tuyen_platform.kafka.ports import LogUnavailableError, ProducerRecord


async def test_r8_3_login_and_logout_are_events_with_their_causes(shop: Shop) -> None:
    async with shop.worker():
        await shop.say("lan", ONLINE)
        await expect_story(shop, "lan", [LOGIN])
        await shop.say("lan", OFFLINE)
        await expect_story(shop, "lan", [LOGIN, LOGOUT])
    assert [event.version for event in await shop.changes("lan")] == [1, 2]
    assert len({envelope.id for envelope in await shop.records()}) == 2


async def test_r8_1_the_end_of_a_lease_is_an_event_soon_after_it(shop: Shop) -> None:
    async with shop.worker():
        await shop.say("lan", ONLINE)
        await expect_story(shop, "lan", [LOGIN])
        shop.advance(30)
        started = asyncio.get_running_loop().time()
        await expect_story(shop, "lan", [LOGIN, EXPIRED])
        assert asyncio.get_running_loop().time() - started < 3
    assert (await shop.changes("lan"))[-1].at == START + timedelta(seconds=30)


async def test_r8_2_a_crash_logs_nobody_out_whose_heartbeats_piled_up(shop: Shop) -> None:
    async with shop.worker():
        await shop.say("lan", ONLINE)
        await expect_story(shop, "lan", [LOGIN])
        await shop.say("minh", ONLINE)
        await expect_story(shop, "minh", [LOGIN])
    for _ in range(10):
        shop.advance(20)
        await shop.say("lan", None)
    async with shop.worker() as worker:
        await expect_story(shop, "minh", [LOGIN, EXPIRED])
        await ready(worker)
        shop.advance(29)
        await shop.say("hoa", ONLINE)
        await expect_story(shop, "hoa", [LOGIN])
        assert await shop.story("lan") == [LOGIN]
        shop.advance(1)
        await expect_story(shop, "lan", [LOGIN, EXPIRED])


async def test_r8_2_heartbeats_before_the_crash_count_although_none_was_recorded(
    shop: Shop,
) -> None:
    async with shop.worker() as worker:
        await shop.say("lan", ONLINE)
        for _ in range(5):
            shop.advance(20)
            await shop.say("lan", None)
        await ready(worker)
        await shop.say("minh", ONLINE)
        await expect_story(shop, "minh", [LOGIN])
        await expect_story(shop, "lan", [LOGIN])
    for _ in range(3):
        async with shop.worker() as worker:
            await ready(worker)
    assert await shop.story("lan") == [LOGIN]
    shop.advance(30)
    async with shop.worker():
        await expect_story(shop, "lan", [LOGIN, EXPIRED])


async def test_r8_2_who_came_and_went_while_nobody_worked_is_never_shown_online(
    shop: Shop,
) -> None:
    await shop.say("lan", ONLINE)
    shop.advance(3600)
    async with shop.worker() as worker:
        await ready(worker)
        await shop.say("minh", ONLINE)
        await expect_story(shop, "minh", [LOGIN])
    assert await shop.story("lan") == []
    assert (await shop.changes("lan"))[-1].sessions == {}


async def test_r8_2_a_restart_writes_nothing_that_was_written(shop: Shop) -> None:
    async with shop.worker():
        await shop.say("lan", ONLINE)
        await shop.say("lan", ONLINE, "phone")
        await expect_story(shop, "lan", [LOGIN])
    before = await shop.records()
    for _ in range(3):
        async with shop.worker() as worker:
            await ready(worker)
    assert await shop.records() == before


async def test_r8_2_what_was_written_before_a_crash_and_not_committed_is_not_written_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_commit(_: object) -> None:
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr("tuyen_platform.kafka.memory.InMemorySubscription.commit", no_commit)
        await shop.say("lan", ONLINE)
        async with shop.worker():
            await expect_story(shop, "lan", [LOGIN])
    async with shop.worker() as worker:
        await ready(worker)
        await shop.say("lan", OFFLINE)
        await expect_story(shop, "lan", [LOGIN, LOGOUT])
    assert [event.version for event in await shop.changes("lan")] == [1, 2]


async def test_r9_1_a_worker_waits_for_an_unavailable_log_and_loses_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    append_all, failures = shop.log.append_all, [LogUnavailableError("away")]
    monkeypatch.setattr("tuyen_platform.kafka.consumer._RETRY_S", 0.01)

    async def failing(records: list[ProducerRecord], *, within_s: float = 30.0) -> object:
        if failures:
            raise failures.pop()
        return await append_all(records, within_s=within_s)

    monkeypatch.setattr(shop.log, "append_all", failing)
    async with shop.worker() as worker:
        await ready(worker)
        await shop.say("lan", ONLINE)
        await expect_story(shop, "lan", [LOGIN])
    assert [event.version for event in await shop.changes("lan")] == [1]


async def test_r8_2_a_worker_that_stood_still_for_long_recovers_before_it_writes(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuyen_platform.kafka.consumer._RETRY_S", 0.01)
    async with shop.worker() as worker:
        await ready(worker)
        worker._looked_at -= 60
        await shop.say("lan", ONLINE)
        await expect_story(shop, "lan", [LOGIN])
    assert [event.version for event in await shop.changes("lan")] == [1]


async def test_agents_of_two_organizations_with_one_name_are_two(shop: Shop) -> None:
    async with shop.worker():
        await shop.say("lan", ONLINE)
        await shop.say("lan", AWAY, organization="sao-mai")

        async def settled() -> bool:
            return len(await shop.records()) == 2

        await until(settled)
    seen = [e.data for e in await shop.records() if isinstance(e.data, PresenceChanged)]
    assert {(e.organization, e.presence) for e in seen} == {("hoa-sen", ONLINE), ("sao-mai", AWAY)}


async def test_p4_what_is_no_signal_goes_to_the_dead_letters_and_holds_nothing_back(
    shop: Shop,
) -> None:
    await shop.say("lan", ONLINE)
    (foreign,) = await shop.records(PRESENCE_SIGNALS)
    value, headers = encode(foreign)
    await shop.log.append_bytes(PRESENCE_SIGNALS, "hoa-sen/lan", value[:-9], headers)
    changed = PresenceChanged(
        organization=OrganizationId("hoa-sen"),
        agent_id=AgentId("lan"),
        presence=ONLINE,
        previous=OFFLINE,
        cause=PresenceCause.LOGIN,
        at=START,
        version=9,
    )
    strange = Envelope(id="evt_x", source="t", subject="s", time=START, data=changed)
    await shop.log.append(PRESENCE_SIGNALS, "hoa-sen/lan", strange)
    await shop.log.append_bytes(PRESENCE_SIGNALS, "hoa-sen/lan", b"{}", [("ce_type", b"new.v9")])
    await shop.say("lan", AWAY)
    async with shop.worker():
        await expect_story(shop, "lan", [(AWAY, PresenceCause.LOGIN)])
    letters = [envelope.data for envelope in await shop.records(DEAD_LETTERS)]
    assert [letter.service for letter in letters if isinstance(letter, DeadLettered)] == [
        "presence"
    ] * 2


async def test_r9_5_sessions_without_number_make_few_and_small_records(shop: Shop) -> None:
    for number in range(2_000):
        await shop.say("lan", ONLINE, f"tab-{number}")
    async with shop.worker() as worker:
        await expect_story(shop, "lan", [LOGIN])
        await ready(worker)
        for number in range(2_000, 4_000):
            await shop.say("lan", ONLINE, f"tab-{number}")
        shop.advance(30)
        await expect_story(shop, "lan", [LOGIN, EXPIRED])
    changes = await shop.changes("lan")
    assert len(changes) < 200  # each of a turn of its own
    assert max(len(change.sessions) for change in changes) == SESSIONS
    assert changes[-1].sessions == {}


async def test_r8_3_every_change_of_presence_of_one_turn_is_an_event(shop: Shop) -> None:
    async with shop.worker() as worker:
        await ready(worker)
        async with asyncio.TaskGroup() as tasks:
            for status in (ONLINE, OFFLINE, ONLINE, OFFLINE):
                tasks.create_task(shop.say("lan", status))
        await expect_story(shop, "lan", [LOGIN, LOGOUT, LOGIN, LOGOUT])


async def test_r9_5_a_signal_that_cannot_be_handled_goes_to_the_dead_letters_and_the_rest_goes_on(
    shop: Shop,
) -> None:
    await shop.say("lan", ONLINE, lease_s=1e300)
    await shop.say("lan", ONLINE, "x" * 100_000)
    await shop.say("lan", ONLINE, "\0")
    await shop.say("minh", ONLINE)
    async with shop.worker():
        await expect_story(shop, "minh", [LOGIN])
        await expect_story(shop, "lan", [LOGIN])
    assert len(await shop.records(DEAD_LETTERS)) == 2
    assert (await shop.changes("lan"))[-1].sessions.keys() == {"\0"}


async def test_r8_2_a_worker_that_finds_anothers_record_among_its_own_reads_what_counts(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuyen_platform.kafka.consumer._RETRY_S", 0.01)
    async with shop.worker() as worker:
        await ready(worker)
        online = {"web": Session(status=ONLINE, expires_at=START + timedelta(seconds=30))}
        late = PresenceChanged(
            organization=OrganizationId("hoa-sen"),
            agent_id=AgentId("lan"),
            presence=ONLINE,
            previous=OFFLINE,
            cause=PresenceCause.LOGIN,
            at=START,
            version=1,
            sessions=online,
            signals_offset=-1,
        )
        envelope = Envelope(id="evt_late", source="t", subject="s", time=START, data=late)
        await shop.log.append(PRESENCE, "hoa-sen/lan", envelope)
        await shop.say("lan", AWAY)
        await expect_story(
            shop, "lan", [LOGIN, (AWAY, PresenceCause.LOGIN), (AWAY, PresenceCause.LOGIN)]
        )
    assert [change.version for change in await shop.changes("lan")] == [1, 1, 2]


async def test_r8_2_what_counts_of_two_records_of_one_version_is_made_the_last(
    shop: Shop,
) -> None:
    """A frozen worker's record comes later: compaction would keep that one, and a reader that
    starts then would see an agent who is not there."""
    async with shop.worker():
        await shop.say("lan", ONLINE)
        await expect_story(shop, "lan", [LOGIN])
        await shop.say("lan", OFFLINE)
        await expect_story(shop, "lan", [LOGIN, LOGOUT])
        await shop.say("minh", ONLINE)
        await expect_story(shop, "minh", [LOGIN])
    (_, out), (seen_online,) = await shop.changes("lan"), await shop.changes("minh")
    for counts, late in ((out, ONLINE), (seen_online, OFFLINE)):
        event = msgspec.structs.replace(counts, presence=late, sessions={})
        key = f"hoa-sen/{event.agent_id}"
        envelope = Envelope(id="evt_late", source="t", subject="s", time=START, data=event)
        await shop.log.append(PRESENCE, key, envelope)
    for _ in range(2):
        async with shop.worker() as service:
            await ready(service)
    lan, minh = (await shop.changes("lan"))[-1], (await shop.changes("minh"))[-1]
    assert (lan.version, lan.presence, lan.previous) == (3, OFFLINE, OFFLINE)
    assert (minh.version, minh.presence, minh.previous) == (2, ONLINE, ONLINE)
    assert (lan.cause, minh.sessions) == (PresenceCause.LOGOUT, seen_online.sessions)


async def test_r8_2_a_late_record_of_a_frozen_worker_is_noticed_by_one_that_writes_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuyen_platform.kafka.consumer._RETRY_S", 0.01)
    monkeypatch.setattr("tuyen_presence.worker._CHECK_EVERY_S", 0.0)
    async with shop.worker():
        await shop.say("lan", ONLINE)
        await expect_story(shop, "lan", [LOGIN])
        (counts,) = await shop.changes("lan")
        late = msgspec.structs.replace(counts, presence=OFFLINE, sessions={})
        envelope = Envelope(id="evt_late", source="t", subject="s", time=START, data=late)
        await shop.log.append(PRESENCE, "hoa-sen/lan", envelope)

        async def is_restated() -> bool:
            return [change.version for change in await shop.changes("lan")] == [1, 1, 2]

        await until(is_restated)
    last = (await shop.changes("lan"))[-1]
    assert (last.presence, last.sessions) == (ONLINE, counts.sessions)


def test_presence_and_its_signals_share_their_partitions() -> None:
    assert PRESENCE.partitions == PRESENCE_SIGNALS.partitions
    assert PRESENCE.key == PRESENCE_SIGNALS.key
