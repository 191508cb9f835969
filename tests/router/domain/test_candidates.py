"""R1: who may be chosen."""

from typing import Any

import msgspec
import pytest

from router.domain.shop import PAGE, agent, page, rule, shop
from tuyen_events.directory import Member
from tuyen_events.ids import AgentId
from tuyen_events.vocabulary import AppliesTo, Capability, Channel, ConversationKind, Role
from tuyen_router.domain.candidates import capability_for, may_answer, pool_for, rule_for
from tuyen_router.domain.organization import without

MESSAGE = Capability.FACEBOOK_MESSAGE


def _candidates(capability: Capability = MESSAGE, **given: Any) -> str:
    return "".join(pool_for(shop(**given), PAGE, capability).candidates)


@pytest.mark.parametrize(
    ("rules", "chosen"),
    [
        ([rule("r")], "r"),
        ([rule("r", pages=(PAGE,))], "r"),
        ([rule("r", enabled=False)], None),
        ([rule("r", pages=("other",))], None),
        ([rule("a-default"), rule("z", pages=(PAGE,))], "z"),
        ([rule("default"), rule("z", pages=(PAGE,), enabled=False)], "default"),
        ([rule("z", pages=(PAGE,)), rule("b", pages=(PAGE,))], "b"),
        ([], None),
    ],
)
def test_r1_1_an_enabled_rule_that_names_the_page_else_a_default_one(
    rules: list[Any], chosen: str | None
) -> None:
    found = rule_for(shop(rules=rules), PAGE)
    assert (None if found is None else found.id) == chosen


def test_r1_1_no_rule_no_candidates() -> None:
    assert pool_for(shop(rules=[]), PAGE, MESSAGE).candidates == ()


def test_r1_1_a_rule_without_members_takes_agents_alone_in_the_order_of_the_team() -> None:
    agents = [agent("a"), agent("b"), agent("c"), agent("m", Role.SALES_MANAGER)]
    given: dict[str, Any] = {
        "agents": agents,
        "rules": [rule(members="")],
        "online": "abcm",
        "team": "cma",
    }
    assert _candidates(**given) == "cab"


def test_r1_1_a_listed_member_is_taken_whatever_the_role() -> None:
    agents = [agent("a"), agent("m", Role.SYSTEM_ADMIN)]
    assert _candidates(agents=agents, rules=[rule(members="ma")], online="am") == "ma"


@pytest.mark.parametrize(
    ("applies_to", "online", "away", "candidates"),
    [
        (AppliesTo.ONLINE, "ab", "", "ab"),
        (AppliesTo.ONLINE, "a", "b", "a"),
        (AppliesTo.ONLINE, "", "abc", ""),
        (AppliesTo.ALL, "", "b", "abc"),
    ],
)
def test_r1_2_presence(applies_to: AppliesTo, online: str, away: str, candidates: str) -> None:
    rules = [rule(applies_to=applies_to)]
    assert _candidates(rules=rules, online=online, away=away) == candidates


@pytest.mark.parametrize(
    ("channel", "kind", "capability"),
    [
        (Channel.FACEBOOK, ConversationKind.MESSAGE, Capability.FACEBOOK_MESSAGE),
        (Channel.FACEBOOK, ConversationKind.COMMENT, Capability.FACEBOOK_COMMENT),
        (Channel.FACEBOOK, ConversationKind.LIVESTREAM, Capability.FACEBOOK_COMMENT),
        (Channel.ZALO, ConversationKind.MESSAGE, Capability.ZALO_MESSAGE),
        (Channel.LIVECHAT, ConversationKind.MESSAGE, Capability.LIVECHAT_MESSAGE),
    ],
)
def test_r1_3_what_an_event_asks_for(
    channel: Channel, kind: ConversationKind, capability: Capability
) -> None:
    assert capability_for(channel, kind) is capability


@pytest.mark.parametrize("capability", list(Capability))
def test_r1_3_a_member_does_what_was_named_or_everything(capability: Capability) -> None:
    members = (
        Member(agent_id=AgentId("a"), capabilities=(MESSAGE,)),
        Member(agent_id=AgentId("b"), capabilities=()),
        Member(agent_id=AgentId("c")),
    )
    expected = "ac" if capability is MESSAGE else "c"
    rules = [msgspec.structs.replace(rule(), members=members)]
    assert _candidates(capability, rules=rules) == expected


@pytest.mark.parametrize(
    ("permissions", "role", "staff", "allowed"),
    [
        (False, Role.AGENT, "", True),
        (True, Role.AGENT, "", False),
        (True, Role.AGENT, "a", True),
        (True, Role.CHAIN_MANAGER, "", False),
        (True, Role.SYSTEM_ADMIN, "", True),
    ],
)
def test_r1_4_pages_bind_every_role_but_system_admin(
    permissions: bool, role: Role, staff: str, allowed: bool
) -> None:
    given: dict[str, Any] = {
        "agents": [agent("a", role)],
        "pages": [page(staff=staff)],
        "page_permissions": permissions,
    }
    assert may_answer(shop(**given), AgentId("a"), PAGE) is allowed
    assert _candidates(**given) == ("a" if allowed else "")


def test_r1_4_nobody_holds_a_page_that_is_not_known() -> None:
    given = shop(pages=[], page_permissions=True)
    assert not may_answer(given, AgentId("a"), PAGE)


def test_r1_8_disabled_or_removed_is_never_a_candidate() -> None:
    agents = [agent("a"), agent("b", disabled=True), agent("c")]
    given = shop(agents=agents)
    assert pool_for(given, PAGE, MESSAGE).candidates == ("a", "c")
    left = without(given, "agent", "a")
    assert pool_for(left, PAGE, MESSAGE).candidates == ("c",)
    assert pool_for(left, PAGE, MESSAGE).order == ("a", "b", "c")


def test_r1_1_a_removed_rule_covers_nothing() -> None:
    assert rule_for(without(shop(), "rule", "r"), PAGE) is None
