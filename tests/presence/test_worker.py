"""R8: the worker over the log in memory, with time moved by hand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from support import organizations
from support.organizations import directory_record
from tuyen_events.codec import decode, encode
from tuyen_events.dead_letters import DeadLettered
from tuyen_events.directory import directory_key
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.limits import SESSIONS
from tuyen_events.presence import PresenceChanged, Session, SessionSignalled
from tuyen_events.topics import DEAD_LETTERS, DIRECTORY, PRESENCE, PRESENCE_SIGNALS, Topic
from tuyen_events.vocabulary import Presence, PresenceCause
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import LogUnavailableError, ProducerRecord
from tuyen_presence.worker import PresenceWorker

START = datetime(2026, 9, 21, 8, tzinfo=UTC)
DEADLINE_S = 20
ONLINE, AWAY, OFFLINE = Presence.ONLINE, Presence.AWAY, Presence.OFFLINE


class Shop:
    """An organization's agents, a log, and a clock."""

    def __init__(self) -> None:
        self.clock = ManualClock(START)
        """The broker's, by which the log stamps signals."""
        self.workers = ManualClock(START)
        self.gateways = ManualClock(START)
        self.log = InMemoryLog(self.clock)
        self._said = 0
        self._hired: set[str] = set()

    async def say(
        self,
        agent: str,
        status: Presence | None,
        session: str = "web",
        *,
        by: str | None = None,
        organization: str = "hoa-sen",
        lease_s: float = 30,
    ) -> None:
        data = SessionSignalled(
            organization=OrganizationId(organization),
            agent_id=AgentId(agent),
            session=session,
            status=status,
            lease_s=lease_s,
            by=None if by is None else AgentId(by),
            at=self.gateways.now(),
        )
        if f"{organization}/{agent}" not in self._hired:
            await self.hire(agent, organization)
        self._said += 1
        key, identity = f"{organization}/{agent}", f"evt_{self._said}"
        envelope = Envelope(id=identity, source="gateway", subject=key, time=data.at, data=data)
        await self.log.append(PRESENCE_SIGNALS, key, envelope)

    async def hire(self, agent: str, organization: str = "hoa-sen") -> None:
        self._hired.add(f"{organization}/{agent}")
        hired = organizations.agent(agent, organization=OrganizationId(organization))
        await self.log.append(DIRECTORY, *directory_record(hired))

    async def dismiss(self, agent: str) -> None:
        key = directory_key(OrganizationId("hoa-sen"), "agent", agent)
        await self.log.append_bytes(DIRECTORY, key, None)

    async def removals(self) -> list[str]:
        """The keys of presence's records without a value."""
        async with self.log.tail(PRESENCE) as tail:
            async for batch in tail.batches():
                each = (record for records in batch.values() for record in records)
                return [(record.key or b"").decode() for record in each if record.value is None]
        return []

    def advance(self, seconds: float) -> None:
        for clock in (self.clock, self.workers, self.gateways):
            clock.advance(timedelta(seconds=seconds))

    async def records(self, topic: Topic = PRESENCE) -> list[Envelope]:
        found: list[Envelope] = []
        if sum((await self.log.end_offsets(topic)).values()) == 0:
            return found
        async with self.log.tail(topic) as tail:
            async for batch in tail.batches():
                for records in batch.values():
                    found += [decode(r.headers, r.value) for r in records if r.value is not None]
                break
        return found

    async def story(self, agent: str) -> list[tuple[Presence, PresenceCause]]:
        return [
            (event.presence, event.cause)
            for event in await self.changes(agent)
            if event.presence is not event.previous
        ]

    async def changes(self, agent: str) -> list[PresenceChanged]:
        events = [envelope.data for envelope in await self.records()]
        return [e for e in events if isinstance(e, PresenceChanged) and e.agent_id == agent]

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[PresenceWorker]:
        """Runs until left, as abruptly as a kill: nothing is written on the way out."""
        worker = PresenceWorker(self.log, self.workers)
        async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
            running = tasks.create_task(worker.run())
            yield worker
            running.cancel()


