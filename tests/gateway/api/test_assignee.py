"""Assigning manually (R6), as far as the gateway decides it."""

import asyncio
from typing import Any

import httpx
import pytest

from gateway.rig import Rig, User, records, router
from tuyen_events.commands import Outcome
from tuyen_events.ids import OrganizationId, PageId, customer_key
from tuyen_events.topics import COMMANDS
from tuyen_platform.kafka.memory import InMemoryLog

PATH = "/v1/conversations/msg_1/assignee"


@pytest.fixture
async def manager(rig: Rig, boss: User) -> User:
    """A sales manager of a shop with assignment on, the page `p1`, and the agents lan and minh."""
    for agent in ("lan", "minh"):
        await rig.staff(boss, agent)
    await boss.done("PUT", "/v1/settings", {"assignment": True})
    page = {"channel": "facebook", "external_id": "1", "name": "P", "staff": ["lan"]}
    await boss.done("PUT", "/v1/pages/p1", page)
    rig.rows.add("shop", "msg_1", "p1")
    return await rig.staff(boss, "manager", "sales_manager")


async def test_r6_3_the_command_says_who_and_why_and_the_answer_who_has_it(
    rig: Rig, manager: User, log: InMemoryLog
) -> None:
    async with router(log, Outcome.APPLIED, version=4) as asked:
        answer = await manager.put(PATH, {"agent_id": "lan", "note": "knows the customer"})
    assert answer.status_code == 200
    assert answer.json() == {
        "id": "msg_1",
        "assignee": {"agent_id": "lan", "name": "Lan"},
        "version": 4,
        "changed": True,
    }
    assert answer.headers["ETag"] == '"4"'
    (command,) = asked
    assert command.agent_id == "lan"
    assert command.by == "manager"
    assert command.note == "knows the customer"
    assert command.expected_version is None
    (record,) = await records(log, COMMANDS)
    key = customer_key(OrganizationId("shop"), PageId("p1"), "psid-1")
    assert record.key == key.encode()


async def test_r6_3_the_present_assignee_again_changes_nothing(
    rig: Rig, manager: User, log: InMemoryLog
) -> None:
    async with router(log, Outcome.UNCHANGED, version=2, has="lan"):
        answer = await manager.put(PATH, {"agent_id": "lan"})
    assert answer.status_code == 200
    assert answer.json()["changed"] is False
    assert answer.json()["version"] == 2


async def test_r6_1_nobody_is_an_assignee_too(rig: Rig, manager: User, log: InMemoryLog) -> None:
    async with router(log, Outcome.APPLIED):
        answer = await manager.put(PATH, {"agent_id": None})
    assert answer.json()["assignee"] is None
    assert (await manager.put(PATH, {})).status_code == 422


async def test_r6_4_an_old_version_is_refused_with_the_current_state(
    rig: Rig, manager: User, log: InMemoryLog
) -> None:
    async with router(log, Outcome.VERSION_PASSED, version=7, has="minh") as asked:
        answer = await manager.put(PATH, {"agent_id": "lan"}, {"If-Match": '"6"'})
    assert asked[0].expected_version == 6
    assert answer.status_code == 412
    assert answer.headers["ETag"] == '"7"'
    problem = answer.json()
    assert (problem["version"], problem["agent_id"]) == (7, "minh")


@pytest.mark.parametrize("value", ["6", 'W/"6"', '"x"', '"1", "2"', ""])
async def test_r6_4_an_if_match_that_is_no_version_is_refused(
    rig: Rig, manager: User, log: InMemoryLog, value: str
) -> None:
    answer = await manager.put(PATH, {"agent_id": "lan"}, {"If-Match": value})
    assert answer.status_code == 422
    assert await records(log, COMMANDS) == []


async def test_r6_1_an_agent_assigns_nothing(rig: Rig, manager: User, log: InMemoryLog) -> None:
    lan = await rig.login("shop", "lan", "s3cret")
    for path in (PATH, "/v1/conversations/msg_none/assignee"):
        assert (await lan.put(path, {"agent_id": "lan"})).status_code == 403
    assert await records(log, COMMANDS) == []


async def test_r6_1_with_assignment_off_nobody_assigns(
    rig: Rig, boss: User, manager: User, log: InMemoryLog
) -> None:
    await boss.done("PUT", "/v1/settings", {"assignment": False})
    answer = await manager.put(PATH, {"agent_id": "lan"})
    assert answer.status_code == 409
    assert "switched off" in answer.json()["detail"]
    assert await records(log, COMMANDS) == []


