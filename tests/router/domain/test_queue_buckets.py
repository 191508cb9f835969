"""R5.1: long queues, in lines for what they wait for."""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.domain.dispatch import count_looks, drain_steps
from router.domain.inputs import PAGE, request
from router.domain.sites import LINKED
from support.organizations import AT, SHOP, after, rule, shop
from tuyen_directory.organization_state import OrganizationState
from tuyen_directory.pool_cache import PoolCache
from tuyen_events.directory import Member
from tuyen_events.ids import AgentId, PageId
from tuyen_events.routing import ChoiceRequested
from tuyen_events.vocabulary import Presence
from tuyen_router.domain.dispatch_state import (
    Dequeued,
    DispatchState,
    DispatchStep,
    RequestAnswered,
    RequestQueued,
)
from tuyen_router.domain.dispatch_state import apply_step as fold
from tuyen_router.domain.queue import on_request
from tuyen_router.domain.queue_buckets import Buckets, WaitingRequest, serve_in_order


def _fold(state: DispatchState, steps: Iterable[DispatchStep]) -> list[DispatchStep]:
    folded = []
    for step in steps:
        fold(state, step)
        folded.append(step)
    return folded


def _serve(organization: OrganizationState, waiting: Buckets) -> list[int]:
    found = []
    for each in serve_in_order(PoolCache().pools_of(organization), waiting, None):
        if each is not None:
            waiting.remove_request(each)
            found.append(each.place)
    return found


def test_r5_1_buckets_that_can_be_served_are_merged_by_place() -> None:
    waiting = Buckets()
    pages = ["page", "page-2", "page-3"]
    for place in range(9):
        waiting.add_request(WaitingRequest(place, request(place, page_id=PageId(pages[place % 3]))))
    organization = shop(rules=[rule(pages=(PAGE,)), rule("s", pages=("page-3",))])
    assert _serve(organization, waiting) == [0, 2, 3, 5, 6, 8]
    assert _serve(shop(), waiting) == [1, 4, 7]
    assert waiting == Buckets()


def test_r5_3_a_bucket_whose_first_has_left_waits_with_its_next() -> None:
    waiting = Buckets()
    first = WaitingRequest(0, request(0))
    waiting.add_request(first)
    waiting.add_request(WaitingRequest(1, request(1, page_id=PageId("page-2"))))
    waiting.add_request(WaitingRequest(2, request(2)))
    waiting.remove_request(first)
    assert _serve(shop(), waiting) == [1, 2]


def test_inv3_of_two_places_of_one_request_the_one_that_was_written_last_counts() -> None:
    """One of them was frozen; a recovery reads what both wrote."""
    state = DispatchState(0)
    for place, offset in [(0, 0), (1, 1), (2, 0)]:
        fold(state, RequestQueued(WaitingRequest(place, request(offset))))
    assert _serve(shop(), state.queue_buckets[SHOP]) == [1, 2]
    assert state.queue_buckets[SHOP] == Buckets()


def test_inv3_two_requests_with_one_place_are_both_looked_at() -> None:
    """Each was put there by another worker."""
    waiting, pages = Buckets(), ["page-1", "page-2", "page-3"]
    for offset, each in enumerate(pages):
        waiting.add_request(WaitingRequest(7, request(offset, page_id=PageId(each))))
    assert _serve(shop(rules=[rule(pages=("page-3",))]), waiting) == [7]
    assert _serve(shop(), waiting) == [7, 7]


def test_r4_6_a_request_with_other_comments_keeps_its_place() -> None:
    state = DispatchState(0)
    for place, offset in [(0, 0), (1, 1)]:
        fold(state, RequestQueued(WaitingRequest(place, request(offset))))
    changed = request(0, comments=("c1",))
    fold(state, RequestQueued(WaitingRequest(0, changed)))
    (bucket,) = state.queue_buckets[SHOP].by_key.values()
    assert bucket.first().request == changed
    assert _serve(shop(), state.queue_buckets[SHOP]) == [0, 1]


def test_r5_1_a_wake_up_asks_once_for_each_bucket_however_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ten thousand wait in four lines: the cost is of the lines and of those who are served."""
    state, nobody = DispatchState(0), shop(online="")
    for offset in range(10_000):
        one = request(offset, page_id=PageId(f"page-{offset % 4}"))
        _fold(state, on_request(state, nobody, AT, one))

    looks = count_looks(monkeypatch)
    assert _fold(state, drain_steps(state, nobody, 500)) == []
    assert len(looks) == 4
    one_page = shop(rules=[rule(pages=("page-1",))])
    steps = _fold(state, drain_steps(state, one_page, 500))
    assert sum(isinstance(each, Dequeued) for each in steps) == 500
    assert len(looks) == 4 + 4 + 500


def test_r5_1_the_visited_address_makes_no_line() -> None:
    waiting = Buckets()
    for place in range(5):
        waiting.add_request(
            WaitingRequest(place, request(place, page_url=f"https://shop.example/{place}"))
        )
    assert len(waiting.by_key) == 1


@st.composite
def _requests(draw: st.DrawFn) -> list[ChoiceRequested]:
    wants: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
        {
            "page_id": st.sampled_from([PAGE, PageId("page-2")]),
            "department": st.sampled_from([None, None, "sales", "care", "unheard-of"]),
            "region": st.sampled_from([None, "north"]),
            "page_url": st.sampled_from([None, "https://shop.example/giay"]),
            "handed_over_by": st.sampled_from([None, None, AgentId("a"), AgentId("b")]),
        }
    )
    asked = draw(st.lists(wants, max_size=25))
    return [request(offset, **each) for offset, each in enumerate(asked)]


@settings(derandomize=True, max_examples=200, deadline=None)
@given(asked=_requests(), online=st.sets(st.sampled_from("abc")), most=st.integers(1, 30))
def test_r5_1_who_is_served_is_whom_a_scan_along_the_whole_queue_finds(
    asked: list[ChoiceRequested], online: set[str], most: int
) -> None:
    """With departments, links, handovers, and members who may have three at most."""
    members = (Member(agent_id=AgentId(each), capacity=3) for each in "abc")
    bounded = msgspec.structs.replace(rule("s", pages=("page-2",)), members=tuple(members))
    nobody = replace(after(LINKED, bounded), presence={})
    somebody = replace(nobody, presence=dict.fromkeys(map(AgentId, online), Presence.ONLINE))
    state = DispatchState(0)
    for each in asked:
        _fold(state, on_request(state, nobody, AT, each))
    expected = _walk(state, somebody)[:most]
    steps = _fold(state, drain_steps(state, somebody, most))
    assert _list_assigned(steps) == expected
    assert len(state.queues.get(SHOP, {})) == len(asked) - len(expected)


def _walk(
    state: DispatchState, organization: OrganizationState
) -> list[tuple[str, AgentId | None]]:
    """Each waiting request, oldest first, is tried as if no other were in the queue."""
    cursors, loads = deepcopy(state.cursors), deepcopy(state.loads)
    given = []
    for each in sorted(state.queues.get(SHOP, {}).values(), key=lambda each: each.place):
        alone = DispatchState(0, cursors=cursors, loads=loads)
        fold(alone, RequestQueued(each))
        given += _list_assigned(_fold(alone, drain_steps(alone, organization, 1)))
    return given


def _list_assigned(steps: Iterable[DispatchStep]) -> list[tuple[str, AgentId | None]]:
    said = (each.answer.choice for each in steps if isinstance(each, RequestAnswered))
    return [(each.request_id, each.agent_id) for each in said]
