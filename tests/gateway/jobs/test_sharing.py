"""The job of the sharing rules (S3, S4), over contacts in memory."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.jobs.sharing_rig import SHOP, START, SharedShop
from tuyen_directory.organization import Organization
from tuyen_events.crm.records import CrmCommand
from tuyen_events.ids import AgentId, ContactId, OrganizationId
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.jobs import sharing
from tuyen_gateway.jobs.sharing import SharingSchedule
from tuyen_gateway.ports.sharing import SharedContact
from tuyen_platform.clock import ManualClock
from tuyen_views.sharing_rules import SharingRuleDocument

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
    monkeypatch.setattr("tuyen_gateway.view_wait.WAIT_S", 0)
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


@dataclass
class TwoShops:
    """Two organizations. Of `NOISY` more contacts wait for its rule than are ever shared, and those
    that are in `corrected` are to be corrected. After each batch, `watch` is called."""

    watch: Callable[[], None] = lambda: None
    revision: int = 1
    corrected: dict[OrganizationId, int] = field(default_factory=dict)
    """How many contacts were shared by an earlier revision."""
    waits: dict[OrganizationId, int] = field(default_factory=dict)
    batches: list[OrganizationId] = field(default_factory=list)
    """Whose batches were carried out, in their order."""

    def as_gateway(self) -> Gateway:
        return cast("Gateway", _TwoPorts(self, self, ManualClock(START)))

    def now(self) -> datetime:
        return START

    async def rules(self, organization: OrganizationId) -> Sequence[SharingRuleDocument]:
        document = SharingRuleDocument(
            key=f"{organization}/r",
            id="r",
            organization=organization,
            sequence=1,
            created_at=START,
            created_by=HOA,
            updated_at=START,
            name="R",
            owner=HOA,
            campaign_id="tet",
            agent_ids=(HOA,),
            every_minutes=15,
            revision=self.revision,
        )
        return [document]

    async def outdated(
        self,
        organization: OrganizationId,
        revisions: Mapping[str, int],
        limit: int,
        among: Collection[ContactId] | None = None,
    ) -> Sequence[SharedContact]:
        if among is not None:
            return []
        return self._take(self.corrected, organization, limit)

    async def waiting(
        self, rule: SharingRuleDocument, limit: int, after: ContactId | None
    ) -> Sequence[SharedContact]:
        return self._take(self.waits, rule.organization, limit)

    def _take(
        self, left: dict[OrganizationId, int], organization: OrganizationId, limit: int
    ) -> list[SharedContact]:
        count = min(left.get(organization, 0), limit)
        left[organization] = left.get(organization, 0) - count
        return [SharedContact(ContactId(f"con_{n}"), n, {"r": 1}) for n in range(count)]

    async def carry_out_all(self, commands: Sequence[CrmCommand]) -> None:
        self.batches.append(commands[0].organization)
        self.watch()
        await asyncio.sleep(0)


@dataclass(frozen=True)
class _TwoPorts:
    sharing_scans: TwoShops
    crm_commands: TwoShops
    clock: ManualClock


NOISY, QUIET = OrganizationId("noisy"), OrganizationId("quiet")
BOTH = (Organization(id=NOISY), Organization(id=QUIET))


async def test_s3_r9_5_a_rule_over_many_contacts_delays_no_other_organization() -> None:
    shops = TwoShops(waits={NOISY: 100 * sharing.BATCH, QUIET: 1})
    await SharingSchedule().share(shops.as_gateway(), BOTH)
    assert shops.batches.index(QUIET) <= 1
    assert len(shops.batches) == 101


async def test_s4_r9_5_what_is_taken_away_meanwhile_does_not_wait_for_a_long_run() -> None:
    """Neither in another organization, at the next check, nor in the same one."""
    shops, schedule = TwoShops(waits={NOISY: 100 * sharing.BATCH}), SharingSchedule()
    checks: list[asyncio.Task[None]] = []

    def watch() -> None:
        if len(shops.batches) == 20:
            shops.corrected = {NOISY: 1, QUIET: 1}
            checks.append(asyncio.ensure_future(schedule.share(shops.as_gateway(), BOTH)))

    shops.watch = watch
    await schedule.share(shops.as_gateway(), BOTH)
    await asyncio.gather(*checks)
    assert shops.batches.index(QUIET) <= 25
    assert len(shops.batches) == 102
    assert shops.corrected == {NOISY: 0, QUIET: 0}


async def test_s4_an_organization_that_is_under_way_is_not_begun_again() -> None:
    shops, schedule = TwoShops(waits={NOISY: 10 * sharing.BATCH}), SharingSchedule()
    shops.watch = lambda: None
    await asyncio.gather(*(schedule.share(shops.as_gateway(), BOTH) for _ in range(3)))
    assert shops.batches == [NOISY] * 10


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