async def test_r7_2_a_page_that_the_manager_does_not_hold_is_not_there(
    rig: Rig, boss: User, manager: User, log: InMemoryLog
) -> None:
    await boss.done("PUT", "/v1/settings", {"page_permissions": True})
    missing = await manager.put("/v1/conversations/msg_none/assignee", {"agent_id": "lan"})
    hidden = await manager.put(PATH, {"agent_id": "lan"})
    assert hidden.status_code == missing.status_code == 404
    assert hidden.text.replace("msg_1", "x") == missing.text.replace("msg_none", "x")
    page = {"channel": "facebook", "external_id": "1", "name": "P", "staff": ["lan", "manager"]}
    await boss.done("PUT", "/v1/pages/p1", page)
    async with router(log, Outcome.APPLIED):
        assert (await manager.put(PATH, {"agent_id": "lan"})).status_code == 200


async def test_r7_2_a_conversation_of_another_organization_is_not_there(
    rig: Rig, manager: User, log: InMemoryLog
) -> None:
    other = await rig.organization("other")
    await other.done("PUT", "/v1/settings", {"assignment": True})
    assert (await other.put(PATH, {"agent_id": "admin"})).status_code == 404


async def test_r6_2_the_chosen_agent_has_to_be_allowed(
    rig: Rig, boss: User, manager: User, log: InMemoryLog
) -> None:
    gone = {"name": "Gone", "username": "gone", "role": "agent", "disabled": True}
    await boss.done("PUT", "/v1/agents/gone", gone)
    reasons = {"nobody": "no agent", "gone": "disabled"}
    for agent, reason in reasons.items():
        answer = await manager.put(PATH, {"agent_id": agent})
        assert answer.status_code == 422
        assert reason in answer.json()["detail"]
    async with router(log, Outcome.APPLIED):  # with page permissions off, any page is anybody's
        assert (await manager.put(PATH, {"agent_id": "minh"})).status_code == 200
    await boss.done("PUT", "/v1/settings", {"page_permissions": True})
    answer = await boss.put(PATH, {"agent_id": "minh"})
    assert answer.status_code == 422
    assert "staff" in answer.json()["detail"]
    async with router(log, Outcome.APPLIED, Outcome.APPLIED):
        assert (await boss.put(PATH, {"agent_id": "lan"})).status_code == 200
        assert (await boss.put(PATH, {"agent_id": "admin"})).status_code == 200


@pytest.mark.parametrize(
    ("outcome", "status"), [(Outcome.NOT_ALLOWED, 422), (Outcome.ASSIGNMENT_OFF, 409)]
)
async def test_r6_2_what_the_router_refuses_is_refused(
    rig: Rig, manager: User, log: InMemoryLog, outcome: Outcome, status: int
) -> None:
    async with router(log, outcome):
        assert (await manager.put(PATH, {"agent_id": "lan"})).status_code == status


async def test_a_router_that_does_not_answer_is_reported_and_the_command_stays_in_the_log(
    rig: Rig, manager: User, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rig.gateway.commands, "_wait_s", 0.01)
    answer = await manager.put(PATH, {"agent_id": "lan"})
    assert answer.status_code == 503
    assert "is in the log" in answer.json()["detail"]
    assert len(await records(log, COMMANDS)) == 1


async def test_each_of_many_concurrent_callers_gets_its_own_answer(
    rig: Rig, manager: User, log: InMemoryLog
) -> None:
    outcomes = [Outcome.APPLIED] * 20
    agents = ["lan", "minh"] * 10

    async def assign(agent: str) -> httpx.Response:
        return await manager.put(PATH, {"agent_id": agent})

    async with router(log, *outcomes):
        answers = await asyncio.gather(*(assign(agent) for agent in agents))
    assert [answer.json()["assignee"]["agent_id"] for answer in answers] == agents


async def test_an_answer_that_comes_before_the_append_returns_is_received(
    rig: Rig, manager: User, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = log.append

    async def slow(*args: Any, **kwargs: Any) -> Any:
        appended = await append(*args, **kwargs)
        if args[0] is COMMANDS:
            for _ in range(50):  # the router answers while the append is under way
                await asyncio.sleep(0)
        return appended

    async with router(log, Outcome.APPLIED):
        monkeypatch.setattr(log, "append", slow)
        assert (await manager.put(PATH, {"agent_id": "lan"})).status_code == 200


async def test_a_conversation_whose_customer_is_unknown_waits(
    rig: Rig, manager: User, log: InMemoryLog
) -> None:
    rig.rows.add("shop", "cmt_1", "p1", customer=None)
    answer = await manager.put("/v1/conversations/cmt_1/assignee", {"agent_id": "lan"})
    assert answer.status_code == 409