LOGIN = (ONLINE, PresenceCause.LOGIN)
LOGOUT = (OFFLINE, PresenceCause.LOGOUT)
EXPIRED = (OFFLINE, PresenceCause.LEASE_EXPIRED)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    while not await condition():  # noqa: ASYNC110 - what is polled is another task's doing
        await asyncio.sleep(0.01)


async def ready(worker: PresenceWorker) -> None:
    async def is_ready() -> bool:
        return worker.status.ready() is None

    await until(is_ready)


async def told(shop: Shop, agent: str, story: list[tuple[Presence, PresenceCause]]) -> None:
    async def has_happened() -> bool:
        return await shop.story(agent) == story

    await until(has_happened)


@pytest.fixture
def shop() -> Shop:
    return Shop()


async def test_r8_3_login_and_logout_are_events_with_their_causes(shop: Shop) -> None:
    async with shop.worker():
        await shop.say("lan", ONLINE)
        await told(shop, "lan", [LOGIN])
        await shop.say("lan", OFFLINE)
        await told(shop, "lan", [LOGIN, LOGOUT])
    assert [event.version for event in await shop.changes("lan")] == [1, 2]
    assert len({envelope.id for envelope in await shop.records()}) == 2


async def test_r8_1_the_end_of_a_lease_is_an_event_soon_after_it(shop: Shop) -> None:
    async with shop.worker():
        await shop.say("lan", ONLINE)
        await told(shop, "lan", [LOGIN])
        shop.advance(30)
        started = asyncio.get_running_loop().time()
        await told(shop, "lan", [LOGIN, EXPIRED])
        assert asyncio.get_running_loop().time() - started < 3
    assert (await shop.changes("lan"))[-1].at == START + timedelta(seconds=30)


async def test_r8_2_a_crash_logs_nobody_out_whose_heartbeats_piled_up(shop: Shop) -> None:
    async with shop.worker():
        await shop.say("lan", ONLINE)
        await told(shop, "lan", [LOGIN])
        await shop.say("minh", ONLINE)
        await told(shop, "minh", [LOGIN])
    for _ in range(10):
        shop.advance(20)
        await shop.say("lan", None)
    async with shop.worker() as worker:
        await told(shop, "minh", [LOGIN, EXPIRED])
        await ready(worker)
        shop.advance(29)
        await shop.say("hoa", ONLINE)
        await told(shop, "hoa", [LOGIN])
        assert await shop.story("lan") == [LOGIN]
        shop.advance(1)
        await told(shop, "lan", [LOGIN, EXPIRED])


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
        await told(shop, "minh", [LOGIN])
        await told(shop, "lan", [LOGIN])
    for _ in range(3):
        async with shop.worker() as worker:
            await ready(worker)
    assert await shop.story("lan") == [LOGIN]
    shop.advance(30)
    async with shop.worker():
        await told(shop, "lan", [LOGIN, EXPIRED])


async def test_r8_2_who_came_and_went_while_nobody_worked_is_never_shown_online(
    shop: Shop,
) -> None:
    await shop.say("lan", ONLINE)
    shop.advance(3600)
    async with shop.worker() as worker:
        await ready(worker)
        await shop.say("minh", ONLINE)
        await told(shop, "minh", [LOGIN])
    assert await shop.story("lan") == []
    assert (await shop.changes("lan"))[-1].sessions == {}


async def test_r8_2_a_restart_writes_nothing_that_was_written(shop: Shop) -> None:
    async with shop.worker():
        await shop.say("lan", ONLINE)
        await shop.say("lan", ONLINE, "phone")
        await told(shop, "lan", [LOGIN])
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
            await told(shop, "lan", [LOGIN])
    async with shop.worker() as worker:
        await ready(worker)
        await shop.say("lan", OFFLINE)
        await told(shop, "lan", [LOGIN, LOGOUT])
    assert [event.version for event in await shop.changes("lan")] == [1, 2]


