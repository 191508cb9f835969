"""R9.5: what an organization's people may write within an hour."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rig import START, Rig, User, presence_changed, records, running
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.limits import PRESENCE_CHANGES_AN_HOUR, SESSIONS, SIGNALS_AN_HOUR
from tuyen_events.presence import SessionSignalled
from tuyen_events.topics import DIRECTORY, PRESENCE
from tuyen_events.vocabulary import Presence
from tuyen_gateway.adapters import directory
from tuyen_gateway.adapters.presence import PresenceTable
from tuyen_gateway.adapters.quotas import HourlyQuota
from tuyen_gateway.domain.hourly_quota import UsedQuota, find_wait_s, use_quota
from tuyen_gateway.errors import TooManyAttemptsError
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog

AN_HOUR = 10


@given(st.lists(st.tuples(st.integers(1, AN_HOUR), st.floats(0, 4_000)), max_size=40))
def test_r9_5_an_hour_has_no_more_than_two_hours_worth(steps: list[tuple[int, float]]) -> None:
    taken: UsedQuota | None = None
    now, done = START, list[tuple[float, int]]()
    for amount, seconds in steps:
        now += timedelta(seconds=seconds)
        after = use_quota(taken, amount, AN_HOUR, now)
        wait = find_wait_s(after, AN_HOUR)
        if wait == 0:
            taken = after
            done.append(((now - START).total_seconds(), amount))
        else:
            later = now + timedelta(seconds=wait)
            assert find_wait_s(use_quota(taken, amount, AN_HOUR, later), AN_HOUR) == 0
    for at, _ in done:
        assert sum(n for other, n in done if at <= other < at + 3_600) <= 2 * AN_HOUR


def test_r9_6_who_may_take_everything_again_is_forgotten() -> None:
    hourly: HourlyQuota[int] = HourlyQuota(AN_HOUR, "Too often")
    later = START + timedelta(hours=1)
    for number in range(1_000):
        hourly.take(number, AN_HOUR, START)
    hourly.take(1_000, 1, later - timedelta(seconds=1))
    assert len(hourly._taken) == 1_001
    for number in range(500):
        hourly.take(2_000 + number, AN_HOUR, later)
    assert hourly._taken.keys() == {1_000, *range(2_000, 2_500)}


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4), st.floats(0, 4_000)), max_size=40))
def test_r9_5_nobody_may_take_more_because_others_are_forgotten(
    steps: list[tuple[int, int, float]],
) -> None:
    hourly: HourlyQuota[int] = HourlyQuota(AN_HOUR, "Too often")
    alone = [HourlyQuota[int](AN_HOUR, "Too often") for _ in range(4)]
    now = START
    for key, amount, seconds in steps:
        now += timedelta(seconds=seconds)
        assert _takes(hourly, key, amount, now) == _takes(alone[key], key, amount, now)


def _takes(hourly: HourlyQuota[int], key: int, amount: int, now: datetime) -> bool:
    try:
        hourly.take(key, amount, now)
    except TooManyAttemptsError:
        return False
    return True


@pytest.fixture
async def small(
    log: InMemoryLog, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Rig]:
    """A gateway where three records an hour are the most, of 2,500 bytes together."""
    monkeypatch.setattr(directory, "SETUP_RECORDS_AN_HOUR", 3)
    monkeypatch.setattr(directory, "SETUP_BYTES_AN_HOUR", 2_500)
    async with running(log, clock) as rig:
        yield rig


async def expect_refusal(user: User, method: str, path: str, body: object = None) -> int:
    """In how many seconds to ask again, of a call that is one too many."""
    answer = await user.call(method, path, body)
    assert answer.status_code == 429
    assert "organization" in answer.json()["detail"]
    return int(answer.headers["Retry-After"])


async def test_r9_5_an_organization_sets_up_so_much_within_an_hour(
    small: Rig, log: InMemoryLog, clock: ManualClock
) -> None:
    boss, other = await small.organization(), await small.organization("other")
    for number in range(3):
        await boss.done("PUT", f"/v1/departments/d{number}", {"name": "D"})
    written = len(await records(log, DIRECTORY))
    for _ in range(5):  # what changes nothing is no record
        await boss.done("PUT", "/v1/departments/d1", {"name": "D"})
    lan = {"name": "L", "username": "lan", "role": "agent", "password": "s3cret"}
    for method, path, body in (
        ("PUT", "/v1/departments/d1", {"name": "E"}),
        ("DELETE", "/v1/departments/d1", None),
        ("PUT", "/v1/agents/lan", lan),
    ):
        assert 0 < await expect_refusal(boss, method, path, body) <= 1_200
    assert len(await records(log, DIRECTORY)) == written
    await other.done("PUT", "/v1/departments/d1", {"name": "E"})
    clock.advance(timedelta(minutes=20))
    await boss.done("PUT", "/v1/departments/d1", {"name": "E"})
    await expect_refusal(boss, "PUT", "/v1/departments/d1", {"name": "F"})
    await small.operator.done("PATCH", "/v1/organizations/shop", {"suspended": True})


async def test_r9_5_an_organization_sets_up_so_many_bytes_within_an_hour(
    small: Rig, clock: ManualClock
) -> None:
    boss = await small.organization()
    for turn in ("a", "b"):
        await boss.done("PUT", "/v1/departments/d", {"name": "😀" * 199 + turn})
    wait = await expect_refusal(boss, "PUT", "/v1/departments/d", {"name": "😀" * 200})
    clock.advance(timedelta(seconds=wait))
    await boss.done("PUT", "/v1/departments/d", {"name": "😀" * 200})


@pytest.fixture
async def board(log: InMemoryLog) -> AsyncIterator[PresenceTable]:
    board = PresenceTable(log)
    task = asyncio.create_task(board.table.run())
    await board.table.require_following()
    yield board
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def signal(status: Presence | None, second: float, *, by: str | None = None) -> SessionSignalled:
    return SessionSignalled(
        organization=OrganizationId("shop"),
        agent_id=AgentId("lan"),
        session="web",
        status=status,
        lease_s=30,
        by=None if by is None else AgentId(by),
        at=START + timedelta(seconds=second),
    )


async def tell(board: PresenceTable, log: InMemoryLog, said: SessionSignalled) -> None:
    """With a presence service that answers at once."""
    at = await board.signal(said)
    if said.status is not None:
        changed = presence_changed(said, at.offset)
        envelope = Envelope(id="evt", source="t", subject="s", time=START, data=changed)
        await log.append(PRESENCE, "shop/lan", envelope)
        await board.table.require_current()


async def test_r9_5_a_presence_changes_so_often_within_an_hour(
    board: PresenceTable, log: InMemoryLog
) -> None:
    both = (Presence.ONLINE, Presence.OFFLINE)
    for number in range(PRESENCE_CHANGES_AN_HOUR):
        await tell(board, log, signal(both[number % 2], 0))
    with pytest.raises(TooManyAttemptsError) as many:
        await board.signal(signal(Presence.ONLINE, 0))
    await tell(board, log, signal(Presence.OFFLINE, 0))  # as it is already
    await tell(board, log, signal(None, 0))
    await tell(board, log, signal(Presence.ONLINE, many.value.retry_after_s))
    await tell(board, log, signal(Presence.OFFLINE, 0, by="boss"))


async def test_r8_1_twenty_devices_that_stay_online_meet_no_quota(
    board: PresenceTable, log: InMemoryLog
) -> None:
    """Each says so every five seconds, by a heartbeat or by `PUT`, a hundred times over."""
    await tell(board, log, signal(Presence.ONLINE, 0))
    for turn in range(100):
        for device in range(SESSIONS):
            await board.signal(signal(Presence.ONLINE if device % 2 else None, turn * 5))


async def test_r9_5_heartbeats_without_end_are_refused(board: PresenceTable) -> None:
    for _ in range(SIGNALS_AN_HOUR):
        await board.signal(signal(None, 0))
    with pytest.raises(TooManyAttemptsError):
        await board.signal(signal(None, 0))
