"""R9.5 in stage 2: pools, requests and queues that no record holds, or that nobody can handle."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from prometheus_client import REGISTRY

from router.domain.inputs import A, request
from router.stages.streams import StreamRecord, events, read_written, record
from router.stages.test_customers_dead_letters import ENDLESS, letters
from router.stages.test_organizations import NOBODY, NUMBER, _list_answers, _report, _Stage
from support.organizations import SHOP, after, agent, rule, shop
from tuyen_directory.organization_state import OrganizationState
from tuyen_events.choosing import choose
from tuyen_events.directory import Member
from tuyen_events.ids import AgentId, EventId, OrganizationId
from tuyen_events.pools import PoolRecorded
from tuyen_events.routing import Verdict
from tuyen_events.vocabulary import Presence
from tuyen_router.domain import queue
from tuyen_router.domain.dispatch_state import DispatchState
from tuyen_router.stages import organizations
from tuyen_router.stages.phases import Phase
from tuyen_router.stages.tables import ChoicesTable
from tuyen_stream import Outbox


def _many(number: int, *, online: bool, **settings: Any) -> OrganizationState:
    names = [f"{each:064}" for each in range(number)]
    agents = [agent(each) for each in names]
    known = shop(agents=agents, online="", rules=[rule(members=())], pages=[], **settings)
    presence = dict.fromkeys(map(AgentId, names), Presence.ONLINE) if online else {}
    return replace(known, presence=presence)


def _batches(outbox: Outbox) -> list[int]:
    """The bytes of each batch of the table."""
    return [
        sum(len(key or b"") + len(value or b"") for key, value in group)
        for group in read_written(outbox, Phase.STATE, "t.router-choices")
    ]


@pytest.mark.parametrize("number", [3_300, 10_000])
@pytest.mark.parametrize("online", [True, False])
def test_r9_5_a_pool_that_no_record_holds_is_published_in_part(number: int, online: bool) -> None:
    stage = _Stage(_many(number, online=online))
    outbox = stage.ask(0, 1)
    verdict = Verdict.CHOSEN if online else Verdict.QUEUED
    assert [said for _, said, _ in _list_answers(outbox)] == [verdict, verdict]
    (pool,) = events(outbox, Phase.PUBLIC, "t.pools")
    assert isinstance(pool, PoolRecorded)
    assert len(pool.order) + pool.left_out == number
    assert len(pool.candidates) == (len(pool.order) if online else 0)
    assert letters(outbox) == []


def test_r9_4_a_pool_within_the_limits_is_published_whole() -> None:
    known = _many(2_000, online=False)
    (pool,) = events(_Stage(known).ask(0), Phase.PUBLIC, "t.pools")
    assert isinstance(pool, PoolRecorded)
    assert (len(pool.order), len(pool.excluded), pool.left_out) == (2_000, 2_000, 0)


def test_r2_1_a_choice_among_thousands_is_small() -> None:
    stage = _Stage(_many(2_000, online=True))
    stage.ask(0)
    assert _batches(stage.ask(1))[0] < 2_000


def test_r1_7_a_wait_for_a_thousand_who_are_full_is_small() -> None:
    names = [AgentId(f"{each:064}") for each in range(1_000)]
    members = tuple(Member(agent_id=each, capacity=0) for each in names)
    full = msgspec.structs.replace(rule(), members=members)
    outbox = _Stage(after(_many(1_000, online=True), full)).ask(0)
    assert [said for _, said, _ in _list_answers(outbox)] == [Verdict.QUEUED]
    assert max(_batches(outbox)) < 4_000


def test_r9_5_an_endless_visit_of_an_older_request_waits_like_any_other() -> None:
    stage = _Stage(NOBODY)
    asked = msgspec.structs.replace(request(0), page_url=ENDLESS, department=ENDLESS)
    outbox = stage.handle(record(0, asked))
    assert [said for _, said, _ in _list_answers(outbox)] == [Verdict.QUEUED]
    assert max(_batches(outbox)) < 10_000


def test_r9_5_a_request_whose_answer_no_topic_takes_is_put_aside_and_takes_no_turn() -> None:
    stage = _Stage(shop())
    endless = msgspec.structs.replace(request(1), seed=EventId(ENDLESS))
    outbox = stage.handle(record(0, request(0)), record(1, endless), record(2, request(2)))
    assert [chosen for _, _, chosen in _list_answers(outbox)] == ["a", "b"]
    assert [each.delivery_id for each in letters(outbox)] == ["router-requests/0/1"]
    assert stage.state.place == 2
    before = (stage.state.place, dict(stage.state.request_offsets))
    stage.recover()
    assert (stage.state.place, stage.state.request_offsets) == before


def test_r9_5_large_entries_share_no_batch_that_is_too_large() -> None:
    stage = _Stage(shop())
    large = [
        msgspec.structs.replace(request(each), seed=EventId("x" * size))
        for each, size in enumerate([100_000, 450_000, 100_000])
    ]
    outbox = stage.handle(*(record(n, each) for n, each in enumerate(large)))
    assert len(_batches(outbox)) == 3
    assert letters(outbox) == []


def test_r9_5_a_report_whose_counts_no_record_holds_is_put_aside() -> None:
    stage = _Stage(shop())
    loads = {AgentId(f"{each:064}"): 1 for each in range(6_000)}
    more = {AgentId(f"b{each:063}"): 1 for each in range(6_000)}
    outbox = stage.handle(_report(0, loads), _report(1, more), _report(2, {A: 1}))
    assert [each.delivery_id for each in letters(outbox)] == ["router-requests/0/1"]
    assert stage.state.loads_of(SHOP) == {**loads, A: 1}


def test_r9_5_a_request_that_raises_is_put_aside_with_the_trace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:

    def raises(mode: Any, offer: Any, cursor: Any, seed: Any, loads: Any) -> Any:
        if seed == request(1).seed:
            raise ZeroDivisionError("nobody expected it")
        return choose(mode, offer, cursor, seed, loads)

    monkeypatch.setattr(queue, "choose", raises)
    stage = _Stage(shop())
    outbox = stage.ask(0, 1, 2)
    assert [chosen for _, _, chosen in _list_answers(outbox)] == ["a", "b"]
    (letter,) = letters(outbox)
    assert letter.delivery_id == "router-requests/0/1"
    assert "ZeroDivisionError: nobody expected it" in letter.error


def _stop() -> float:
    return REGISTRY.get_sample_value("tuyen_stopped_drains_total") or 0.0


def test_inv7_r9_5_an_organization_whose_queue_cannot_be_drained_stops_itself_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = _Stage(NOBODY)
    stage.ask(0)
    stage.known = shop()
    stage.stage.dirty.add(SHOP)
    before = _stop()

    def raises(*_: Any) -> Any:
        raise ZeroDivisionError("nobody expected it")

    monkeypatch.setattr(organizations, "drain", raises)
    assert _list_answers(stage.drain()) == []
    assert (SHOP in stage.stage.dirty, _stop() - before) == (False, 1)
    outbox = stage.ask(1)
    assert [chosen for _, _, chosen in _list_answers(outbox)] == ["a"]
    monkeypatch.setattr(organizations, "drain", queue.drain)
    stage.stage.dirty.add(SHOP)
    assert [chosen for _, _, chosen in _list_answers(stage.drain())] == ["b"]


def test_r9_5_an_entry_that_cannot_be_folded_stops_no_recovery() -> None:
    stage = _Stage(shop())
    stage.ask(0, 1)
    broken = [
        (b"cursor/shop/r2", b"{"),
        (b"waiting/\xff", b"null"),
        (b"asked/inbound/3", b'"x"'),
        (b"answer/1", b"[1]"),
    ]
    log = [StreamRecord(n, key, value) for n, (key, value) in enumerate(broken)]
    table = ChoicesTable(NUMBER)
    table.apply([*log, *stage.log])
    assert (table.state.place, table.state.request_offsets) == (
        stage.state.place,
        stage.state.request_offsets,
    )
    assert table.state.cursors == stage.state.cursors


def test_r2_4_entries_of_older_versions_are_read() -> None:
    table = ChoicesTable(NUMBER)
    table.apply(
        [
            StreamRecord(0, b"cursor/shop/r", b'["b",["a","b","c"]]'),
            StreamRecord(1, b"progress", b'[7,{"inbound/3":41}]'),
            StreamRecord(2, b"asked/inbound/3", b"43"),
        ]
    )
    state = table.state
    (cursor,) = state.cursors[SHOP].values()
    assert (cursor.last, cursor.order) == ("b", ("a", "b", "c"))
    assert (state.place, state.request_offsets) == (7, {"inbound/3": 43})


def test_r2_4_an_order_that_only_an_older_cursor_has_is_written_before_that_is_replaced() -> None:
    """The next cursor has none with it, and compaction takes the older one."""
    stage = _Stage(shop())
    stage.state = _recover([StreamRecord(0, b"cursor/shop/r", b'["a",["a","b","c"]]')])
    stage.ask(0)
    again = _recover(stage.log)
    assert again.cursors == stage.state.cursors
    (cursor,) = again.cursors[SHOP].values()
    assert (cursor.last, cursor.order) == ("b", ("a", "b", "c"))


def _recover(log: list[StreamRecord]) -> DispatchState:
    table = ChoicesTable(NUMBER)
    table.apply(log)
    return table.state


def test_r2_4_the_order_is_found_again_whichever_of_the_two_entries_comes_first() -> None:
    table = ChoicesTable(NUMBER)
    table.apply(
        [
            StreamRecord(0, b"cursor/shop/r", b'["b",[]]'),
            StreamRecord(1, b"order/shop/r", b'["a","b"]'),
            StreamRecord(2, b"order/shop/s", b'["a","b"]'),
            StreamRecord(3, b"cursor/shop/s", b'["a",[]]'),
        ]
    )
    found = table.state.cursors[SHOP]
    assert {name: (each.last, each.order) for name, each in found.items()} == {
        "r": ("b", ("a", "b")),
        "s": ("a", ("a", "b")),
    }
    assert OrganizationId("shop") in {of for of, _ in table.state.orders}
