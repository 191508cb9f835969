"""A worker that is killed, frozen, cut off or given a bad record loses and repeats nothing."""

import asyncio
import signal

import pytest
from aiokafka import AIOKafkaProducer

from stream.workers import PARTITIONS, SESSION_S, Bench, WorkerProcess, digests_of, until
from support.slow_proxy import PRODUCE, SlowProxy
from tuyen_stream import EXIT_CODE

pytestmark = pytest.mark.kafka


async def test_trap_1_nothing_is_committed_before_the_broker_has_its_effects(bench: Bench) -> None:
    """A broker that delays writes by 400 ms, and a kill right after a commit."""
    await bench.send(4_000)
    async with SlowProxy(bench.kafka, 0.4, api_keys=frozenset({PRODUCE})) as slow:
        worker = await bench.worker(
            bootstrap=slow.bootstrap,
            settings={
                "max_fetched_records": 100,
                "max_unacknowledged_bytes": 64 * 1024,
                "commit_interval_s": 0.05,
            },
        )
        await worker.ready()
        await until(lambda: _has_committed(bench))
        await worker.kill()
    effects = await bench.effects()
    committed = await bench.read_committed()
    assert 0 < sum(committed.values()) < 4_000
    assert all(
        (topic, partition, offset) in effects
        for (topic, partition), end in committed.items()
        for offset in range(end)
    )


async def test_inv2_inv3_a_killed_worker_loses_nothing_and_doubles_nothing(bench: Bench) -> None:
    first, second = await bench.worker(), await bench.worker()
    await until(lambda: bool(first.owned() and second.owned()))
    async with asyncio.TaskGroup() as group:
        done = asyncio.Event()
        group.create_task(_send_until(bench, done))
        await until(lambda: first.status()["handled"]["one"] > 500)
        await first.kill()
        done.set()
    await until(lambda: second.owned() == list(range(PARTITIONS)))
    await until(bench.all_handled)
    await bench.assert_each_has_one_effect()
    for table in ("assigned", "customers"):
        await until(lambda table=table: _equals_fold(bench, [second], table))  # type: ignore[misc]  # bound now
    assert second.status()["applied"]["assigned"] > 0


async def test_inv2_inv3_a_join_and_a_graceful_stop_lose_nothing_and_double_nothing(
    bench: Bench,
) -> None:
    """Partitions move to another worker, which changes their states, and come back."""
    first = await bench.worker()
    await first.ready()
    async with asyncio.TaskGroup() as group:
        done = asyncio.Event()
        group.create_task(_send_until(bench, done))
        second = await bench.worker()
        await until(lambda: bool(second.owned()) and bool(first.owned()))
        await until(lambda: second.status()["handled"]["one"] > 100)
        second.signal(signal.SIGTERM)
        assert await second.exit_code(timeout_s=5) == 0
        await until(lambda: first.owned() == list(range(PARTITIONS)))
        done.set()
    await until(bench.all_handled)
    await bench.assert_each_has_one_effect()
    await until(lambda: _equals_fold(bench, [first], "assigned"))


async def test_trap_6_a_stop_commits_all_that_it_wrote(bench: Bench) -> None:
    """It waits for the outboxes in flight, so that the next worker has nothing to repeat."""
    async with SlowProxy(bench.kafka, 0.3, api_keys=frozenset({PRODUCE})) as slow:
        worker = await bench.worker(
            bootstrap=slow.bootstrap,
            settings={"max_fetched_records": 100, "max_unacknowledged_bytes": 128 * 1024},
        )
        await worker.ready()
        await bench.send(4_000)
        await until(lambda: worker.status()["unacknowledged"] > 0)
        worker.signal(signal.SIGTERM)
        assert await worker.exit_code(timeout_s=5) == 0
    effects = await bench.effects()
    assert 0 < len(effects) < 4_000
    assert len(effects) == sum((await bench.read_committed()).values())


async def test_inv3_a_frozen_worker_publishes_nothing_when_it_continues(bench: Bench) -> None:
    """It goes on with outboxes in flight, after another worker has taken its partitions."""
    async with SlowProxy(bench.kafka, 0.3, api_keys=frozenset({PRODUCE})) as slow:
        frozen = await bench.worker(bootstrap=slow.bootstrap, settings={"max_fetched_records": 50})
        await frozen.ready()
        await bench.send(6_000)
        await until(lambda: frozen.status()["unacknowledged"] > 50_000)
        frozen.signal(signal.SIGSTOP)
        other = await bench.worker()
        await until(lambda: other.owned() == list(range(PARTITIONS)), SESSION_S + 10)
        await until(bench.all_handled)
        frozen.signal(signal.SIGCONT)
        assert await frozen.exit_code() == EXIT_CODE
        assert frozen.has_logged("longer than the limit of")
    await bench.assert_each_has_one_effect()
    assert await _equals_fold(bench, [other], "assigned")


