"""`make bench`, or `make bench ONLY=router`: starts its own servers and measures."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from bench import failover, ingest, latency, projections, queue, router, scale, scaling
from bench.report import Row, publish
from tuyen_local import kafka, server

Measure = Callable[[str], Awaitable[list[Row]]]

_MEASURES: Mapping[str, Measure] = {
    "router": router.measure,
    "ingest": ingest.measure,
    "latency": latency.measure,
    "projections": projections.measure,
    "queue": queue.measure,
    "scale": scale.measure,
    "failover": failover.measure,
    "scaling": scaling.measure,
}


async def measured(only: str) -> list[Row]:
    """The rows of one benchmark, or of all of them, on a Kafka of their own."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="tuyen-bench-") as name:
        directory = Path(name)
        broker = await server.start(
            kafka, directory / "kafka", directory, os.environ.get("TUYEN_KAFKA")
        )
        try:
            for each, measure in _MEASURES.items():
                if only in ("", each):
                    rows += await measure(broker.address)
        finally:
            await broker.stop()
    return rows


def main(only: str) -> None:
    """Prints the table and writes `bench.json` into the data directory."""
    if only and only not in _MEASURES:
        sys.exit(f"there is no benchmark {only!r}: it is one of {', '.join(_MEASURES)}")
    rows = asyncio.run(measured(only))
    publish(rows, Path(os.environ.get("TUYEN_DATA_DIR", "var")) / "bench.json")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
