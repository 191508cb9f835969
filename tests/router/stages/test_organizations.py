"""Stage 2's shell: batches, answers, and who is served first."""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import pytest

from router.domain.dispatch import count_looks
from router.domain.inputs import A, request
from router.stages.streams import StreamRecord, batch, events, read_written, record
from support.organizations import AT, SHOP, rule, shop
from tuyen_directory.organization_state import OrganizationState
from tuyen_events.directory import Member
from tuyen_events.ids import AgentId, PageId
from tuyen_events.pools import PoolRecorded
from tuyen_events.routing import ChoiceMade, LoadsReported, Verdict
from tuyen_platform.clock import ManualClock
from tuyen_router.domain.dispatch_state import DispatchState
from tuyen_router.stages import organizations
from tuyen_router.stages.organizations import OrganizationStage
from tuyen_router.stages.phases import Phase
from tuyen_router.stages.records import DeadLetterWriter, organization_partition
from tuyen_router.stages.tables import ChoicesTable
from tuyen_stream import Outbox

NUMBER = organization_partition(SHOP)
NOBODY = shop(online="")
ONE_EACH = shop(
    rules=[
        msgspec.structs.replace(
            rule(), members=tuple(Member(agent_id=AgentId(each), capacity=1) for each in "ab")
        )
    ]
)


class _Stage:
    """The stage over one partition, and the log of its table."""

    def __init__(self, organization: OrganizationState, clock: ManualClock | None = None) -> None:
        self.known = organization
        self.state = DispatchState(NUMBER)
        self.log: list[StreamRecord] = []
        self.stage = OrganizationStage(
            topic_prefix="t.",
            state_of=lambda _: self.state,
            organization=lambda _: self.known,
            dead_letters=DeadLetterWriter("t.", ManualClock(AT)),
            clock=clock or ManualClock(AT),
        )

    def handle(self, *records: StreamRecord) -> Outbox:
        return self._keep(
            lambda box: self.stage.handle(batch("t.router-requests", 0, *records), box)
        )

    def ask(self, *offsets: int) -> Outbox:
        return self.handle(*(record(each, request(each)) for each in offsets))

    def drain(self) -> Outbox:
        return self._keep(self.stage.drain_step(SHOP))

    def recover(self) -> None:
        """What was written is folded again; what followed is forgotten."""
        table = ChoicesTable(NUMBER)
        table.apply(self.log)
        self.state = table.state
        self.stage.dirty.clear()
        self.stage.mark_waiting_dirty([NUMBER])

    def _keep(self, step: Callable[[Outbox], None]) -> Outbox:
        outbox = Outbox()
        step(outbox)
        for group in read_written(outbox, Phase.STATE, "t.router-choices"):
            for key, value in group:
                self.log.append(StreamRecord(len(self.log), key, value))
        return outbox


def _list_answers(outbox: Outbox) -> list[tuple[str, Verdict, str | None]]:
    return [
        (each.request_id, each.verdict, each.agent_id)
        for each in events(outbox, Phase.FOLLOW_UPS, "t.router-answers")
        if isinstance(each, ChoiceMade)
    ]


def test_r2_1_answers_follow_their_state_in_the_order_of_the_requests() -> None:
    outbox = _Stage(shop()).ask(0, 1)
    assert read_written(outbox, Phase.STATE, "t.router-answers") == []
    assert [agent for _, _, agent in _list_answers(outbox)] == ["a", "b"]


def test_r2_1_state_cursor_and_progress_are_in_one_batch() -> None:
    (group,) = read_written(_Stage(shop()).ask(0, 1), Phase.STATE, "t.router-choices")
    assert [key for key, _ in group] == [
        b"asked/inbound/3",
        b"order/shop/r",
        b"cursor/shop/r",
        b"answer/1",
        b"answer/2",
    ]


