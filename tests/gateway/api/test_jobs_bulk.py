"""Many conversations at once: assigned, closed, opened, by ids or by a filter."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.feed import Feed
from gateway.rig import Rig, User, records, until
from gateway.router_twin import routing
from tuyen_events.commands import AssignConversation, MarkConversationDone
from tuyen_events.ids import ConversationId
from tuyen_events.topics import COMMANDS, JOBS
from tuyen_gateway.api import jobs
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog

PATH = "/v1/conversations/bulk"


@pytest.fixture
async def manager(desk: Rig, owner: User, clock: ManualClock) -> User:
    await owner.done("PUT", "/v1/settings", {"assignment": True})
    await desk.staff(owner, "lan")
    clock.advance(timedelta(minutes=30))  # after all that the feed tells
    return await desk.staff(owner, "hoa", "sales_manager")


async def threads(feed: Feed, user: User, *who: str) -> list[ConversationId]:
    found = [await feed.message(one) for one in who]
    await user.done("GET", "/v1/conversations?after=0")
    return found


async def row(user: User, thread: str) -> Any:
    return await user.done("GET", f"/v1/conversations/{thread}?after=0")


async def test_what_is_named_is_assigned_and_closed(
    manager: User, feed: Feed, log: InMemoryLog
) -> None:
    first, second, third = await threads(feed, manager, "a", "b", "c")
    async with routing(log) as router:
        body = {"ids": [first, second, "msg_none"], "set": {"assignee": "lan", "done": True}}
        answer = await manager.post(PATH, body)
    assert answer.status_code == 200
    job = answer.json()
    assert (job["kind"], job["state"], job["total"], job["done"]) == ("bulk", "done", 3, 3)
    assert (job["changed"], job["refused"], job["reasons"]) == (2, 1, {"not_found": 1})
    assert router.assignee_of(first) == router.assignee_of(second) == "lan"
    assert [(await row(manager, one))["done"] for one in (first, second, third)] == [
        True,
        True,
        False,
    ]
    kinds = {type(command) for command in router.asked}
    assert kinds == {AssignConversation, MarkConversationDone}
    assert len(router.asked) == 4


async def test_what_fits_the_filter_is_assigned(
    manager: User, feed: Feed, log: InMemoryLog
) -> None:
    mine, free = await threads(feed, manager, "a", "b")
    await feed.assign("a", "hoa")
    await row(manager, mine)
    async with routing(log) as router:
        body = {"filter": {"assignee": "none"}, "set": {"assignee": "lan"}, "note": "chia bớt"}
        job = (await manager.post(PATH, body)).json()
    assert (job["total"], job["changed"]) == (1, 1)
    (command,) = router.asked
    assert isinstance(command, AssignConversation)
    assert (command.conversation_id, command.note, command.bulk) == (free, "chia bớt", True)


async def test_i4_conversations_are_tagged_and_found_by_their_tags_without_case(
    manager: User, feed: Feed, log: InMemoryLog
) -> None:
    first, second, third = await threads(feed, manager, "a", "b", "c")
    body = {"ids": [first, second, "msg_none"], "set": {"tags": [" Khách Sỉ ", "VIP", "vip"]}}
    job = (await manager.post(PATH, body)).json()
    assert (job["state"], job["changed"], job["reasons"]) == ("done", 2, {"not_found": 1})
    assert [(await row(manager, one))["tags"] for one in (first, third)] == [
        ["Khách Sỉ", "VIP"],
        [],
    ]
    for tag in ("vip", "VIP", "KHÁCH SỈ"):
        found = await manager.done("GET", f"/v1/conversations?tag={tag}")
        assert {one["id"] for one in found["items"]} == {first, second}
        assert (await manager.done("GET", f"/v1/conversations/counts?tag={tag}"))["total"] == 2
    await manager.done("POST", f"/v1/conversations/{first}/read")
    body = {"filter": {"tag": "vip"}, "set": {"tags": ["cũ"]}}
    job = (await manager.post(PATH, body)).json()
    assert (job["total"], job["changed"]) == (2, 2)
    job = (await manager.post(PATH, {"ids": [first, second, third], "set": body["set"]})).json()
    await row(manager, third)
    assert (job["changed"], job["unchanged"]) == (1, 2)
    assert (await manager.done("GET", "/v1/conversations?tag=vip"))["items"] == []
    await manager.post(PATH, {"ids": [first], "set": {"tags": []}})
    assert (await row(manager, first))["tags"] == []
    assert await records(log, COMMANDS) == []


async def test_r7_2_an_agent_tags_what_they_see_and_no_more(
    desk: Rig, owner: User, manager: User, feed: Feed, log: InMemoryLog
) -> None:
    lan = await desk.login("shop", "lan", "s3cret")
    own, hidden = await threads(feed, manager, "a", "b")
    await feed.assign("a", "lan")
    await feed.assign("b", "hoa")
    await row(owner, hidden)
    await owner.done("PUT", "/v1/settings", {"visibility": "own_only"})
    job = (await lan.post(PATH, {"ids": [own, hidden], "set": {"tags": ["vip"]}})).json()
    assert (job["changed"], job["reasons"]) == (1, {"not_found": 1})
    assert (await row(owner, hidden))["tags"] == []


async def test_what_is_so_already_is_not_asked_again(
    manager: User, feed: Feed, log: InMemoryLog
) -> None:
    ids = await threads(feed, manager, "a", "b")
    async with routing(log) as router:
        for changed in (2, 0):
            job = (await manager.post(PATH, {"ids": ids, "set": {"done": True}})).json()
            assert (job["changed"], job["unchanged"]) == (changed, 2 - changed)
            for one in ids:
                await row(manager, one)
    assert len(router.asked) == 2


async def test_i12_nothing_is_closed_over_what_came_in_since(
    manager: User, feed: Feed, log: InMemoryLog
) -> None:
    (thread,) = await threads(feed, manager, "a")
    await feed.message("a", at=7200)
    await row(manager, thread)
    async with routing(log) as router:
        job = (await manager.post(PATH, {"ids": [thread], "set": {"done": True}})).json()
    assert job["unchanged"] == 1
    assert router.asked == []


async def test_a_job_that_takes_longer_is_answered_before_it_ends(
    manager: User, feed: Feed, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_SHORT_S", 0.01)
    ids = await threads(feed, manager, "a")
    async with routing(log, awake=False) as router:
        answer = await manager.post(PATH, {"ids": ids, "set": {"assignee": "lan"}})
        assert (answer.status_code, answer.json()["state"]) == (202, "running")
        router.awake.set()

        async def changed() -> bool:
            job = await manager.done("GET", f"/v1/jobs/{answer.json()['id']}")
            return bool(job["changed"])

        await until(changed)


async def test_i12_an_agent_closes_what_they_see_and_no_more(
    desk: Rig, owner: User, manager: User, feed: Feed, log: InMemoryLog
) -> None:
    lan = await desk.login("shop", "lan", "s3cret")
    own, hidden = await threads(feed, manager, "a", "b")
    await feed.assign("a", "lan")
    await feed.assign("b", "hoa")
    await row(owner, hidden)
    await owner.done("PUT", "/v1/settings", {"visibility": "own_only"})
    async with routing(log):
        by_ids = (await lan.post(PATH, {"ids": [own, hidden], "set": {"done": True}})).json()
        by_filter = (await lan.post(PATH, {"filter": {}, "set": {"done": False}})).json()
    assert (by_ids["changed"], by_ids["reasons"]) == (1, {"not_found": 1})
    assert by_filter["total"] == 1
    assert (await row(owner, hidden))["done"] is False


async def test_r6_1_an_agent_assigns_nothing(
    desk: Rig, manager: User, feed: Feed, log: InMemoryLog
) -> None:
    lan = await desk.login("shop", "lan", "s3cret")
    ids = await threads(feed, manager, "a")
    for agent in ("lan", None):
        answer = await lan.post(PATH, {"ids": ids, "set": {"assignee": agent}})
        assert answer.status_code == 403
    assert await records(log, JOBS) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"ids": ["m"], "set": {"tags": ["  "]}}, "at least 1"),
        ({"ids": ["m"], "set": {"tags": ["x" * 65]}}, "at most 64"),
        ({"ids": ["m"], "set": {}}, "Say what to set"),
        ({"set": {"done": True}}, "either by"),
        ({"ids": ["m"], "filter": {}, "set": {"done": True}}, "either by"),
        ({"ids": [], "set": {"done": True}}, "at least 1"),
        ({"ids": ["m"], "set": {"assignee": "nobody"}}, "no agent"),
        ({"filter": {"colour": "red"}, "set": {"done": True}}, "Extra inputs"),
    ],
)
async def test_what_cannot_be_done_is_refused_before_anything_is(
    manager: User, log: InMemoryLog, body: Any, said: str
) -> None:
    answer = await manager.post(PATH, body)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    assert await records(log, JOBS) == await records(log, COMMANDS) == []