async def test_inv3_a_worker_that_was_cut_off_publishes_nothing_when_the_network_is_back(
    bench: Bench,
) -> None:
    """It ran all the time, with outboxes in flight, while another worker took its partitions."""
    async with SlowProxy(bench.kafka, 0.0) as network:
        cut_off = await _worker_in_flight(network, bench, delay_s=0.3)
        network.delay_s = 1_000.0
        network.cut()
        other = await bench.worker()
        await until(lambda: other.owned() == list(range(PARTITIONS)), SESSION_S + 10)
        await until(bench.all_handled)
        network.delay_s = 0.0
        network.cut()
        assert await cut_off.exit_code() == EXIT_CODE
        assert not cut_off.has_logged("foreign record")
    await bench.assert_each_has_one_effect()
    assert await _equals_fold(bench, [other], "assigned")


async def test_a_worker_that_was_cut_off_while_it_gave_its_partitions_back_ends(
    bench: Bench,
) -> None:
    """It waits for its outboxes to be acknowledged, and these wait for the group to confirm it."""
    async with SlowProxy(bench.kafka, 0.0) as network:
        cut_off = await _worker_in_flight(network, bench, delay_s=1.0)
        async with asyncio.TaskGroup() as group:
            done = asyncio.Event()
            group.create_task(_send_until(bench, done))
            other = await bench.worker()
            await until(lambda: cut_off.owned() == [], SESSION_S + 30)
            network.delay_s = 1_000.0
            network.cut()
            done.set()
        await until(lambda: other.owned() == list(range(PARTITIONS)), SESSION_S + 30)
        await until(bench.all_handled)
        network.delay_s = 0.0
        network.cut()
        assert await cut_off.exit_code() == EXIT_CODE
        assert cut_off.has_logged("removed this worker")
    await bench.assert_each_has_one_effect()
    assert await _equals_fold(bench, [other], "assigned")


async def _worker_in_flight(network: SlowProxy, bench: Bench, delay_s: float) -> WorkerProcess:
    """A worker with outboxes in flight in a slow network."""
    worker = await bench.worker(bootstrap=network.bootstrap, settings={"max_fetched_records": 50})
    await worker.ready()
    network.delay_s = delay_s
    await bench.send(6_000)
    await until(lambda: worker.status()["unacknowledged"] > 50_000)
    return worker


async def test_trap_4_trap_5_a_record_whose_handler_raised_is_redelivered(bench: Bench) -> None:
    await bench.send(100)
    await bench.send(1, value=b"boom")
    await bench.send(100)
    worker = await bench.worker(settings={"max_fetched_records": 10})
    assert await worker.exit_code() == EXIT_CODE
    assert worker.has_logged("RuntimeError: boom")
    poisoned = [place for place in bench.sent if place not in await bench.effects()]
    assert poisoned
    assert not await bench.all_handled()

    await worker.start()
    await until(bench.all_handled)
    await bench.assert_each_has_one_effect()


async def test_a_foreign_record_in_a_changelog_is_noticed(bench: Bench) -> None:
    await bench.send(40)
    worker = await bench.worker()
    await until(bench.all_handled)
    async with _foreign(bench) as producer:
        await producer.send_and_wait(bench.topic("customers"), b"9", key=b"1", partition=1)
    await bench.send(40)
    assert await worker.exit_code() == EXIT_CODE
    assert worker.has_logged(f"a foreign record in {bench.topic('customers')}-1")
    committed = await bench.read_committed()
    assert committed[bench.topic("inbound"), 1] == 10


def _foreign(bench: Bench) -> AIOKafkaProducer:
    return AIOKafkaProducer(bootstrap_servers=bench.kafka)


async def _send_until(bench: Bench, done: asyncio.Event) -> None:
    """Up to 2,000 records a second."""
    while not done.is_set():
        await bench.send(100)
        await asyncio.sleep(0.05)


async def _has_committed(bench: Bench) -> bool:
    return bool(await bench.read_committed())


async def _equals_fold(bench: Bench, workers: list[WorkerProcess], table: str) -> bool:
    return digests_of(workers, table) == await bench.fold(table)
