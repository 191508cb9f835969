"""Last in this directory: by now the broker had time to compact."""

import pytest

from stream.workers import PARTITIONS, Bench, until

pytestmark = pytest.mark.kafka


async def test_a_compacted_changelog_is_recovered_and_continued(compacted: Bench) -> None:
    """The log has holes in the middle; some tombstones are still there, and others are gone."""
    bench = compacted

    async def has_holes() -> bool:
        records = await bench.read(bench.topic("customers"))
        ends = {r.partition: r.offset for r in records}
        return all(
            sum(r.partition == partition for r in records) < end + 1
            for partition, end in ends.items()
        )

    await until(has_holes, timeout_s=45)
    worker = await bench.worker()
    await worker.ready()
    assert worker.digests("customers") == await bench.fold("customers")
    rows = worker.status()["tables"]["customers"]
    assert [rows[str(p)][1] for p in range(PARTITIONS)] == [10, 10, 10, 10]

    await bench.send(40)
    await until(bench.all_handled)
    await bench.assert_each_has_one_effect()
