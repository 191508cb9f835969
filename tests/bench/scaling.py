"""What one, two and four router workers take, and what an event costs them and Kafka.

The costs are CPU seconds from the kernel's own account of the processes, and bytes of Kafka's
segments; they carry the model of docs/capacity.md, which holds where there are more cores than
here. The workers share their partitions before the events come, as a standing group does.
"""

import secrets
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.failover import workers_share
from bench.log import count, ends, span, wait_for_records
from bench.processes import cpu_seconds, free_port, ready, running, service_env
from bench.report import Row, median_of
from support import market
from tuyen_events.topics import (
    ANSWERS,
    ASSIGNMENTS,
    CUSTOMERS,
    DIRECTORY,
    INBOUND,
    POOLS,
    PRESENCE,
    REQUESTS,
)
from tuyen_local.server import Server
from tuyen_platform.kafka.topics import ensure_topics

PAGES = 1_000
AGENTS = 50
KNOWN = 20_000
EVENTS = 100_000
WORKERS = (1, 2, 4)
RUNS = 3
_THOUSANDS = EVENTS / 1000


@dataclass(frozen=True, slots=True)
class _Run:
    rate: float
    """Events a second."""
    workers_cpu: float
    kafka_cpu: float | None
    """CPU seconds for 1,000 events; of Kafka only where it was started here."""


async def measure(broker: Server, data: Path) -> list[Row]:
    """Three runs with each number of workers, in turn."""
    prefixes = {workers: f"bench{secrets.token_hex(3)}." for workers in WORKERS}
    for prefix in prefixes.values():
        await _prepare(broker.address, prefix)
    stood = _measure_kept(data, prefixes[1])
    runs: dict[int, list[_Run]] = {workers: [] for workers in WORKERS}
    for number in range(RUNS):
        for workers, prefix in prefixes.items():
            runs[workers].append(await _run(broker, prefix, workers, number))
    rows = [row for workers in WORKERS for row in _rows(workers, runs[workers])]
    after = _measure_kept(data, prefixes[1])
    if any(after.values()):
        rows += [
            Row(
                figure=f"Kafka's disk, kept {how_long}",
                value=(after[how_long] - stood[how_long]) / (RUNS * EVENTS),
                unit="bytes/event",
            )
            for how_long in after
        ]
    return rows


def _rows(workers: int, runs: Sequence[_Run]) -> list[Row]:
    who = f"{workers} router worker{'s' if workers > 1 else ''}"
    per_thousand = "CPU s/1,000 events"
    rows = [
        median_of(f"{who}, rate", "events/s", [run.rate for run in runs]),
        median_of(f"{who}, cost", per_thousand, [run.workers_cpu for run in runs]),
    ]
    kafka = [run.kafka_cpu for run in runs if run.kafka_cpu is not None]
    return [*rows, median_of(f"{who}, Kafka's cost", per_thousand, kafka)] if kafka else rows


async def _prepare(kafka: str, prefix: str) -> None:
    await ensure_topics(kafka, prefix, 1)
    entities = list(market.directory(PAGES, AGENTS))
    for topic in (DIRECTORY, PRESENCE):
        mine = ((key, event) for at, key, event in entities if at is topic)
        await market.publish(kafka, prefix, topic, mine)
    await market.write(kafka, prefix, market.history())
    await market.write(kafka, prefix, market.make_known(PAGES, AGENTS, KNOWN))


async def _run(broker: Server, prefix: str, workers: int, number: int) -> _Run:
    kafka = broker.address
    mix = market.mix(EVENTS, PAGES, KNOWN, number * EVENTS)
    inbound = [(INBOUND, market.place_event(INBOUND, *each)) for each in mix]
    before = {topic: await ends(kafka, prefix, topic) for topic in (CUSTOMERS, ASSIGNMENTS)}
    decided = await count(kafka, prefix, ASSIGNMENTS) + EVENTS * 3 // 10
    async with AsyncExitStack() as group:
        logs = group.enter_context(tempfile.TemporaryDirectory())
        files = [Path(logs) / f"{each}.log" for each in range(workers)]
        ports = [free_port() for _ in files]
        routers = [
            await group.enter_async_context(
                running("tuyen_router", service_env(kafka, prefix, port), log=file)
            )
            for port, file in zip(ports, files, strict=True)
        ]
        for port, router in zip(ports, routers, strict=True):
            await ready(port, router)
        await workers_share(files)
        pids = [router.pid for router in routers]
        spent = sum(map(cpu_seconds, pids))
        kafka_spent = None if broker.pid is None else cpu_seconds(broker.pid)
        await market.write(kafka, prefix, inbound)
        await wait_for_records(kafka, prefix, ASSIGNMENTS, decided, *routers)
        workers_cpu = (sum(map(cpu_seconds, pids)) - spent) / _THOUSANDS
        kafka_cpu = (
            None
            if broker.pid is None or kafka_spent is None
            else (cpu_seconds(broker.pid) - kafka_spent) / _THOUSANDS
        )
    spans = [await span(kafka, prefix + topic.name, start) for topic, start in before.items()]
    rate = EVENTS / (max(end for _, end in spans) - min(start for start, _ in spans))
    return _Run(rate, workers_cpu, kafka_cpu)


def _measure_kept(data: Path, prefix: str) -> dict[str, int]:
    """What the segments of a Kafka that was started here hold, by how long they do."""
    topics = {"for ever": (INBOUND,), "for a month": (ASSIGNMENTS, REQUESTS, ANSWERS, POOLS)}
    return {
        how_long: sum(
            segment.stat().st_size
            for topic in each
            for segment in data.glob(f"log/{prefix}{topic.name}-*/*.log")
        )
        for how_long, each in topics.items()
    }
