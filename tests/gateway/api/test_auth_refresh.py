"""Refreshing and logging out: a refresh token is used once, and a login ends as a whole."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from gateway.rig import Rig, User, events, presence_service, records, running
from tuyen_events.presence import SessionSignalled
from tuyen_events.topics import LOGINS, PRESENCE_SIGNALS
from tuyen_events.vocabulary import Presence
from tuyen_gateway.adapters.logins import LoginsTable
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog

BODY = {"organization": "shop", "username": "boss", "password": "boss-password"}
Tokens = dict[str, str]


async def log_in(rig: Rig) -> Tokens:
    tokens: Tokens = await rig.anybody.done("POST", "/v1/auth/login", BODY)
    return tokens


async def refresh(rig: Rig, tokens: Tokens) -> tuple[int, Tokens]:
    given = {"refresh_token": tokens["refresh_token"]}
    answer = await rig.anybody.post("/v1/auth/refresh", given)
    return answer.status_code, answer.json()


async def is_let_in(rig: Rig, tokens: Tokens) -> bool:
    answer = await User(rig.client, tokens["access_token"]).get("/v1/me")
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


@pytest.fixture
async def replica(rig: Rig, log: InMemoryLog, clock: ManualClock) -> AsyncIterator[Rig]:
    """Another gateway of the same installation."""
    async with running(log, clock) as another:
        yield another


async def test_a_refresh_token_is_out_of_use_after_its_use(
    rig: Rig, boss: User, clock: ManualClock
) -> None:
    first = await log_in(rig)
    _, second = await refresh(rig, first)
    assert second["refresh_token"] != first["refresh_token"]
    assert await is_let_in(rig, first)
    assert await is_let_in(rig, second)
    clock.advance(timedelta(milliseconds=1))
    assert (await refresh(rig, first))[0] == 401
    for tokens in (first, second):
        assert not await is_let_in(rig, tokens)
        assert (await refresh(rig, tokens))[0] == 401
    assert await is_let_in(rig, await log_in(rig))
    assert (await boss.get("/v1/me")).status_code == 200


async def test_a_refresh_token_is_out_of_use_at_every_gateway(
    rig: Rig, boss: User, replica: Rig, clock: ManualClock
) -> None:
    first = await log_in(rig)
    _, second = await refresh(rig, first)
    clock.advance(timedelta(milliseconds=1))
    assert (await refresh(replica, first))[0] == 401
    assert (await refresh(rig, second))[0] == 401
    assert not await is_let_in(rig, second)


async def test_a_login_counts_at_every_gateway_at_once_and_after_a_restart(
    rig: Rig, boss: User, replica: Rig, log: InMemoryLog, clock: ManualClock
) -> None:
    tokens = await log_in(rig)
    assert await is_let_in(replica, tokens)
    _, tokens = await refresh(replica, tokens)
    async with running(log, clock) as restarted:
        assert await is_let_in(restarted, tokens)
        status, tokens = await refresh(restarted, tokens)
        assert status == 200
        await User(restarted.client, tokens["access_token"]).post("/v1/auth/logout")
    await rig.gateway.logins.table.require_current()
    assert not await is_let_in(rig, tokens)


async def test_a_gateway_that_has_not_heard_of_a_login_yet_asks_the_log(
    rig: Rig, boss: User, replica: Rig, monkeypatch: pytest.MonkeyPatch, clock: ManualClock
) -> None:
    asked: list[str] = []
    see = LoginsTable.see

    async def counted(table: LoginsTable, identity: object) -> None:
        asked.append(str(identity))
        await see(table, identity)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(LoginsTable, "see", counted)
    tokens = await log_in(rig)
    assert await is_let_in(replica, tokens)
    assert asked


@pytest.mark.parametrize("by", ["bearer", "refresh token"])
async def test_logging_out_ends_all_tokens_of_a_login_and_no_other(
    rig: Rig, boss: User, by: str
) -> None:
    first, another = await log_in(rig), await log_in(rig)
    _, second = await refresh(rig, first)
    if by == "bearer":
        user, body = User(rig.client, first["access_token"]), None
    else:
        user, body = rig.anybody, {"refresh_token": second["refresh_token"]}
    for _ in range(2):
        assert (await user.post("/v1/auth/logout", body)).status_code == 204
    for tokens in (first, second):
        assert not await is_let_in(rig, tokens)
        assert (await refresh(rig, tokens))[0] == 401
    assert await is_let_in(rig, another)


async def test_logging_out_needs_a_token_of_ours(rig: Rig, boss: User) -> None:
    stranger = User(rig.client, "made.up.token")
    assert (await rig.anybody.post("/v1/auth/logout")).status_code == 401
    assert (await rig.anybody.post("/v1/auth/logout", {})).status_code == 401
    assert (await stranger.post("/v1/auth/logout")).status_code == 401
    assert (await rig.anybody.post("/v1/auth/logout", {"refresh_token": "x"})).status_code == 401


async def test_r8_1_logging_out_ends_the_logins_presence(
    rig: Rig, boss: User, log: InMemoryLog
) -> None:
    async with presence_service(log):
        user = User(rig.client, (await log_in(rig))["access_token"])
        await user.done("PUT", "/v1/presence", {"status": "online"})
        await user.post("/v1/auth/logout")
    signals = await events(log, PRESENCE_SIGNALS)
    statuses = [one.status for one in signals if isinstance(one, SessionSignalled)]
    assert statuses == [Presence.ONLINE, Presence.OFFLINE]


async def test_a_suspended_organizations_refresh_token_stays_in_use(rig: Rig, boss: User) -> None:
    tokens = await log_in(rig)
    await rig.operator.done("PATCH", "/v1/organizations/shop", {"suspended": True})
    assert (await refresh(rig, tokens))[0] == 403
    await rig.operator.done("PATCH", "/v1/organizations/shop", {"suspended": False})
    assert (await refresh(rig, tokens))[0] == 200


async def test_r9_6_a_removed_agents_logins_leave_nothing(rig: Rig, boss: User) -> None:
    lan = await rig.staff(boss, "lan")
    assert (await lan.get("/v1/me")).status_code == 200
    await boss.delete("/v1/agents/lan")
    assert [agent for _, agent in rig.gateway.logins.owners()] == ["admin"]


async def test_no_token_is_in_the_log(rig: Rig, boss: User, log: InMemoryLog) -> None:
    tokens = await log_in(rig)
    _, renewed = await refresh(rig, tokens)
    stored = b"".join(record.value or b"" for record in await records(log, LOGINS)).decode()
    for token in (*tokens.values(), *renewed.values()):
        assert str(token) not in stored or len(str(token)) < 10
