"""R5.1: who takes what waits, in every way in which somebody becomes a candidate."""

from typing import Any

import msgspec
import pytest

from router.domain.dispatch import ask, drain_all, fold_steps
from router.domain.inputs import A, B, C, request
from router.domain.sites import LINKED, SITE
from support.organizations import AT, after, agent, page, rule, shop
from tuyen_directory.organization import Removed
from tuyen_directory.organization_state import OrganizationState
from tuyen_events.directory import Member
from tuyen_events.ids import AgentId, PageId
from tuyen_events.routing import Purpose, Verdict
from tuyen_events.vocabulary import AppliesTo, Capability, WhenNobody
from tuyen_router.domain.dispatch_state import (
    DispatchState,
    RequestAnswered,
)
from tuyen_router.domain.queue import (
    on_request,
)
from tuyen_router.domain.queue_buckets import Comparisons


def _able(*capabilities: Capability) -> Any:
    members = (Member(agent_id=A, capabilities=capabilities),)
    return msgspec.structs.replace(rule(), members=members)


def _make_bounded(most: int, names: str = "ab", **fields: Any) -> Any:
    members = tuple(Member(agent_id=AgentId(each), capacity=most) for each in names)
    return msgspec.structs.replace(rule(**fields), members=members)


ONLY_A: dict[str, Any] = {"rules": [rule(members="a")]}
COMMENTS = _able(Capability.FACEBOOK_COMMENT)
MESSAGES = _able(Capability.FACEBOOK_COMMENT, Capability.FACEBOOK_MESSAGE)
SALES = {"department": "sales"}


@pytest.mark.parametrize(
    ("before", "after", "asked"),
    [
        pytest.param(shop(online=""), shop(online="a"), {}, id="comes online"),
        pytest.param(shop(online="", away="a"), shop(online="a"), {}, id="is back"),
        pytest.param(
            shop(rules=[rule(members="z")]), shop(rules=[rule(members="za")]), {}, id="is added"
        ),
        pytest.param(
            shop(**ONLY_A, page_permissions=True, pages=[page(staff="b")]),
            shop(**ONLY_A, page_permissions=True, pages=[page(staff="ba")]),
            {},
            id="gets the page",
        ),
        pytest.param(
            shop(**ONLY_A, page_permissions=True), shop(**ONLY_A), {}, id="permissions go off"
        ),
        pytest.param(shop(rules=[COMMENTS]), shop(rules=[MESSAGES]), {}, id="is made able"),
        pytest.param(shop(rules=[rule(enabled=False)]), shop(), {}, id="the rule is switched on"),
        pytest.param(
            shop(rules=[rule(pages=("page-2",))]),
            shop(rules=[rule(pages=("page-2", "page"))]),
            {},
            id="the rule takes the page in",
        ),
        pytest.param(
            shop(online="", rules=[rule()]),
            shop(online="", rules=[rule(applies_to=AppliesTo.ALL)]),
            {},
            id="the rule takes those who are offline",
        ),
        pytest.param(
            shop(agents=[agent("a", disabled=True)]),
            shop(agents=[agent("a")]),
            {},
            id="is enabled again",
        ),
        pytest.param(shop(agents=[]), shop(agents=[agent("a")], **ONLY_A), {}, id="is a new agent"),
        pytest.param(
            shop(rules=[_make_bounded(0)]), shop(rules=[_make_bounded(1)]), {}, id="may have more"
        ),
        pytest.param(
            after(SITE, Removed("department", "sales")), SITE, SALES, id="the department is set up"
        ),
        pytest.param(
            after(SITE, Removed("agent", "b"), agent("a")),
            after(SITE, Removed("agent", "b")),
            SALES,
            id="joins the department",
        ),
        pytest.param(
            shop(**ONLY_A, online="a"),
            shop(online="b"),
            {"handed_over_by": A},
            id="another than the former one",
        ),
    ],
)
def test_r5_1_an_agent_who_becomes_a_candidate_gets_the_waiting_conversations(
    before: OrganizationState, after: OrganizationState, asked: dict[str, Any]
) -> None:
    state = DispatchState(0)
    assert ask(state, before, 0, **asked).verdict is Verdict.QUEUED
    assert drain_all(state, before) == []
    ((name, taken),) = drain_all(state, after)
    assert (name, taken) == ("inbound/3/0", B if "handed_over_by" in asked else A)


def _fill(state: DispatchState, organization: OrganizationState, pages: str) -> None:
    """One request after another, each of the page with a number."""
    for offset, number in enumerate(pages, len(state.answers)):
        asked = ask(state, organization, offset, page_id=PageId(f"p{number}"))
        assert asked.verdict is Verdict.QUEUED