def test_r9_6_of_a_rule_that_was_removed_for_long_nothing_is_kept() -> None:
    """One that is made again soon goes on where it stopped."""
    clock = ManualClock(AT)
    stage, rules = _Stage(shop(), clock), {each: shop(rules=[rule(each)]) for each in "rs"}
    stage.ask(0)
    for known, hours in (("s", 0.9), ("r", 0.9), ("s", 0.9), ("s", 0.9)):
        stage.known = rules[known]
        stage.stage.dirty.add(SHOP)
        assert read_written(stage.drain(), Phase.STATE, "t.router-choices") == []
        clock.advance(timedelta(hours=hours))
    stage.known = rules["r"]
    stage.stage.dirty.add(SHOP)
    assert [agent for *_, agent in _list_answers(stage.ask(1))] == ["b"]
    for _ in range(2):
        stage.known = rules["s"]
        stage.stage.dirty.add(SHOP)
        left = read_written(stage.drain(), Phase.STATE, "t.router-choices")
        clock.advance(timedelta(hours=1))
    assert left == [[(b"order/shop/r", None), (b"cursor/shop/r", None)]]
    stage.recover()
    assert (stage.state.cursors, stage.state.orders) == ({}, {})
    stage.known = rules["r"]
    assert [agent for *_, agent in _list_answers(stage.ask(2))] == ["a"]


def test_r5_1_a_waiting_request_is_served_before_one_that_comes_later() -> None:
    stage = _Stage(NOBODY)
    stage.ask(0)
    stage.known = shop()
    stage.stage.dirty.add(SHOP)
    assert _list_answers(stage.ask(1)) == [
        ("inbound/3/0", Verdict.CHOSEN, "a"),
        ("inbound/3/1", Verdict.CHOSEN, "b"),
    ]


def test_r5_1_a_long_queue_is_drained_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(organizations, "DRAINED_AT_ONCE", 2)
    stage = _Stage(NOBODY)
    stage.ask(0, 1, 2)
    stage.known = shop()
    stage.stage.dirty.add(SHOP)
    assert [len(_list_answers(stage.drain())), SHOP in stage.stage.dirty] == [2, True]
    assert [len(_list_answers(stage.drain())), SHOP in stage.stage.dirty] == [1, False]


def test_r9_2_a_drained_answer_that_a_crash_lost_is_sent_again() -> None:
    """Its request was committed long before: nothing else would bring it back."""
    stage = _Stage(NOBODY)
    stage.ask(0)
    stage.known = shop()
    stage.stage.dirty.add(SHOP)
    given = _list_answers(stage.drain())
    stage.recover()
    assert SHOP in stage.stage.dirty
    assert _list_answers(stage.drain()) == given
    assert _list_answers(stage.drain()) == []


def test_r9_2_a_rebalance_that_left_the_state_alone_repeats_nothing() -> None:
    stage = _Stage(NOBODY)
    stage.ask(0)
    stage.stage.mark_waiting_dirty([NUMBER])
    stage.known = shop()
    assert len(_list_answers(stage.drain())) == 1
    stage.stage.mark_waiting_dirty([NUMBER])
    assert SHOP not in stage.stage.dirty


def test_r9_2_what_is_folded_from_the_log_goes_on_where_the_live_state_was() -> None:
    stage = _Stage(NOBODY)
    stage.ask(0)
    stage.known = shop()
    stage.ask(1, 2)
    before = (stage.state.place, stage.state.request_offsets)
    stage.recover()
    assert (stage.state.place, stage.state.request_offsets) == before
    assert list(stage.state.queues[SHOP]) == ["inbound/3/0"]
    assert _list_answers(stage.ask(1))[-1] == ("inbound/3/1", Verdict.CHOSEN, "a")


def test_p4_what_cannot_be_read_goes_to_the_dead_letters() -> None:
    broken = StreamRecord(0, b"k", b"{", [("ce_type", b"choice.requested.v1")])
    assert len(events(_Stage(shop()).handle(broken), Phase.PUBLIC, "t.dead-letters")) == 1


