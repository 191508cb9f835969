"""How the app is put together, without a broker: the settings that work around Faust's traps."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import pytest
from faust.types import TP

from tuyen_stream import Batch, ConsumedRecord, StreamApp, StreamSettings, TableSpec, build_app
from tuyen_stream import _app as module

INBOUND = TP("inbound", 0)


@dataclass(frozen=True)
class FakeRecord:
    offset: int
    key: bytes | None = b"k"
    value: bytes | None = b"v"
    headers: tuple[tuple[str, bytes], ...] = ()
    timestamp: int = 0


class Nothing:
    """The state of a table that no test reads."""

    def apply(self, records: Sequence[ConsumedRecord]) -> None: ...


@pytest.fixture
async def app() -> StreamApp:
    return build_app(
        app_id="built",
        bootstrap_servers="127.0.0.1:1,127.0.0.1:2",
        inputs={"one": ["inbound", "answers"], "two": ["requests"]},
        handlers={"one": lambda batch, outbox: None, "two": lambda batch, outbox: None},
        tables=[
            TableSpec("assigned", "assigned-log", "one", lambda partition: Nothing()),
            TableSpec("choices", "choices-log", "two", lambda partition: Nothing()),
        ],
        gate=asyncio.Event().wait,
        on_recovered=lambda: None,
        settings=StreamSettings(),
    )


async def test_trap_1_the_producer_is_idempotent_and_has_no_way_round_the_outbox(
    app: StreamApp,
) -> None:
    settings = app.producer._settings_extra()
    assert settings["acks"] == "all"
    assert settings["enable_idempotence"] is True
    with pytest.raises(NotImplementedError):
        await app.producer.send("topic", None, b"v", None, None, None)
    with pytest.raises(NotImplementedError):
        app.producer.send_soon(None)


async def test_trap_3_nothing_is_built_on_exactly_once(app: StreamApp) -> None:
    assert not app.in_transaction


async def test_trap_8_a_fetch_waits_a_tenth_of_a_second_for_records(app: StreamApp) -> None:
    consumer = app.consumer._thread._create_worker_consumer(app.transport)
    assert consumer._fetch_max_wait_ms == 100


async def test_trap_9_topics_are_never_made_by_faust_and_tables_never_written(
    app: StreamApp,
) -> None:
    assert not app.conf.topic_allow_declare
    assert app.conf.topic_disable_leader
    assert app.conf.table_standby_replicas == 0
    with pytest.raises(NotImplementedError):
        app.tables["assigned"].send_changelog(0, b"k", b"v")


async def test_trap_10_no_web_server_and_no_second_thread_for_the_producer(app: StreamApp) -> None:
    assert not app.conf.web_enabled
    assert not app.conf.web_tables_enabled
    assert not app.conf.producer_threaded


async def test_trap_2_each_stage_is_one_agent_without_concurrency(app: StreamApp) -> None:
    agents = list(app.agents.values())
    assert [agent.concurrency for agent in agents] == [1, 1]
    assert [sorted(agent.channel.topics) for agent in agents] == [
        ["answers", "inbound"],
        ["requests"],
    ]


async def test_trap_9_topics_with_different_partitions_end_the_process(
    app: StreamApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    class ProcessEndedError(Exception):
        pass

    def end_process(reason: str) -> NoReturn:
        raise ProcessEndedError(reason)

    monkeypatch.setattr(module, "end_process", end_process)
    topics = ("inbound", "answers", "assigned-log")
    together = {TP(topic, partition) for topic in topics for partition in (0, 3)}
    assert app._find_owned(app.stages["one"], together) == {0, 3}
    with pytest.raises(ProcessEndedError, match="not co-partitioned"):
        app._find_owned(app.stages["one"], together - {TP("assigned-log", 3)})


async def test_no_input_is_fetched_after_a_recovery_that_a_revocation_overtook(
    app: StreamApp,
) -> None:
    """Faust would resume its flow in the middle of the next rebalance."""
    app.tables.recovery._began_at_hold = app.consumer.holds
    app.consumer._hold()
    app.on_rebalance_end()
    assert not app.consumer.handing_over
    assert not app.health().is_ready


async def test_queued_batches_are_void_when_partitions_are_revoked(app: StreamApp) -> None:
    consumer, stage = app.consumer, app.stages["one"]
    consumer.offsets.begin({INBOUND: 0})
    consumer.handing_over = True
    consumer._active_partitions = {INBOUND, TP("assigned-log", 0)}
    batch = Batch(INBOUND.topic, INBOUND.partition, 0, 0, [FakeRecord(0)])
    work = stage.enqueue(batch, 0, consumer.offsets.assignment)
    assert app._is_current(work)
    assert consumer._find_wanted() == {INBOUND, TP("assigned-log", 0)}

    consumer._hold()
    assert not app._is_current(work)
    assert stage.queued_records == 0
    assert consumer._find_wanted() == {TP("assigned-log", 0)}


async def test_a_fetch_that_a_seek_overtook_is_dropped_and_read_again(
    app: StreamApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without seeking back, its records would never be handled."""
    consumer = app.consumer

    async def overtaken(wanted: set[TP], timeout_s: float) -> dict[TP, list[FakeRecord]]:
        consumer._epoch += 1
        return {INBOUND: [FakeRecord(0)]}

    monkeypatch.setattr(consumer, "_getmany", overtaken)
    monkeypatch.setattr(consumer, "assignment", lambda: {INBOUND})
    consumer.offsets.begin({INBOUND: 0})
    consumer.offsets.to_reread.clear()
    consumer.handing_over = True
    consumer._active_partitions = {INBOUND}
    await consumer._poll()
    assert consumer.offsets.to_reread == {INBOUND}
    assert consumer.offsets.next_offset(INBOUND) == 0


async def test_nothing_is_owned_and_no_step_runs_before_the_start(app: StreamApp) -> None:
    assert app.list_owned_partitions("one") == frozenset()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await app.run_step("one", 0, lambda outbox: pytest.fail("ran"))
    assert not app.health().is_ready
