"""Presence at the gateway: signals out, the service's word back (R8)."""

import asyncio

import pytest

from gateway.rig import DEADLINE_S, START, Rig, User, events, presence_changed, presence_service
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.presence import SessionSignalled
from tuyen_events.topics import PRESENCE, PRESENCE_SIGNALS
from tuyen_events.vocabulary import Presence
from tuyen_gateway.adapters.presence import PresenceTable
from tuyen_gateway.api import presence as routes
from tuyen_platform.kafka.memory import InMemoryLog


async def signals(log: InMemoryLog) -> list[SessionSignalled]:
    return [one for one in await events(log, PRESENCE_SIGNALS) if isinstance(one, SessionSignalled)]


async def test_r8_1_who_comes_online_is_shown_online_at_once(
    rig: Rig, boss: User, log: InMemoryLog
) -> None:
    lan = await rig.staff(boss, "lan")
    async with presence_service(log):
        put = await lan.done("PUT", "/v1/presence", {"status": "online"})
        assert put["presence"] == "online"
        listed = (await boss.done("GET", "/v1/presence"))["items"]
        assert {one["agent_id"]: one["presence"] for one in listed} == {
            "admin": "offline",
            "lan": "online",
        }
        assert (await lan.done("GET", "/v1/me"))["presence"] == "online"
        await lan.done("PUT", "/v1/presence", {"status": "offline"})
        listed = (await boss.done("GET", "/v1/presence"))["items"]
        assert listed[1]["presence"] == "offline"
        assert listed[1]["cause"] == "logout"
    assert [signal.status for signal in await signals(log)] == ["online", "offline"]


async def test_a_session_is_one_per_login_unless_it_is_named(
    rig: Rig, boss: User, log: InMemoryLog
) -> None:
    again = await rig.login("shop", "boss", "boss-password")
    for user in (boss, boss, again):
        await user.done("POST", "/v1/presence/heartbeat")
    named = await boss.done("POST", "/v1/presence/heartbeat", {"session": "tab-2"})
    assert named == {
        "agent_id": "admin",
        "presence": "offline",
        "session": "tab-2",
        "lease_s": 30.0,
    }
    first, second, third, fourth = [signal.session for signal in await signals(log)]
    assert first == second != third
    assert fourth == "tab-2"
    assert all(signal.status is None for signal in await signals(log))


async def test_it_answers_though_the_presence_service_is_unavailable(
    rig: Rig, boss: User, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "_SHOWN_WITHIN_S", 0.01)
    put = await boss.put("/v1/presence", {"status": "online"})
    assert put.status_code == 200
    assert put.json()["presence"] == "offline"  # as far as has been seen
    assert [signal.status for signal in await signals(log)] == ["online"]


async def test_r8_3_a_manager_sets_anothers_presence_and_an_agent_does_not(
    rig: Rig, boss: User, log: InMemoryLog
) -> None:
    lan = await rig.staff(boss, "lan")
    manager = await rig.staff(boss, "minh", "store_manager")
    async with presence_service(log):
        await lan.done("PUT", "/v1/presence", {"status": "online"})
        body = {"status": "away", "agent_id": "lan"}
        assert (await manager.done("PUT", "/v1/presence", body))["presence"] == "away"
        listed = (await lan.done("GET", "/v1/presence"))["items"]
        assert [one["cause"] for one in listed] == [None, "set_by_manager", None]
    _, signal = await signals(log)
    assert (signal.agent_id, signal.by) == ("lan", "minh")
    refused = await lan.put("/v1/presence", {"status": "offline", "agent_id": "admin"})
    assert refused.status_code == 403
    unknown = await boss.put("/v1/presence", {"status": "offline", "agent_id": "nobody"})
    assert unknown.status_code == 422


async def test_what_changes_nothing_is_waited_for_by_nobody(
    rig: Rig, boss: User, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "_SHOWN_WITHIN_S", 3600)
    await rig.staff(boss, "lan")
    async with asyncio.timeout(DEADLINE_S):  # without a presence service
        for body in ({"status": "offline"}, {"status": "online", "agent_id": "lan"}):
            put = await boss.done("PUT", "/v1/presence", body)
            assert put["presence"] == "offline"  # a manager's word opens no session
    assert len(await signals(log)) == 2


async def test_presence_of_two_organizations_is_apart(
    rig: Rig, boss: User, log: InMemoryLog
) -> None:
    other = await rig.organization("other")
    async with presence_service(log):
        await boss.done("PUT", "/v1/presence", {"status": "online"})
        listed = (await other.done("GET", "/v1/presence"))["items"]
        assert [one["presence"] for one in listed] == ["offline"]


async def test_disabled_agents_are_not_listed(rig: Rig, boss: User) -> None:
    body = {"name": "Lan", "username": "lan", "role": "agent", "disabled": True}
    await boss.done("PUT", "/v1/agents/lan", body)
    listed = (await boss.done("GET", "/v1/presence"))["items"]
    assert [one["agent_id"] for one in listed] == ["admin"]


async def test_r8_3_of_two_records_with_one_version_the_first_counts(log: InMemoryLog) -> None:
    board = PresenceTable(log)
    task = asyncio.create_task(board.table.run())
    try:
        await board.table.require_following(DEADLINE_S)
        for status in (Presence.ONLINE, Presence.OFFLINE):
            signal = SessionSignalled(
                organization=OrganizationId("shop"),
                agent_id=AgentId("lan"),
                session="web",
                status=status,
                lease_s=30,
                at=START,
            )
            changed = presence_changed(signal, 0)
            envelope = Envelope(id="evt", source="t", subject="s", time=START, data=changed)
            at = await log.append(PRESENCE, "shop/lan", envelope)
        await board.table.wait_until_folded(at, DEADLINE_S)
        assert board.presence(OrganizationId("shop"), AgentId("lan")) is Presence.ONLINE
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
