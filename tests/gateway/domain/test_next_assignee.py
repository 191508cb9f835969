"""Whom a rule chooses next: as the router would, from what the gateway knows (R1, R2)."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.organizations import page, rule, shop
from tuyen_directory.candidates import narrow_to_offer
from tuyen_directory.organization_state import OrganizationState
from tuyen_events.choosing import Cursor
from tuyen_events.directory import Member
from tuyen_events.ids import AgentId
from tuyen_events.vocabulary import Capability, ConversationKind, Exclusion, Strategy
from tuyen_gateway.domain.next_assignee import (
    ChosenInTurn,
    NextAssignee,
    NextReason,
    find_last_of,
    find_next,
    find_pool,
    list_excluded,
)

A, B, C = (AgentId(one) for one in "abc")
NO_LOADS: Mapping[AgentId, int] = {}


def next_of(
    state: OrganizationState, last: AgentId | None = None, loads: Mapping[AgentId, int] = NO_LOADS
) -> NextAssignee:
    offer = narrow_to_offer(find_pool(state, page(), ConversationKind.MESSAGE), loads, ())
    return find_next(state, offer, None if last is None else Cursor(last, (A, B, C)), loads)


@pytest.mark.parametrize(("last", "online", "agent"), [
    (None, "abc", A), (A, "abc", B), (C, "abc", A), (A, "ac", C), (A, "a", A),
])  # fmt: skip
def test_r2_1_the_one_after_whom_was_chosen_last(
    last: AgentId | None, online: str, agent: AgentId
) -> None:
    assert next_of(shop(online=online), last) == NextAssignee(
        agent_id=agent, reason=NextReason.ROTATION
    )


def test_r2_3_the_least_loaded_and_of_several_the_next_in_turn() -> None:
    least = shop(rules=[rule(mode=Strategy.LEAST_LOADED)])
    assert next_of(least, A, {A: 1, B: 3, C: 1}).agent_id == C
    assert next_of(least, C, {A: 1, B: 3, C: 1}).agent_id == A


def test_r2_2_nobody_can_say_whom_a_draw_will_choose() -> None:
    drawn = next_of(shop(rules=[rule(mode=Strategy.RANDOM)], online="ab"), A)
    assert drawn == NextAssignee(agent_id=None, reason=NextReason.RANDOM)
    alone = next_of(shop(rules=[rule(mode=Strategy.RANDOM)], online="b"))
    assert alone == NextAssignee(agent_id=B, reason=NextReason.RANDOM)


def test_r5_where_nobody_is_next_it_says_why() -> None:
    assert next_of(shop(online="")).reason is NextReason.NO_CANDIDATE
    assert next_of(shop(rules=[rule(enabled=False)], online="a")).reason is NextReason.NO_RULE
    assert next_of(shop(online="a", auto_assign=False)).reason is NextReason.OFF


def test_r9_4_everybody_else_is_excluded_with_a_reason_in_the_rules_order() -> None:
    members = (
        Member(agent_id=A, capacity=2),
        Member(agent_id=B),
        Member(agent_id=C, capabilities=(Capability.FACEBOOK_COMMENT,)),
    )
    state = shop(rules=[rule(members=members)], online="ac")
    pool = find_pool(state, page(), ConversationKind.MESSAGE)
    found = list_excluded(narrow_to_offer(pool, {A: 2}, ()))
    assert [(one.agent_id, one.why) for one in found] == [
        (A, Exclusion.CAPACITY),
        (B, Exclusion.OFFLINE),
        (C, Exclusion.CAPABILITY),
    ]


@given(
    turns=st.lists(st.sampled_from((A, B, C)), min_size=1), before=st.sampled_from((None, A, B, C))
)
def test_r2_1_of_choices_of_one_moment_the_last_is_found_in_any_order(
    turns: list[AgentId], before: AgentId | None
) -> None:
    """If it is not found, they returned to where they began."""
    made = list(map(ChosenInTurn, turns, [before, *turns]))
    for shuffled in (made, made[::-1], sorted(made, key=str)):
        assert (find_last_of(shuffled) or before) == turns[-1]