async def test_r9_1_a_worker_waits_for_a_log_that_is_away_and_loses_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    append_all, failures = shop.log.append_all, [LogUnavailableError("away")]
    monkeypatch.setattr("tuyen_presence.worker._RETRY_S", 0.01)

    async def failing(records: list[ProducerRecord], *, within_s: float = 30.0) -> object:
        if failures:
            raise failures.pop()
        return await append_all(records, within_s=within_s)

    monkeypatch.setattr(shop.log, "append_all", failing)
    async with shop.worker() as worker:
        await ready(worker)
        await shop.say("lan", ONLINE)
        await told(shop, "lan", [LOGIN])
    assert [event.version for event in await shop.changes("lan")] == [1]


async def test_r8_2_a_worker_that_stood_still_for_long_recovers_before_it_writes(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuyen_presence.worker._RETRY_S", 0.01)
    async with shop.worker() as worker:
        await ready(worker)
        worker._looked_at -= 60
        await shop.say("lan", ONLINE)
        await told(shop, "lan", [LOGIN])
    assert [event.version for event in await shop.changes("lan")] == [1]


async def test_r8_1_a_clock_that_was_set_back_ends_no_lease_early_and_none_twice(
    shop: Shop,
) -> None:
    async with shop.worker() as worker:
        await shop.say("lan", ONLINE)
        await told(shop, "lan", [LOGIN])
        shop.advance(-3600)
        await shop.say("lan", None)
        shop.advance(3629)
        await shop.say("minh", ONLINE)
        await told(shop, "minh", [LOGIN])
        assert await shop.story("lan") == [LOGIN]
        shop.advance(1)
        await told(shop, "lan", [LOGIN, EXPIRED])
        shop.advance(-10)
        shop.advance(20)
        await shop.say("hoa", ONLINE)
        await told(shop, "hoa", [LOGIN])
        await ready(worker)
    assert await shop.story("lan") == [LOGIN, EXPIRED]


async def test_agents_of_two_organizations_with_one_name_are_two(shop: Shop) -> None:
    async with shop.worker():
        await shop.say("lan", ONLINE)
        await shop.say("lan", AWAY, organization="sao-mai")

        async def settled() -> bool:
            return len(await shop.records()) == 2

        await until(settled)
    seen = [e.data for e in await shop.records() if isinstance(e.data, PresenceChanged)]
    assert {(e.organization, e.presence) for e in seen} == {("hoa-sen", ONLINE), ("sao-mai", AWAY)}


async def test_p4_what_is_no_signal_is_buried_and_holds_nothing_back(shop: Shop) -> None:
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
        await told(shop, "lan", [(AWAY, PresenceCause.LOGIN)])
    letters = [envelope.data for envelope in await shop.records(DEAD_LETTERS)]
    assert [letter.service for letter in letters if isinstance(letter, DeadLettered)] == [
        "presence"
    ] * 2


async def test_r9_5_sessions_without_number_make_few_and_small_records(shop: Shop) -> None:
    for number in range(2_000):
        await shop.say("lan", ONLINE, f"tab-{number}")
    async with shop.worker() as worker:
        await told(shop, "lan", [LOGIN])
        await ready(worker)
        for number in range(2_000, 4_000):
            await shop.say("lan", ONLINE, f"tab-{number}")
        shop.advance(30)
        await told(shop, "lan", [LOGIN, EXPIRED])
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
        await told(shop, "lan", [LOGIN, LOGOUT, LOGIN, LOGOUT])


@pytest.mark.parametrize("seconds", [-240, 240])
async def test_r8_2_clocks_that_jump_log_nobody_out_and_keep_nobody_online(
    shop: Shop, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuyen_presence.broker_clock._ASKED_ANEW_AFTER_S", 0.0)
    shop.gateways.advance(timedelta(seconds=-seconds))
    async with shop.worker():
        await shop.say("lan", ONLINE)
        await shop.say("minh", ONLINE)
        await told(shop, "minh", [LOGIN])
        shop.workers.advance(timedelta(seconds=seconds))
        shop.advance(20)
        await shop.say("lan", None)
        shop.advance(10)
        await told(shop, "minh", [LOGIN, EXPIRED])
        assert await shop.story("lan") == [LOGIN]
        shop.workers.advance(timedelta(seconds=-2 * seconds))
    async with shop.worker():
        shop.advance(19)
        await shop.say("hoa", ONLINE)
        await told(shop, "hoa", [LOGIN])
        assert await shop.story("lan") == [LOGIN]
        shop.advance(1)
        await told(shop, "lan", [LOGIN, EXPIRED])
    assert (await shop.changes("lan"))[-1].at == START + timedelta(seconds=50)


async def test_r9_5_a_signal_that_cannot_be_handled_is_buried_and_the_rest_goes_on(
    shop: Shop,
) -> None:
    await shop.say("lan", ONLINE, lease_s=1e300)
    await shop.say("lan", ONLINE, "x" * 100_000)
    await shop.say("lan", ONLINE, "\0")
    await shop.say("minh", ONLINE)
    async with shop.worker():
        await told(shop, "minh", [LOGIN])
        await told(shop, "lan", [LOGIN])
    assert len(await shop.records(DEAD_LETTERS)) == 2
    assert (await shop.changes("lan"))[-1].sessions.keys() == {"\0"}


async def test_r8_2_a_worker_that_finds_anothers_record_among_its_own_reads_what_counts(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuyen_presence.worker._RETRY_S", 0.01)
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
        await told(shop, "lan", [LOGIN, (AWAY, PresenceCause.LOGIN), (AWAY, PresenceCause.LOGIN)])
    assert [change.version for change in await shop.changes("lan")] == [1, 1, 2]


async def test_r8_2_what_counts_of_two_records_of_one_version_is_made_the_last(
    shop: Shop,
) -> None:
    """A frozen worker's record comes later: compaction would keep that one, and a reader that
    starts then would see an agent who is not there."""
    async with shop.worker():
        await shop.say("lan", ONLINE)
        await told(shop, "lan", [LOGIN])
        await shop.say("lan", OFFLINE)
        await told(shop, "lan", [LOGIN, LOGOUT])
        await shop.say("minh", ONLINE)
        await told(shop, "minh", [LOGIN])
    (_, out), (told_online,) = await shop.changes("lan"), await shop.changes("minh")
    for counts, late in ((out, ONLINE), (told_online, OFFLINE)):
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
    assert (lan.cause, minh.sessions) == (PresenceCause.LOGOUT, told_online.sessions)


async def test_r9_6_who_was_removed_leaves_no_record_once_their_last_session_is_over(
    shop: Shop,
) -> None:
    async def is_removed() -> bool:
        return await shop.removals() == ["hoa-sen/lan"]

    async with shop.worker() as service:
        await shop.say("lan", ONLINE)
        await told(shop, "lan", [LOGIN])
        await shop.dismiss("lan")
        await shop.say("minh", ONLINE)
        await told(shop, "minh", [LOGIN])
        assert await shop.removals() == []
        shop.advance(30)
        await until(is_removed)
        await shop.say("lan", None)
        await shop.say("minh", OFFLINE)
        await ready(service)
    assert await shop.story("lan") == [LOGIN, EXPIRED]
    async with shop.worker() as service:
        await ready(service)
        await shop.hire("lan")
        await shop.say("lan", AWAY)
        await told(shop, "lan", [LOGIN, EXPIRED, (AWAY, PresenceCause.LOGIN)])
    assert await is_removed()
    assert (await shop.changes("lan"))[-1].version == 1


async def test_r9_6_who_was_removed_while_nobody_worked_leaves_no_record_either(
    shop: Shop,
) -> None:
    async with shop.worker():
        await shop.say("lan", ONLINE)
        await told(shop, "lan", [LOGIN])
        await shop.say("lan", OFFLINE)
        await told(shop, "lan", [LOGIN, LOGOUT])
    await shop.dismiss("lan")

    async def is_removed() -> bool:
        return await shop.removals() == ["hoa-sen/lan"]

    async with shop.worker():
        await until(is_removed)


def test_presence_and_its_signals_share_their_partitions() -> None:
    assert PRESENCE.partitions == PRESENCE_SIGNALS.partitions
    assert PRESENCE.key == PRESENCE_SIGNALS.key
