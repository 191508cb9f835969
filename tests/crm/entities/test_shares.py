"""Shares: manually, by rule, and what ends them (S1 to S4)."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crm.known import KnownThings
from crm.shared_lan import ASSIGNED, BOSS, HOA, LAN, MINH, MOMENT, PENDING, Lan, rule
from tuyen_crm.entities.shares.decide import decide
from tuyen_events.crm.records import CrmOutcome, CrmRefusal
from tuyen_events.crm.shares import (
    ContactEnrolled,
    EnrollContact,
    ShareContact,
    SharingRuleEnded,
)
from tuyen_events.crm_limits import MANUAL_VIEWERS
from tuyen_events.ids import AgentId


def test_s1_any_number_of_agents_is_given_a_contact_manually() -> None:
    lan = Lan()
    assert [lan.share(agent) for agent in (MINH, HOA)] == [CrmOutcome.APPLIED] * 2
    assert lan.viewers() == (HOA, MINH)
    assert lan.share(MINH) is CrmOutcome.UNCHANGED
    assert lan.unshare(MINH) is CrmOutcome.APPLIED
    assert lan.unshare(MINH) is CrmOutcome.UNCHANGED
    assert lan.viewers() == (HOA,)


def test_s1_a_share_says_who_gave_it_and_when() -> None:
    lan = Lan()
    lan.share(HOA)
    assert lan.document is not None
    (share,) = lan.document.shares
    assert (share.agent_id, share.rule_id, share.by, share.at) == (HOA, None, BOSS, MOMENT)


def test_s1_another_change_came_first() -> None:
    lan = Lan()
    lan.share(HOA, expected=1)
    assert lan.share(MINH, expected=1) is CrmOutcome.VERSION_PASSED
    assert lan.viewers() == (HOA,)


def test_s1_a_contact_has_a_bounded_number_of_viewers_manually() -> None:
    lan = Lan()
    for number in range(MANUAL_VIEWERS):
        lan.share(AgentId(f"a{number}"))
    command = ShareContact(**lan.command(), agent_id=HOA, by=BOSS)
    assert lan.ask(command) == (CrmOutcome.REFUSED, CrmRefusal.TOO_MANY)


def test_s1_nobody_is_shared() -> None:
    command = ShareContact(**Lan().command(), agent_id=HOA, by=BOSS)
    assert decide(KnownThings(), command).outcome is CrmOutcome.NOT_FOUND


def test_s2_a_contact_of_the_campaign_is_shared_with_all_agents_of_the_rule() -> None:
    lan = Lan(rule(HOA, MINH))
    assert lan.apply() is CrmOutcome.UNCHANGED  # she is in no campaign
    lan.enroll(campaign_id="tet")
    assert lan.apply() is CrmOutcome.APPLIED
    assert lan.viewers() == (HOA, MINH)


def test_s3_the_status_moves_when_the_contact_is_shared_and_a_second_run_changes_nothing() -> None:
    lan = Lan(rule(HOA))
    lan.enroll(campaign_id="tet", care_status=PENDING)
    assert lan.apply() is CrmOutcome.APPLIED
    assert lan.state is not None
    assert lan.state.care_status is ASSIGNED
    events = list(lan.events)
    assert lan.apply() is CrmOutcome.UNCHANGED
    assert lan.events == events


def test_s3_a_contact_that_waits_again_is_moved_again() -> None:
    lan = Lan(rule(HOA))
    lan.enroll(campaign_id="tet", care_status=PENDING)
    lan.apply()
    lan.enroll(care_status=PENDING)
    assert lan.apply() is CrmOutcome.APPLIED
    assert lan.viewers() == (HOA,)
    assert lan.state is not None
    assert lan.state.care_status is ASSIGNED


def test_s3_what_is_not_given_stays() -> None:
    lan = Lan()
    lan.enroll(campaign_id="tet", care_status=PENDING)
    lan.enroll(care_status=None)
    assert lan.state is not None
    assert (lan.state.campaign_id, lan.state.care_status) == ("tet", None)
    assert lan.enroll(campaign_id="tet") is CrmOutcome.UNCHANGED


def test_s3_there_has_to_be_such_a_campaign() -> None:
    lan = Lan()
    command = EnrollContact(**lan.command(), by=BOSS, campaign_id="none")
    assert lan.ask(command) == (CrmOutcome.REFUSED, CrmRefusal.NO_CAMPAIGN)


def test_s4_taking_an_agent_off_ends_what_the_rule_gave_and_nothing_manually() -> None:
    lan = Lan(rule(HOA, MINH))
    lan.enroll(campaign_id="tet")
    lan.apply()
    lan.share(HOA)
    lan.define(rule(LAN, revision=5))
    assert lan.viewers() == (HOA, MINH)
    assert lan.apply() is CrmOutcome.APPLIED
    assert lan.viewers() == (HOA, LAN)
    lan.unshare(HOA)
    assert lan.viewers() == (LAN,)


def test_s4_what_is_ended_manually_stays_by_the_rule() -> None:
    lan = Lan(rule(HOA))
    lan.enroll(campaign_id="tet")
    lan.share(HOA)
    lan.apply()
    lan.unshare(HOA)
    assert lan.viewers() == (HOA,)


def test_s4_a_rule_that_is_removed_gives_nothing() -> None:
    lan = Lan(rule(HOA), rule(HOA, LAN, rule_id="second"))
    lan.enroll(campaign_id="tet")
    lan.apply()
    lan.apply("second")
    lan.forget()
    assert lan.apply() is CrmOutcome.APPLIED
    assert lan.viewers() == (HOA, LAN)
    assert lan.apply() is CrmOutcome.UNCHANGED


def test_s4_a_contact_that_leaves_the_campaign_is_not_shared_by_its_rules() -> None:
    lan = Lan(rule(HOA), rule(LAN, rule_id="second"))
    lan.enroll(campaign_id="tet")
    lan.apply()
    lan.apply("second")
    lan.share(MINH)
    lan.enroll(campaign_id="he")
    assert [type(event) for event in lan.events[-3:]] == [
        ContactEnrolled,
        SharingRuleEnded,
        SharingRuleEnded,
    ]
    assert lan.viewers() == (MINH,)


def test_s4_a_rule_that_is_for_another_campaign_now_follows_its_contacts() -> None:
    lan = Lan(rule(HOA))
    lan.enroll(campaign_id="tet")
    lan.apply()
    lan.define(rule(HOA, revision=7, campaign_id="he"))
    lan.enroll(campaign_id="he")
    assert lan.viewers() == (HOA,)
    lan.apply()
    assert lan.viewers() == (HOA,)


_AGENTS = st.sampled_from([HOA, LAN, MINH])
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("share"), _AGENTS),
        st.tuples(st.just("unshare"), _AGENTS),
        st.tuples(st.just("enroll"), st.sampled_from(["tet", "he", None])),
        st.tuples(st.just("wait"), st.none()),
        st.tuples(st.just("rule"), st.sets(_AGENTS)),
        st.tuples(st.just("forget"), st.none()),
        st.tuples(st.just("apply"), st.none()),
    ),
    max_size=30,
)


@given(_STEPS)
def test_s4_after_a_run_the_viewers_are_those_manually_and_those_of_the_rule(
    steps: list[tuple[str, Any]],
) -> None:
    lan, manual, given_by, revision = Lan(), set[AgentId](), None, 2
    for step, what in [*steps, ("apply", None)]:
        match step:
            case "share":
                lan.share(what)
                manual.add(what)
            case "unshare":
                lan.unshare(what)
                manual.discard(what)
            case "enroll":
                lan.enroll(campaign_id=what)
            case "wait":
                lan.enroll(care_status=PENDING)
            case "rule":
                revision += 1
                given_by = sorted(what)
                lan.define(rule(*given_by, revision=revision))
            case "forget":
                given_by = None
                lan.forget()
            case _:
                lan.apply()
        assert manual <= set(lan.viewers())
    assert lan.state is not None
    in_campaign = lan.state.campaign_id == "tet"
    assert set(lan.viewers()) == manual | (set(given_by or ()) if in_campaign else set())
    assert lan.apply() is CrmOutcome.UNCHANGED
