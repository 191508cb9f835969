"""R2, R9.4: whom a page's rule chooses next, and why not the others."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.feed import Feed
from gateway.outbox import connect_page
from gateway.rig import Rig, User, presence_service
from tuyen_events.assignments import Choice
from tuyen_events.ids import AgentId, RuleId
from tuyen_events.vocabulary import Strategy
from tuyen_platform.kafka.ports import Log

PATH = "/v1/pages/page/next-assignee"


@pytest.fixture
async def ruled(desk: Rig, owner: User, log: Log) -> AsyncIterator[User]:
    """Three agents of one rule, of whom the last is offline."""
    await connect_page(owner)
    async with presence_service(log):
        for agent in ("an", "binh", "chi"):
            user = await desk.staff(owner, agent)
            if agent != "chi":
                await user.done("PUT", "/v1/presence", {"status": "online"})
        await set_rule(owner)
        await owner.done("PUT", "/v1/settings", {"assignment": True, "auto_assign": True})
        yield owner


async def set_rule(owner: User, mode: str = "sequential", **of_binh: Any) -> int:
    members = [{"agent_id": "an"}, {"agent_id": "binh", **of_binh}, {"agent_id": "chi"}]
    rule = {"name": "Ca tối", "enabled": True, "mode": mode, "members": members}
    version: int = (await owner.done("PUT", "/v1/rules/main", {**rule, "pages": None}))["version"]
    return version


async def choose(feed: Feed, who: str, agent: str, after: str | None) -> None:
    await feed.message(who)
    await feed.assign(
        who,
        agent,
        rule_id=RuleId("main"),
        mode=Strategy.SEQUENTIAL,
        choice=Choice(after=None if after is None else AgentId(after)),
    )


async def ask(user: User, **query: Any) -> dict[str, Any]:
    await user.done("GET", "/v1/conversations?after=0")  # until the choices are folded
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    found: dict[str, Any] = await user.done("GET", f"{PATH}?{asked}")
    return found


async def test_r2_1_it_is_the_one_after_whom_the_rule_chose_last(ruled: User, feed: Feed) -> None:
    first = await ask(ruled)
    assert (first["agent_id"], first["reason"], first["last"]) == ("an", "rotation", None)
    assert (first["rule_id"], first["candidates"]) == ("main", ["an", "binh"])
    assert first["excluded"] == [{"agent_id": "chi", "reason": "offline"}]
    await choose(feed, "a", "an", None)
    await choose(feed, "b", "binh", "an")  # at the same moment
    await choose(feed, "c", "an", "binh")
    second = await ask(ruled)
    assert (second["agent_id"], second["last"]["agent_id"]) == ("binh", "an")
    await feed.assign("b", "chi", mode=None)  # a manager's word takes no turn
    assert (await ask(ruled))["agent_id"] == "binh"


async def test_r2_it_follows_the_rule_as_it_is_now(ruled: User, feed: Feed) -> None:
    await choose(feed, "a", "an", None)
    await ask(ruled)
    version = await set_rule(ruled, "least_loaded")
    assert (await ask(ruled, after=version))["agent_id"] == "binh"
    version = await set_rule(ruled, "least_loaded", capabilities=["facebook_comment"], capacity=1)
    messages = await ask(ruled, after=version)
    assert (messages["agent_id"], messages["reason"]) == ("an", "least_loaded")
    assert messages["excluded"][0] == {"agent_id": "binh", "reason": "capability"}
    assert (await ask(ruled, kind="comment"))["agent_id"] == "binh"
    version = await set_rule(ruled, "random")
    drawn = await ask(ruled, after=version)
    assert (drawn["agent_id"], drawn["reason"], drawn["last"]) == (None, "random", None)


async def test_r1_7_who_is_at_capacity_is_passed_over(ruled: User, feed: Feed) -> None:
    await choose(feed, "a", "binh", "an")
    version = await set_rule(ruled, capacity=1)
    found = await ask(ruled, after=version)
    assert (found["agent_id"], found["excluded"][0]["reason"]) == ("an", "capacity")


async def test_r7_1_only_managers_ask_and_only_about_pages_that_they_see(
    desk: Rig, ruled: User
) -> None:
    agent = await desk.staff(ruled, "dung")
    assert (await agent.get(PATH)).status_code == 403
    assert (await ruled.get("/v1/pages/none/next-assignee")).status_code == 404
    await ruled.done("PUT", "/v1/settings", {"page_permissions": True, "auto_assign": False})
    manager = await desk.staff(ruled, "giang", role="store_manager")
    assert (await manager.get(PATH)).status_code == 404
    assert (await ask(ruled))["reason"] == "off"
