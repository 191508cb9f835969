"""A worker that cannot work any more ends."""

import signal

import pytest

from stream.workers import Bench, until
from support.slow_proxy import PRODUCE, SlowProxy
from tuyen_stream import EXIT_CODE

pytestmark = pytest.mark.kafka


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("fetcher ends", "aiokafka's fetcher or coordinator has stopped"),
        ("removed", "the consumer group has removed this worker"),
    ],
)
async def test_trap_11_a_worker_without_fetcher_or_group_ends(
    bench: Bench, fault: str, reason: str
) -> None:
    worker = await bench.worker(fault=fault)
    assert await worker.exit_code() == EXIT_CODE
    assert worker.has_logged(reason)


async def test_a_slow_broker_bounds_what_is_fetched_and_what_is_in_flight(bench: Bench) -> None:
    """Backpressure: 4 MB of backlog and of effects, with room for 0.25 MB and 500 records."""
    limit, queue, batch, payload = 256 * 1024, 500, 100, 1_000
    await bench.send(4_000, value=b"v" * payload)
    async with SlowProxy(bench.kafka, 0.1, api_keys=frozenset({PRODUCE})) as slow:
        worker = await bench.worker(
            bootstrap=slow.bootstrap,
            payload_bytes=payload,
            settings={
                "max_unacknowledged_bytes": limit,
                "max_queued_records": queue,
                "max_fetched_records": batch,
                "fetch_bytes_per_partition": 64 * 1024,
            },
        )
        await worker.ready()
        small = worker.status()["rss_bytes"]
        seen: list[tuple[int, int]] = []

        def handled() -> bool:
            status = worker.status()
            seen.append((status["unacknowledged"], status["queued"]["one"]))
            return bool(status["handled"]["one"] >= 4_000)

        await until(handled, timeout_s=30)
        largest_outbox = batch * (payload + 1_000)
        assert max(bytes_ for bytes_, _ in seen) <= limit + largest_outbox
        assert max(queued for _, queued in seen) <= queue + batch
        assert max(queued for _, queued in seen) > 0
        assert worker.status()["rss_bytes"] - small < 12 * 1024 * 1024
        await until(bench.all_handled)
    await bench.assert_each_has_one_effect()


async def test_a_stop_with_a_slow_broker_drops_what_is_in_flight_in_time(bench: Bench) -> None:
    """Exit 0 within five seconds although the broker holds every write for thirty."""
    await bench.send(400)
    async with SlowProxy(bench.kafka, 30.0, api_keys=frozenset({PRODUCE})) as slow:
        worker = await bench.worker(bootstrap=slow.bootstrap)
        await until(lambda: worker.status().get("unacknowledged", 0) > 0)
        worker.signal(signal.SIGTERM)
        assert await worker.exit_code(timeout_s=5) == 0
        assert await bench.read_committed() == {}
