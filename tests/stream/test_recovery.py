"""Recovery from logs with holes: truncated ones, and ones that end in a transaction marker."""

from collections import Counter

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import RecordsToDelete

from stream.workers import PARTITIONS, Bench, until

pytestmark = pytest.mark.kafka


async def _transaction(
    bench: Bench, topic: str, rows: list[tuple[bytes, bytes | None, int]]
) -> None:
    """Write in a transaction: its marker takes an offset for which no record ever comes."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bench.kafka, transactional_id=f"{bench.prefix}{topic}"
    )
    await producer.start()
    async with producer.transaction():
        for key, value, partition in rows:
            await producer.send(bench.topic(topic), value, key=key, partition=partition)
    await producer.stop()


async def _cut(bench: Bench, topic: str, before: dict[int, int]) -> None:
    """Let retention delete the first records of some partitions."""
    async with bench.admin() as admin:
        await admin.delete_records(
            {
                TopicPartition(bench.topic(topic), partition): RecordsToDelete(offset)
                for partition, offset in before.items()
            }
        )


async def test_a_changelog_that_ends_in_a_hole_is_recovered_and_continued(bench: Bench) -> None:
    """Partition 0 ends in a hole, 1 is truncated, 2 has lost all records, 3 is empty."""
    rows = [(b"%d" % i, b"%d" % i, 0) for i in range(50)]
    await _transaction(bench, "customers", [*rows, (b"1", None, 0)])
    await _transaction(
        bench, "customers", [(b"%d" % i, b"1", p) for p in (1, 2) for i in range(20)]
    )
    await _cut(bench, "customers", {1: 10, 2: 21})

    worker = await bench.worker()
    await worker.ready()
    state = worker.status()["tables"]["customers"]
    assert [state[str(p)][1] for p in range(PARTITIONS)] == [49, 10, 0, 0]
    assert worker.status()["left"]["customers"] == 0
    assert worker.status()["applied"]["customers"] == 61

    await bench.send(80)
    await until(bench.all_handled)
    await bench.assert_each_has_one_effect()
    ends = {r.partition: r.offset for r in await bench.read(bench.topic("customers"))}
    assert ends == {0: 51 + 20, 1: 20 + 20, 2: 20 + 20, 3: 19}


async def test_inputs_with_holes_are_handled_to_their_end(bench: Bench) -> None:
    """Retention cuts one input before it was read; another has a marker between two batches."""
    await bench.send(400)
    await _cut(bench, "inbound", {0: 30, 1: 100})
    for place in list(bench.sent):
        _, partition, offset = place
        if offset < {0: 30, 1: 100}.get(partition, 0):
            del bench.sent[place]
    await bench.worker()
    rows: list[tuple[bytes, bytes | None, int]]
    rows = [(b"%d" % i, b"c", i % PARTITIONS) for i in range(8)]
    for _ in range(3):
        await _transaction(bench, "commands", rows)
        commands = await bench.read(bench.topic("commands"))
        bench.sent |= Counter((r.topic, r.partition, r.offset) for r in commands)
        await until(bench.all_handled)
    await bench.assert_each_has_one_effect()
