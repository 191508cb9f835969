"""R5.1, R9.5: a search for requests that can be served, in turns of any length."""

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.domain.dispatch import count_looks, fold_steps
from router.domain.inputs import PAGE, A, request
from router.domain.sites import SITE
from support.organizations import AT, SHOP, after, agent, department, page, rule, shop
from tuyen_directory.organization import Removed
from tuyen_directory.organization_state import OrganizationState, with_presence
from tuyen_directory.pool_cache import PoolCache
from tuyen_events.directory import Member
from tuyen_events.ids import AgentId, CustomerId, PageId
from tuyen_events.routing import ChoiceRequested, LoadsReported, Verdict
from tuyen_events.vocabulary import Presence
from tuyen_router.domain.dispatch_state import DispatchState, RequestAnswered, RequestQueued
from tuyen_router.domain.loads import has_fallen, loads_before
from tuyen_router.domain.queue import drain, on_loads, on_request
from tuyen_router.domain.queue_buckets import Buckets, Comparisons, WaitingRequest, build_offer

NOBODY = shop(online="")


def _page(number: int) -> PageId:
    return PageId(f"page-{number}")


def _of(customer: str, asked: ChoiceRequested) -> ChoiceRequested:
    return msgspec.structs.replace(asked, customer_id=CustomerId(customer))


def _queue_up(state: DispatchState, pages: int, organization: OrganizationState = NOBODY) -> None:
    """One request waits for each page."""
    for number in range(pages):
        fold_steps(
            state, on_request(state, organization, AT, request(number, page_id=_page(number)))
        )


def _drain(state: DispatchState, organization: OrganizationState, turns: int) -> list[str]:
    """Who is served within so many turns of a step; the next step is another call."""
    served = []
    for turn in islice(drain(state, organization, AT, 500), turns):
        steps = fold_steps(state, turn)
        served += [
            each.answer.choice.request_id for each in steps if isinstance(each, RequestAnswered)
        ]
    return served


def test_r9_5_a_search_looks_at_each_bucket_once_in_however_many_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state = DispatchState(0)
    _queue_up(state, 100)
    looks = count_looks(monkeypatch)
    for step in range(1, 11):
        assert _drain(state, NOBODY, 10) == []
        assert len(looks) == 10 * step
    assert list(drain(state, NOBODY, AT, 500)) == []
    assert len(looks) == 100


def test_r9_5_the_oldest_is_served_before_the_younger_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state = DispatchState(0)
    _queue_up(state, 100)
    one_page = shop(rules=[rule(pages=(_page(3), _page(50)))])
    looks = count_looks(monkeypatch)
    assert _drain(state, one_page, 4) == ["inbound/3/3"]
    assert len(looks) == 4 + 1
    assert _drain(state, one_page, 47) == ["inbound/3/50"]


def test_r5_1_a_search_begins_again_when_somebody_comes_so_that_the_oldest_is_first() -> None:
    state = DispatchState(0)
    _queue_up(state, 10)
    assert _drain(state, NOBODY, 6) == []
    assert _drain(state, shop(), 1) == ["inbound/3/0"]


@pytest.mark.parametrize("presence", [Presence.AWAY, Presence.OFFLINE])
def test_r9_5_a_search_goes_on_when_somebody_leaves(
    monkeypatch: pytest.MonkeyPatch, presence: Presence
) -> None:
    state, pages = DispatchState(0), tuple(map(_page, range(100, 200)))
    known = shop(rules=[rule(pages=pages)])
    _queue_up(state, 10)
    looks = count_looks(monkeypatch)
    assert _drain(state, known, 6) == []
    assert _drain(state, with_presence(known, A, presence), 500) == []
    assert len(looks) == 10


def test_r5_1_a_search_that_ended_begins_anew() -> None:
    """The caller drains again because a load has fallen."""
    state = DispatchState(0)
    bounded = msgspec.structs.replace(rule(), members=(Member(agent_id=A, capacity=1),))
    known = shop(rules=[bounded])
    _queue_up(state, 3, known)
    assert _drain(state, known, 500) == []
    report = LoadsReported(
        organization=SHOP, partition=3, sequence=1, loads={}, settled=("inbound/3/0",)
    )
    fold_steps(state, on_loads(state, report))
    assert _drain(state, known, 500) == ["inbound/3/1"]