def test_r2_4_a_rule_that_is_edited_while_its_queue_is_full_keeps_its_place() -> None:
    state = DispatchState(0)
    assert ask(state, shop(), 0, page_id=PageId("p1")).agent_id == A
    _fill(state, shop(online=""), "1111")
    edited = shop(rules=[rule(members="axbc")], agents=map(agent, "abcx"), online="abcx")
    assert [each for _, each in drain_all(state, edited, 2)] == ["x", "b"]
    assert [each for _, each in drain_all(state, shop(rules=[rule(members="ac")]))] == ["c", "a"]


def test_r5_1_the_queue_of_a_deleted_rule_is_served_by_the_one_that_covers_the_page_then() -> None:
    state = DispatchState(0)
    named = rule("named", "ab", pages=("p1",))
    _fill(state, shop(online="", rules=[named]), "1212")
    assert drain_all(state, after(shop(rules=[named]), Removed("rule", "named"))) == []
    default = shop(rules=[rule("default", "c")])
    assert drain_all(state, default) == [(f"inbound/3/{each}", C) for each in range(4)]


def test_r5_1_a_page_that_moves_to_another_rule_takes_its_queue_along() -> None:
    state = DispatchState(0)
    _fill(state, shop(online=""), "12121")
    first, second = rule("r1", "a", pages=("p1",)), rule("r2", "bc", pages=("p2",))
    assert drain_all(state, shop(rules=[first, second]), 2) == [
        ("inbound/3/0", A),
        ("inbound/3/1", B),
    ]
    moved = rule("r2", "bc", pages=("p1", "p2"))
    assert [each for _, each in drain_all(state, shop(rules=[moved]))] == [C, B, C]


def test_r5_1_several_rules_and_a_default_one_share_one_order_of_arrival() -> None:
    state = DispatchState(0)
    rules = [rule("r1", "a", pages=("p1",)), rule("r2", "b", pages=("p2",)), rule("z", "c")]
    _fill(state, shop(online="", rules=rules), "3213")
    taken = drain_all(state, shop(rules=rules))
    assert taken == [(f"inbound/3/{number}", each) for number, each in enumerate([C, B, A, C])]


def test_r5_1_a_newcomer_goes_before_those_who_cannot_have_the_same_agents() -> None:
    state = DispatchState(0)
    rules = [rule("r1", "a", pages=("p1",)), rule("r2", "b", pages=("p2",))]
    _fill(state, shop(online="", rules=rules), "1")
    somebody = shop(rules=rules)
    for offset, page_id, verdict in [(1, "p2", Verdict.CHOSEN), (2, "p1", Verdict.QUEUED)]:
        asked = request(offset, page_id=PageId(page_id))
        steps = fold_steps(state, on_request(state, somebody, AT, asked, draining=Comparisons(10)))
        assert [
            each.answer.choice.verdict for each in steps if isinstance(each, RequestAnswered)
        ] == [verdict]


def test_r5_1_a_new_request_waits_for_nobody_where_nobody_waits() -> None:
    state = DispatchState(0)
    steps = fold_steps(state, on_request(state, shop(), AT, request(0), draining=Comparisons(10)))
    assert steps[-1].answer.choice.agent_id == A  # type: ignore[union-attr]  # the answer is last


def test_r1_5_a_wait_is_for_the_department_that_was_asked_for() -> None:
    state = DispatchState(0)
    nobody = after(SITE, Removed("agent", "c"), Removed("agent", "b"))
    assert ask(state, nobody, 0, department="care").verdict is Verdict.QUEUED
    assert ask(state, nobody, 1, department="sales").agent_id == A
    assert drain_all(state, nobody) == []
    assert drain_all(state, after(SITE, Removed("agent", "b"))) == [("inbound/3/0", C)]


def test_r1_6_a_wait_is_given_to_the_group_of_its_link_first() -> None:
    state = DispatchState(0)
    off = msgspec.structs.replace(rule(), enabled=False)
    url = "https://shop.example/giay/da"
    assert ask(state, after(LINKED, off), 0, page_url=url).verdict is Verdict.QUEUED
    assert drain_all(state, LINKED) == [("inbound/3/0", B)]


def test_r6_5_what_was_handed_over_never_goes_back_and_waits_like_others() -> None:
    state = DispatchState(0)
    asked: dict[str, Any] = {"purpose": Purpose.HANDOVER, "handed_over_by": A}
    said = ask(state, shop(online="a"), 0, **asked)
    assert (said.verdict, said.choice.handed_over_by) == (Verdict.QUEUED, A)
    assert drain_all(state, shop(online="a")) == []
    assert drain_all(state, shop(online="ac")) == [("inbound/3/0", C)]
    left = ask(state, shop(online="a", when_nobody=WhenNobody.LEAVE_UNASSIGNED), 1, **asked)
    assert left.verdict is Verdict.NOBODY
