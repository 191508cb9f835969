"""Why a conversation has the assignee that it has: candidates, the others, a sentence (R9.4)."""

import asyncio
from typing import Any

import pytest

from gateway.feed import Feed
from gateway.rig import Rig, User
from tuyen_events.assignments import Choice
from tuyen_events.ids import AgentId, OrganizationId, RuleId
from tuyen_events.pools import Excluded, PoolRecorded
from tuyen_events.vocabulary import Exclusion, Reason, Strategy
from tuyen_gateway.adapters import threads as adapter

AN, BINH, CHI, DUNG = (AgentId(one) for one in ("an", "binh", "chi", "dung"))


def pool(**changed: Any) -> PoolRecorded:
    said: dict[str, Any] = {
        "id": "pool_1",
        "organization": OrganizationId("shop"),
        "rule_id": RuleId("sales"),
        "rule_version": 3,
        "mode": Strategy.LEAST_LOADED,
        "order": (AN, BINH, CHI, DUNG),
        "candidates": (AN, BINH, CHI),
        "excluded": (Excluded(agent_id=DUNG, why=Exclusion.OFFLINE),),
        **changed,
    }
    return PoolRecorded(**said)


CHOICE = Choice(
    pool_id="pool_1", rule_version=3, after=AN, full=(CHI,), load=2, handed_over_by=None
)


async def entry(user: User, thread: str) -> Any:
    found = await user.done("GET", f"/v1/conversations/{thread}/assignments?after=1")
    return found["items"][0]


@pytest.fixture
async def thread(feed: Feed, owner: User) -> str:
    rule = {
        "name": "Bán hàng",
        "enabled": True,
        "mode": "sequential",
        "applies_to": "online",
        "pages": None,
        "members": [],
    }
    await owner.done("PUT", "/v1/rules/sales", rule)
    return await feed.message("a")


async def test_r9_4_it_names_the_rule_everybody_considered_and_why_the_others_were_not(
    owner: User, feed: Feed, thread: str
) -> None:
    await feed.pool(pool())
    await feed.assign(
        "a",
        "binh",
        reason=Reason.LEAST_LOADED,
        mode=Strategy.LEAST_LOADED,
        rule_id=RuleId("sales"),
        choice=CHOICE,
        settings_version=5,
    )
    found = await entry(owner, thread)
    assert found["candidates"] == ["an", "binh"]
    assert found["excluded"] == [
        {"agent_id": "chi", "reason": "capacity"},
        {"agent_id": "dung", "reason": "offline"},
    ]
    assert found["rotation"] == {"position": 2, "of": 4, "after": "an"}
    assert (found["load"], found["rule_version"], found["settings_version"]) == (2, 3, 5)
    assert found["caused_by"] == "evt_1"
    assert found["sentence"] == {
        "vi": "binh đang có ít hội thoại mở nhất, là 2, theo quy tắc “Bán hàng” "
        "(2 nhân viên có thể nhận).",
        "en": "binh had the fewest open conversations, 2, under the rule “Bán hàng” "
        "(2 could take it).",
    }


async def test_r6_5_whose_conversation_went_back_is_no_candidate(
    owner: User, feed: Feed, thread: str
) -> None:
    await feed.pool(pool())
    choice = Choice(pool_id="pool_1", rule_version=3, after=CHI, handed_over_by=AN)
    await feed.assign("a", "binh", reason=Reason.BULK, rule_id=RuleId("sales"), choice=choice)
    found = await entry(owner, thread)
    assert found["candidates"] == ["binh", "chi"]
    assert found["excluded"][0] == {"agent_id": "an", "reason": "handed_over"}
    assert found["sentence"]["en"] == (
        "an’s conversation went back to rotation, and binh got it under the rule “Bán hàng”."
    )


async def test_r9_4_an_agent_does_not_see_colleagues_presence_and_work(
    desk: Rig, owner: User, feed: Feed, thread: str
) -> None:
    binh = await desk.staff(owner, "binh")
    await feed.pool(pool())
    await feed.assign(
        "a",
        "binh",
        reason=Reason.LEAST_LOADED,
        mode=Strategy.LEAST_LOADED,
        rule_id=RuleId("sales"),
        choice=CHOICE,
    )
    found = await entry(binh, thread)
    assert (found["excluded"], found["load"]) == (None, None)
    assert found["candidates"] == ["an", "binh"]
    assert found["sentence"]["en"] == (
        "Binh had the fewest open conversations under the rule “Bán hàng” (2 could take it)."
    )


async def test_r9_4_a_pool_that_is_folded_after_the_record_is_waited_for(
    owner: User, feed: Feed, thread: str
) -> None:
    await feed.assign("a", "binh", rule_id=RuleId("sales"), choice=CHOICE)
    asking = asyncio.create_task(entry(owner, thread))
    await asyncio.sleep(0)
    await feed.pool(pool())
    assert (await asking)["candidates"] == ["an", "binh"]


async def test_r9_4_a_pool_that_does_not_come_leaves_it_open_and_nothing_is_lost_when_it_does(
    owner: User, feed: Feed, thread: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "_POOL_WAIT_S", 0.01)
    await feed.assign("a", "binh", rule_id=RuleId("sales"), choice=CHOICE)
    found = await entry(owner, thread)
    assert (found["candidates"], found["excluded"], found["rotation"]) == (None, None, None)
    assert (found["rule_version"], found["load"]) == (3, 2)
    assert found["sentence"]["en"] == "It was binh’s turn, after an, under the rule “Bán hàng”."
    await feed.pool(pool())
    assert (await entry(owner, thread))["candidates"] == ["an", "binh"]


async def test_r9_4_an_older_record_keeps_the_candidates_that_it_names_itself(
    owner: User, feed: Feed, thread: str
) -> None:
    await feed.assign("a", "lan")
    found = await entry(owner, thread)
    assert found["candidates"] == ["lan"]
    assert (found["excluded"], found["rotation"], found["rule_version"]) == (None, None, None)


async def test_r9_4_what_was_decided_manually_considered_nobody(
    owner: User, feed: Feed, thread: str
) -> None:
    await feed.assign(
        "a", "lan", reason=Reason.MANUAL, mode=None, by=AgentId("admin"), candidates=()
    )
    found = await entry(owner, thread)
    assert (found["candidates"], found["excluded"], found["rotation"]) == ([], [], None)
    assert found["sentence"]["vi"] == "boss chuyển hội thoại cho lan."
