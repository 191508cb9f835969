"""R6.6: an agent takes what nobody has, as far as the gateway decides it."""

import asyncio

import httpx
import pytest

from gateway.feed import Feed
from gateway.rig import Rig, User, records, until
from gateway.router_twin import routing
from tuyen_events.commands import AssignConversation
from tuyen_events.topics import COMMANDS
from tuyen_platform.kafka.memory import InMemoryLog


@pytest.fixture
async def lan(desk: Rig, owner: User) -> User:
    """An agent of a shop in which agents may take."""
    settings = {"assignment": True, "take_unassigned": True}
    await owner.done("PUT", "/v1/settings", settings)
    await desk.staff(owner, "minh")
    return await desk.staff(owner, "lan")


async def mark_seen(user: User, thread: str) -> httpx.Response:
    return await user.get(f"/v1/conversations/{thread}?after=0")


async def test_r6_6_an_agent_takes_what_nobody_has(lan: User, feed: Feed, log: InMemoryLog) -> None:
    thread = await feed.message("a")
    await mark_seen(lan, thread)
    async with routing(log) as router:
        answer = await lan.put(f"/v1/conversations/{thread}/assignee", {"agent_id": "lan"})
    assert answer.status_code == 200
    assert answer.json()["assignee"] == {"agent_id": "lan", "name": "Lan"}
    (command,) = router.asked
    assert isinstance(command, AssignConversation)
    assert (command.take, command.by, command.agent_id) == (True, "lan", "lan")


async def test_r6_6_of_several_at_once_one_gets_it_and_the_others_get_the_assignee(
    desk: Rig, lan: User, feed: Feed, log: InMemoryLog
) -> None:
    minh = await desk.login("shop", "minh", "s3cret")
    thread = await feed.message("a")
    await mark_seen(lan, thread)
    path = f"/v1/conversations/{thread}/assignee"
    async with routing(log, awake=False) as router:
        both = [
            asyncio.create_task(lan.put(path, {"agent_id": "lan"})),
            asyncio.create_task(minh.put(path, {"agent_id": "minh"})),
        ]

        async def both_asked() -> bool:
            return len(await records(log, COMMANDS)) == 2

        await until(both_asked)
        router.awake.set()
        answers = await asyncio.gather(*both)
    won = next(answer for answer in answers if answer.status_code == 200)
    lost = next(answer for answer in answers if answer.status_code == 409)
    assert lost.json()["agent_id"] == won.json()["assignee"]["agent_id"]
    assert won.json()["assignee"]["name"] in lost.json()["detail"]


async def test_r6_6_taking_again_what_one_has_taken_changes_nothing(
    lan: User, feed: Feed, log: InMemoryLog
) -> None:
    thread = await feed.message("a")
    await feed.assign("a", "lan")
    await mark_seen(lan, thread)
    async with routing(log):
        answer = await lan.put(f"/v1/conversations/{thread}/assignee", {"agent_id": "lan"})
    assert (answer.status_code, answer.json()["changed"]) == (200, False)


@pytest.mark.parametrize("whom", ["minh", None])
async def test_r6_6_only_for_themselves(
    lan: User, feed: Feed, log: InMemoryLog, whom: str | None
) -> None:
    thread = await feed.message("a")
    await mark_seen(lan, thread)
    for path in (thread, "msg_none"):
        answer = await lan.put(f"/v1/conversations/{path}/assignee", {"agent_id": whom})
        assert answer.status_code == 403
    assert await records(log, COMMANDS) == []


async def test_r6_6_not_where_it_is_switched_off(
    owner: User, lan: User, feed: Feed, log: InMemoryLog
) -> None:
    await owner.done("PUT", "/v1/settings", {"take_unassigned": False})
    thread = await feed.message("a")
    await mark_seen(lan, thread)
    answer = await lan.put(f"/v1/conversations/{thread}/assignee", {"agent_id": "lan"})
    assert answer.status_code == 403
    assert "take_unassigned" in answer.json()["detail"]
    assert await records(log, COMMANDS) == []


async def test_r6_6_what_an_agent_does_not_see_is_not_there_to_be_taken(
    owner: User, lan: User, feed: Feed, log: InMemoryLog
) -> None:
    unassigned, others = await feed.message("a"), await feed.message("b")
    await feed.assign("b", "minh")
    await mark_seen(owner, others)
    await owner.done("PUT", "/v1/settings", {"visibility": "own_only"})
    missing = await lan.put("/v1/conversations/msg_none/assignee", {"agent_id": "lan"})
    for thread in (unassigned, others):
        answer = await lan.put(f"/v1/conversations/{thread}/assignee", {"agent_id": "lan"})
        assert answer.status_code == missing.status_code == 404
        assert answer.text.replace(thread, "x") == missing.text.replace("msg_none", "x")
    assert await records(log, COMMANDS) == []


async def test_r6_1_a_manager_still_assigns_whom_they_want(
    desk: Rig, owner: User, lan: User, feed: Feed, log: InMemoryLog
) -> None:
    manager = await desk.staff(owner, "hoa", "sales_manager")
    thread = await feed.message("a")
    await feed.assign("a", "minh")
    await mark_seen(owner, thread)
    async with routing(log) as router:
        answer = await manager.put(f"/v1/conversations/{thread}/assignee", {"agent_id": "lan"})
    assert answer.status_code == 200
    (command,) = router.asked
    assert isinstance(command, AssignConversation)
    assert command.take is False