def test_r3_7_who_moves_with_an_old_place_is_found_by_a_search_that_is_past_it() -> None:
    state, known = DispatchState(0), after(SITE, Removed("agent", "a"), Removed("agent", "b"))
    for offset, name in enumerate(["sales", "sales", "care", "sales"]):
        asked = _of(str(offset), request(offset, department=name))
        fold_steps(state, on_request(state, replace(known, presence={}), AT, asked))
    assert _drain(state, known, 1) == []  # nobody of sales
    moved = _of("1", request(9, department="care", keeps_place=True))
    steps = fold_steps(state, on_request(state, known, AT, moved, draining=Comparisons(100)))
    assert [each.waiting.place for each in steps if isinstance(each, RequestQueued)] == [2]
    assert _drain(state, known, 500) == ["inbound/3/9", "inbound/3/2"]


def test_r9_5_departments_that_do_not_exist_are_never_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Visitors may name as many as they like; nobody belongs to them (R1.5)."""
    state, nobody = DispatchState(0), replace(SITE, presence={})
    named: list[tuple[str | None, str | None]] = [("sales", "north"), (None, None)]
    for number in range(100):
        named += [(f"made-up-{number}", None), ("sales", f"made-up-{number}")]
    for offset, (name, region) in enumerate(named):
        asked = request(offset, department=name, region=region)
        fold_steps(state, on_request(state, nobody, AT, asked))
    looks = count_looks(monkeypatch)
    assert _drain(state, nobody, 500) == []
    assert len(looks) == 2
    newcomer = request(999, page_id=PageId("elsewhere"), department="care")
    comparisons = Comparisons(10)
    fold_steps(state, on_request(state, SITE, AT, newcomer, draining=comparisons))
    assert comparisons.left >= 8


def test_r1_5_who_named_a_department_that_is_set_up_later_is_served_by_their_place() -> None:
    state, nobody = DispatchState(0), replace(SITE, presence={})
    for offset, name in enumerate(["new", "sales", "new", "old"]):
        fold_steps(state, on_request(state, nobody, AT, request(offset, department=name)))
    everywhere = [
        msgspec.structs.replace(each.value, departments=("sales", "new", "old"))
        for each in SITE.directory.agents.values()
    ]
    assert _drain(state, after(nobody, *everywhere), 500) == []
    known = after(SITE, *everywhere, department("new"))
    assert _drain(state, known, 2) == ["inbound/3/0", "inbound/3/1"]
    assert _drain(state, after(known, Removed("department", "new")), 500) == []
    assert _drain(state, known, 500) == ["inbound/3/2"]


def test_r1_5_a_region_without_a_department_makes_no_bucket() -> None:
    waiting = Buckets()
    for place in range(10):
        waiting.add_request(WaitingRequest(place, request(place, region=f"made-up-{place}")))
    assert len(waiting.by_key) == 1


def test_r9_5_a_newcomer_is_compared_with_so_many_buckets_at_most_and_then_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state, rules = DispatchState(0), [rule(f"r{n}", "abc"[n % 2], pages=[_page(n)]) for n in (0, 1)]
    pages = [rule(f"s{number}", "a", pages=(_page(number),)) for number in range(2, 50)]
    _queue_up(state, 50, shop(online="", rules=[*rules, *pages]))
    known = shop(rules=[*rules, *pages, rule("t", "c", pages=(PAGE,))])
    looks, verdicts, left = count_looks(monkeypatch), [], Comparisons(70)
    for offset in (100, 101):
        steps = fold_steps(state, on_request(state, known, AT, request(offset), draining=left))
        verdicts += [
            each.answer.choice.verdict for each in steps if isinstance(each, RequestAnswered)
        ]
    assert verdicts == [Verdict.CHOSEN, Verdict.QUEUED]
    assert len(looks) == 2 + 70


def test_r5_3_requests_that_leave_a_bucket_from_its_middle_leave_nothing_behind() -> None:
    waiting = Buckets()
    first = WaitingRequest(0, request(0))
    waiting.add_request(first)
    for place in range(1, 2000):
        each = WaitingRequest(place, request(place))
        waiting.add_request(each)
        waiting.remove_request(each)
    (bucket,) = waiting.by_key.values()
    assert bucket.first() is first
    assert len(bucket._order) < 200


Change = Callable[[OrganizationState, Random], OrganizationState]


def _somebody_comes_or_goes(known: OrganizationState, random: Random) -> OrganizationState:
    presence = random.choice([Presence.ONLINE, Presence.AWAY, Presence.OFFLINE])
    return with_presence(known, AgentId(random.choice("abc")), presence)


def _a_department_comes_or_goes(known: OrganizationState, random: Random) -> OrganizationState:
    name = random.choice(["sales", "care", "unheard-of"])
    if name in known.directory.departments:
        return after(known, Removed("department", name))
    return after(known, department(name))


def _an_agent_moves(known: OrganizationState, random: Random) -> OrganizationState:
    departments = random.sample(["sales", "care", "unheard-of"], 2)
    return after(known, agent(random.choice("abc"), departments=tuple(departments)))


def _staff_changes(known: OrganizationState, random: Random) -> OrganizationState:
    staff = random.sample("abc", random.randint(0, 3))
    return after(known, page(random.choice(["page", "page-2"]), staff))


CHANGES: tuple[Change, ...] = (
    _somebody_comes_or_goes,
    _somebody_comes_or_goes,
    _a_department_comes_or_goes,
    _an_agent_moves,
    _staff_changes,
)


def _request_of_chance(random: Random, offset: int, **fields: Any) -> ChoiceRequested:
    asked = request(
        offset,
        page_id=PageId(random.choice(["page", "page-2"])),
        department=random.choice([None, "sales", "care", "unheard-of"]),
        region=random.choice([None, None, "north"]),
        handed_over_by=random.choice([None, None, A]),
        **fields,
    )
    return _of(str(offset), asked)


def _oldest_that_can_be_served(state: DispatchState, known: OrganizationState) -> str | None:
    """What a walk along the whole queue finds."""
    pools = PoolCache().pools_of(known)
    for each in sorted(state.queues.get(SHOP, {}).values(), key=lambda each: each.place):
        if build_offer(pools, each.request, state.loads_of(SHOP)).has_any():
            return each.request.request_id
    return None


@settings(derandomize=True, max_examples=300, deadline=None)
@given(seed=st.integers(), page_permissions=st.booleans())
def test_r5_1_whatever_happens_between_two_steps_the_oldest_who_can_be_served_is_next(
    seed: int, page_permissions: bool
) -> None:
    random = Random(seed)  # noqa: S311  # chosen by hypothesis
    members = (Member(agent_id=AgentId(each), capacity=2) for each in "abc")
    bounded = msgspec.structs.replace(rule("s", pages=("page-2",)), members=tuple(members))
    pages = [page("page", "ab"), page("page-2", "bc")]
    known = after(SITE, bounded, *pages, shop(page_permissions=page_permissions).settings)
    state = DispatchState(0)
    for offset in range(60):
        match random.choice(["ask", "ask", "ask", "move", "change", "change", "tell", "drain"]):
            case "ask":
                asked = _request_of_chance(random, offset)
                fold_steps(state, on_request(state, known, AT, asked, draining=Comparisons(2)))
            case "move" if state.queues.get(SHOP):
                before = random.choice([*state.queues[SHOP].values()]).request
                asked = _request_of_chance(random, offset, keeps_place=True)
                moved = _of(before.customer_id, asked)
                fold_steps(state, on_request(state, known, AT, moved, draining=Comparisons(2)))
            case "change":
                known = random.choice(CHANGES)(known, random)
            case "tell":
                report = LoadsReported(
                    organization=SHOP,
                    partition=3,
                    sequence=offset,
                    loads={},
                    settled=tuple(name for name in state.loads[SHOP].reserved)
                    if SHOP in state.loads
                    else (),
                )
                held = loads_before(state.loads, report)
                fold_steps(state, on_loads(state, report))
                if has_fallen(held, state.loads_of(SHOP)) and SHOP in state.queue_buckets:
                    state.queue_buckets[SHOP].search_again()
            case _:
                turns = random.randint(1, 4)
                for turn in islice(drain(state, known, AT, 500), turns):
                    expected = _oldest_that_can_be_served(state, known)
                    steps = fold_steps(state, turn)
                    for each in steps:
                        if isinstance(each, RequestAnswered):
                            assert each.answer.choice.request_id == expected
    for turn in drain(state, known, AT, 500):
        fold_steps(state, turn)
    assert _oldest_that_can_be_served(state, known) is None
