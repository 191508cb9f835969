"""The job of the sharing rules (S3, S4), over contacts in memory."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.jobs.sharing_rig import SHOP, SharedShop
from tuyen_directory.organization import Organization
from tuyen_events.ids import AgentId
from tuyen_gateway.jobs import sharing
from tuyen_gateway.jobs.sharing import SharingSchedule

HOA, LAN, MINH = AgentId("hoa"), AgentId("lan"), AgentId("minh")
SHOPS = (Organization(id=SHOP),)


async def run(shop: SharedShop, schedule: SharingSchedule | None = None) -> None:
    await (schedule or SharingSchedule()).share(shop.as_gateway(), SHOPS)


def make_shop(contacts: int = 5, *agents: str) -> SharedShop:
    shop = SharedShop()
    shop.add(*range(contacts))
    shop.enroll(*range(contacts))
    shop.put_rule(*(agents or ("hoa", "lan")))
    return shop


async def test_s3_a_run_shares_the_contacts_of_the_campaign_and_moves_their_status() -> None:
    shop = make_shop(3)
    shop.add(9)
    await run(shop)
    assert [shop.viewers(number) for number in range(3)] == [(HOA, LAN)] * 3
    assert not any(shop.waits(number) for number in range(3))
    assert shop.viewers(9) == ()


async def test_s3_a_second_run_changes_nothing() -> None:
    shop = make_shop()
    await run(shop)
    events = list(shop.events)
    await run(shop)
    assert shop.events == events


async def test_s3_a_rule_runs_on_its_schedule() -> None:
    shop, schedule = make_shop(1), SharingSchedule()
    await run(shop, schedule)
    shop.add(7)
    shop.enroll(7)
    shop.clock.advance(timedelta(minutes=14))
    await run(shop, schedule)
    assert shop.viewers(7) == ()
    assert shop.waits(7)
    shop.clock.advance(timedelta(minutes=1))
    await run(shop, schedule)
    assert shop.viewers(7) == (HOA, LAN)


async def test_s4_an_agent_who_is_taken_off_loses_what_the_rule_gave_before_its_next_run() -> None:
    shop, schedule = make_shop(3), SharingSchedule()
    await run(shop, schedule)
    shop.share(0, "hoa")
    shop.put_rule("lan", "minh")
    await run(shop, schedule)
    assert [shop.viewers(number) for number in range(3)] == [(HOA, LAN, MINH), *[(LAN, MINH)] * 2]


async def test_s4_a_rule_that_was_removed_gives_nothing() -> None:
    shop, schedule = make_shop(3), SharingSchedule()
    await run(shop, schedule)
    shop.share(1, "minh")
    shop.remove_rule()
    await run(shop, schedule)
    assert [shop.viewers(number) for number in range(3)] == [(), (MINH,), ()]


@pytest.mark.parametrize("batch", [1, 2, 200])
async def test_s3_a_crash_between_any_two_contacts_loses_nothing_and_repeats_nothing(
    monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(sharing, "BATCH", batch)
    calm = make_shop()
    await run(calm)
    for steps in range(6):
        shop = make_shop()
        shop.steps = steps
        await run(shop)
        await run(shop)  # another process, after the crash
        assert [shop.viewers(number) for number in range(5)] == [(HOA, LAN)] * 5
        assert len(shop.events) == len(calm.events)


async def test_s3_after_an_error_the_same_process_tries_the_same_run_again() -> None:
    shop, schedule = make_shop(), SharingSchedule()
    shop.steps = 2
    await run(shop, schedule)
    assert shop.waits(4)
    await run(shop, schedule)
    assert not shop.waits(4)


async def test_s3_two_jobs_at_once_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "BATCH", 2)
    shop = make_shop()
    await asyncio.gather(run(shop), run(shop))
    assert [shop.viewers(number) for number in range(5)] == [(HOA, LAN)] * 5
    assert len(shop.events) == 15


async def test_s3_a_view_that_is_behind_repeats_commands_and_nothing_else() -> None:
    shop = make_shop()
    shop.catch_up()
    shop.behind = True
    await run(shop)
    await run(shop)
    assert [shop.viewers(number) for number in range(5)] == [(HOA, LAN)] * 5
    assert len(shop.events) == 15


async def test_s4_a_change_waits_for_a_view_that_is_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tuyen_gateway.showing.WAIT_S", 0)
    shop = make_shop()
    await run(shop)
    shop.put_rule("minh")
    shop.viewers(0)
    shop.behind = True
    await run(shop)
    shop.behind = False
    await run(shop)
    assert [shop.viewers(number) for number in range(5)] == [(MINH,)] * 5


async def test_r9_5_a_suspended_organization_is_left_alone() -> None:
    shop = make_shop()
    await SharingSchedule().share(shop.as_gateway(), ())
    assert shop.waits(0)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("rule"), st.sets(st.sampled_from(["hoa", "lan", "minh"]))),
        st.tuples(st.just("remove"), st.none()),
        st.tuples(st.just("enter"), st.integers(0, 3)),
        st.tuples(st.just("leave"), st.integers(0, 3)),
        st.tuples(st.just("run"), st.integers(0, 4)),
    ),
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_s4_whatever_crashes_the_viewers_are_those_of_the_rule(
    steps: list[tuple[str, set[str] | int | None]],
) -> None:
    asyncio.run(_run_all(steps))


async def _run_all(steps: list[tuple[str, set[str] | int | None]]) -> None:
    shop, agents, inside = SharedShop(), None, set[int]()
    shop.add(*range(4))
    shop.enroll(0)
    inside.add(0)
    for step, what in steps:
        match step, what:
            case "rule", set():
                agents = sorted(what)
                shop.put_rule(*agents)
            case "remove", _ if agents is not None:
                agents = None
                shop.remove_rule()
            case "enter", int():
                inside.add(what)
                shop.enroll(what)
            case "leave", int():
                inside.discard(what)
                shop.enroll(what, campaign=None, waits=False)
            case "run", int():
                shop.steps = what
                await run(shop)
            case _:
                pass
    shop.steps = None
    await run(shop)
    for number in range(4):
        expected = agents or () if number in inside else ()
        assert shop.viewers(number) == tuple(expected)
        assert shop.waits(number) is (number in inside and agents is None and shop.waits(number))
