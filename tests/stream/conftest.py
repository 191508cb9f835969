"""Topics and worker processes for each test."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stream.workers import PARTITIONS, Bench


@pytest.fixture
async def bench(
    kafka: str, topic_prefix: str, tmp_path: Path, compacted: Bench
) -> AsyncIterator[Bench]:
    """Fresh topics; every process that the test starts is killed after it."""
    bench = Bench(kafka, topic_prefix, tmp_path)
    await bench.start()
    try:
        yield bench
    finally:
        await bench.stop()


@pytest.fixture(scope="session")
async def compacted(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    """A changelog that the broker compacts while the other tests run.

    Each partition gets 40 rows, three times each; ten stay, thirty are deleted. A last record
    after the segment's time closes the segment, because the active one is never compacted.
    """
    bench = Bench(kafka, f"compacted-{uuid.uuid4().hex[:8]}-", tmp_path_factory.mktemp("compacted"))
    policy = {
        "cleanup.policy": "compact",
        "segment.ms": "200",
        "min.cleanable.dirty.ratio": "0.001",
        "delete.retention.ms": "0",
    }
    await bench.start({"customers": policy})
    topic = bench.topic("customers")
    for value in (b"1", b"2", b"3"):
        for partition in range(PARTITIONS):
            for row in range(40):
                last = value if row < 10 or value != b"3" else None
                await bench.producer.send(topic, last, key=b"r%d" % row, partition=partition)
    await bench.producer.flush()
    await asyncio.sleep(0.3)
    for partition in range(PARTITIONS):
        await bench.producer.send_and_wait(topic, b"4", key=b"r0", partition=partition)
    try:
        yield bench
    finally:
        await bench.stop()
