"""`make bench`, or `make bench ONLY=router`: starts its own servers and measures."""

import asyncio
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from bench import (
    console,
    crm,
    failover,
    inbox,
    ingest,
    latency,
    month,
    outbound,
    projections,
    queue,
    reports,
    router,
    scale,
    scaling,
    steps,
    stream,
)
from bench.report import Row, publish
from tuyen_local import kafka, server
from tuyen_local.server import Server

Measure = Callable[[Server, Path], Awaitable[list[Row]]]
"""Is given a Kafka, and where that has its data."""


def _with_kafka(measure: Callable[[str], Awaitable[list[Row]]]) -> Measure:
    return lambda broker, _: measure(broker.address)


def _alone(measure: Callable[[], Awaitable[list[Row]]]) -> Measure:
    return lambda _broker, _data: measure()


_MEASURES: Mapping[str, Measure] = {
    "router": _with_kafka(router.measure),
    "ingest": _with_kafka(ingest.measure),
    "latency": _with_kafka(latency.measure),
    "projections": _with_kafka(projections.measure),
    "inbox": _with_kafka(inbox.measure),
    "crm": _with_kafka(crm.measure),
    "reports": _alone(reports.measure),
    "queue": _with_kafka(queue.measure),
    "stream": _with_kafka(stream.measure),
    "outbound": _with_kafka(outbound.measure),
    "console": _with_kafka(console.measure),
    "steps": _alone(steps.measure),
    "scale": _with_kafka(scale.measure),
    "month": _with_kafka(month.measure),
    "failover": _with_kafka(failover.measure),
    "scaling": scaling.measure,
}


async def measure_all(names: list[str]) -> tuple[list[Row], list[str]]:
    """The rows of these benchmarks, each on a Kafka of its own, and the names of those that broke.

    A Kafka that goes on after a benchmark would clean that one's topics up during the next.
    """
    rows: list[Row] = []
    broken = []
    for name in names:
        started = time.monotonic()
        try:
            rows += await _on_kafka(_MEASURES[name])
        except Exception:
            # The others are still worth their figures.
            traceback.print_exc()
            broken.append(name)
        sys.stdout.write(f"{name}: {time.monotonic() - started:.0f} s\n")
        sys.stdout.flush()
    return rows, broken


async def _on_kafka(measure: Measure) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="tuyen-bench-") as name:
        directory = Path(name)
        data = directory / "kafka"
        broker = await server.start(kafka, data, directory, os.environ.get("TUYEN_KAFKA"))
        try:
            return await measure(broker, data)
        finally:
            await broker.stop()


def main(only: str) -> None:
    """Prints the table and writes `bench.json` into the data directory.

    Ends with status 1 when a benchmark broke.
    """
    if only and only not in _MEASURES:
        sys.exit(f"there is no benchmark {only!r}: it is one of {', '.join(_MEASURES)}")
    started = time.monotonic()
    rows, broken = asyncio.run(measure_all([only] if only else list(_MEASURES)))
    publish(rows, Path(os.environ.get("TUYEN_DATA_DIR", "var")) / "bench.json")
    sys.stdout.write(f"measured in {time.monotonic() - started:.0f} s\n")
    if broken:
        sys.exit(f"broke, and told nothing: {', '.join(broken)}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