def _report(
    offset: int, loads: dict[AgentId, int], *settled: str, complete: bool = False
) -> StreamRecord:
    told = LoadsReported(
        organization=SHOP,
        partition=3,
        sequence=offset,
        loads=loads,
        complete=complete,
        settled=settled,
    )
    return record(offset, told)


def test_r9_4_a_pool_is_in_the_log_before_any_state_that_names_it() -> None:
    stage = _Stage(shop())
    outbox = stage.ask(0, 1)
    (pool,) = events(outbox, Phase.PUBLIC, "t.pools")
    assert isinstance(pool, PoolRecorded)
    assert read_written(outbox, Phase.PUBLIC, "t.router-choices") == []
    ((key, _),) = read_written(outbox, Phase.PUBLIC, "t.pools")[0]
    assert key == pool.id.encode()
    answers = events(outbox, Phase.FOLLOW_UPS, "t.router-answers")
    assert {
        each.choice.pool_id for each in answers if isinstance(each, ChoiceMade) and each.choice
    } == {pool.id}
    assert events(stage.ask(2), Phase.PUBLIC, "t.pools") == []


def test_r9_4_a_new_owner_of_a_partition_publishes_its_pools_again() -> None:
    stage = _Stage(shop())
    told = events(stage.ask(0), Phase.PUBLIC, "t.pools")
    stage.recover()
    assert events(stage.ask(1), Phase.PUBLIC, "t.pools") == told


def test_r1_7_a_choice_and_its_reservation_are_in_one_batch() -> None:
    (group,) = read_written(_Stage(ONE_EACH).ask(0), Phase.STATE, "t.router-choices")
    assert [key for key, _ in group] == [
        b"asked/inbound/3",
        b"order/shop/r",
        b"cursor/shop/r",
        b"reserved/shop/inbound/3/0",
        b"answer/1",
    ]


def test_r5_1_a_report_that_frees_somebody_stirs_the_organization() -> None:
    stage = _Stage(ONE_EACH)
    stage.ask(0, 1, 2)
    stage.handle(_report(3, {A: 1}, "inbound/3/0"))
    assert SHOP not in stage.stage.dirty
    stage.handle(_report(4, {A: 0}))
    assert SHOP in stage.stage.dirty
    assert _list_answers(stage.drain()) == [("inbound/3/2", Verdict.CHOSEN, "a")]


def test_r5_1_whoever_waits_is_served_before_one_who_comes_after_the_report_in_its_batch() -> None:
    stage = _Stage(ONE_EACH)
    stage.ask(0, 1, 2)
    outbox = stage.handle(
        record(3, request(3)), _report(4, {}, "inbound/3/0"), record(5, request(5))
    )
    assert [verdict for _, verdict, _ in _list_answers(outbox)] == [Verdict.QUEUED, Verdict.QUEUED]
    assert _list_answers(stage.drain()) == [("inbound/3/2", Verdict.CHOSEN, "a")]


def test_r1_7_a_report_for_an_organization_that_counts_no_longer_is_kept_and_drains_nothing() -> (
    None
):
    stage = _Stage(ONE_EACH)
    stage.ask(0)
    stage.known = shop()
    stage.handle(_report(1, {A: 5}), _report(2, {A: 4}, "inbound/3/0"))
    assert SHOP not in stage.stage.dirty
    assert stage.state.loads_of(SHOP) == {A: 4}


@pytest.mark.parametrize("compacted", [False, True])
def test_r1_7_loads_are_folded_from_the_log_as_they_were_live(compacted: bool) -> None:
    stage = _Stage(ONE_EACH)
    stage.ask(0, 1, 2)
    stage.handle(_report(3, {A: 1}, "inbound/3/0"), _report(4, {AgentId("z"): 2}))
    before = stage.state.loads
    if compacted:
        last = {each.key: each for each in stage.log}
        stage.log = [each for each in stage.log if last[each.key] is each and each.value]
    stage.recover()
    assert stage.state.loads == before
    assert stage.state.loads_of(SHOP) == {"a": 1, "b": 1, "z": 2}


def test_r5_1_buckets_are_folded_from_the_log_as_they_were_live() -> None:
    stage = _Stage(NOBODY)
    stage.ask(0, 1, 2)
    before = stage.state.queue_buckets
    stage.recover()
    assert stage.state.queue_buckets == before


class _BusyClock(ManualClock):
    """Six milliseconds go by whenever it is looked at."""

    def now(self) -> datetime:
        self.advance(timedelta(milliseconds=6))
        return super().now()


def test_r9_6_a_step_ends_when_its_time_is_over_and_the_next_goes_on() -> None:
    stage = _Stage(NOBODY, _BusyClock(AT))
    stage.ask(0, 1, 2, 3)
    stage.known = shop()
    stage.stage.dirty.add(SHOP)
    given = []
    while SHOP in stage.stage.dirty:
        told = _list_answers(stage.drain())
        assert len(told) <= 2
        given += told
    assert given == [
        (f"inbound/3/{n}", Verdict.CHOSEN, agent) for n, agent in enumerate(["a", "b", "c", "a"])
    ]


def test_r9_2_answers_that_a_crash_lost_are_sent_again_over_several_steps() -> None:
    stage = _Stage(NOBODY, _BusyClock(AT))
    stage.ask(0, 1, 2, 3)
    stage.known = shop()
    stage.stage.dirty.add(SHOP)
    given = []
    while SHOP in stage.stage.dirty:
        given += _list_answers(stage.drain())
    stage.recover()
    again = []
    while SHOP in stage.stage.dirty:
        again += _list_answers(stage.drain())
    assert again == given


def test_r9_5_a_step_ends_in_time_however_many_buckets_nobody_can_take_a_request_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The loop is for all organizations; the search goes on in the next step, and then it ends."""
    stage = _Stage(NOBODY, _BusyClock(AT))
    pages = [PageId(f"page-{number}") for number in range(20)]
    stage.handle(*(record(n, request(n, page_id=each)) for n, each in enumerate(pages)))
    stage.stage.dirty.add(SHOP)
    looks, steps = count_looks(monkeypatch), 0
    while SHOP in stage.stage.dirty:
        before = len(looks)
        assert _list_answers(stage.drain()) == []
        assert len(looks) - before <= 2
        steps += 1
    assert (len(looks), steps >= 10) == (20, True)


def test_r9_5_the_newcomers_of_a_batch_are_compared_with_so_many_buckets_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While the queue is being drained, each was compared with each bucket."""
    monkeypatch.setattr(organizations, "COMPARED_AT_ONCE", 30)
    rules = [rule(f"r{number}", "a", pages=(f"page-{number}",)) for number in range(20)]
    stage = _Stage(shop(rules=rules, online=""), _BusyClock(AT))
    pages = [PageId(f"page-{number}") for number in range(20)]
    stage.handle(*(record(n, request(n, page_id=each)) for n, each in enumerate(pages)))
    stage.known = shop(rules=[*rules, rule("z", "b")])
    stage.stage.dirty.add(SHOP)
    looks = count_looks(monkeypatch)
    outbox = stage.handle(*(record(n, request(n)) for n in range(100, 110)))
    assert [verdict for name, verdict, _ in _list_answers(outbox) if name > "inbound/3/1"]
    assert len(looks) <= 2 * 2 + 10 + 30
    while SHOP in stage.stage.dirty:
        stage.drain()
    assert not stage.state.queues[SHOP]


def test_r5_1_a_report_that_frees_somebody_begins_an_interrupted_search_again() -> None:
    stage = _Stage(ONE_EACH, _BusyClock(AT))
    pages = [PageId(f"page-{number}") for number in range(9)]
    stage.handle(*(record(n, request(n, page_id=each)) for n, each in enumerate(pages)))
    stage.stage.dirty.add(SHOP)
    assert _list_answers(stage.drain()) == []
    stage.handle(_report(20, {}, "inbound/3/0"))
    assert _list_answers(stage.drain()) == [("inbound/3/2", Verdict.CHOSEN, "a")]
