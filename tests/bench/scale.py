"""The router's rate, memory and recovery when it knows a million customers.

The customers are not routed: their assignments and themselves are written straight into the topics
that are the router's tables, as it would have written them. The rate is compared, run by run, with
that of a router which knows a thousand.
"""

import secrets
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.log import count, ends, span, wait_for_records
from bench.processes import free_port, peak_memory, ready, running, service_env
from bench.report import Bar, Row, compare, median_of
from support import market
from tuyen_events.topics import ASSIGNMENTS, CUSTOMERS, DIRECTORY, INBOUND, PRESENCE
from tuyen_platform.kafka.topics import ensure_topics

PAGES = 1_000
AGENTS = 50
FEW = 1_000
MANY = 1_000_000
EVENTS = 100_000
RUNS = 3
_GB = 10**9


@dataclass(frozen=True, slots=True)
class _Run:
    rate: float
    """Events a second, once it is recovered."""
    ready_s: float
    """From its start until it said that it was ready."""
    peak: int
    """Bytes of memory at most, of recovery and events alike."""


async def measure(kafka: str) -> list[Row]:
    """Three runs of each in turn; the rates' ratio is pair by pair."""
    prefixes = {count: f"bench{secrets.token_hex(3)}." for count in (FEW, MANY)}
    for customers, prefix in prefixes.items():
        await _prepare(kafka, prefix, customers)
    runs: dict[int, list[_Run]] = {FEW: [], MANY: []}
    for number in range(RUNS):
        for customers, prefix in prefixes.items():
            runs[customers].append(await _run(kafka, prefix, customers, number))
    few, many = ([run.rate for run in runs[customers]] for customers in (FEW, MANY))
    known = f"{MANY:,} customers known"
    return [
        compare(f"router, {known}", "events/s", many, f"{FEW:,} known", few, bar=Bar(0.9)),
        median_of(
            f"router's memory, {known}", "GB", [run.peak / _GB for run in runs[MANY]], Bar(most=1)
        ),
        median_of(
            f"router's recovery, {known}", "s", [run.ready_s for run in runs[MANY]], Bar(most=15)
        ),
    ]


async def _prepare(kafka: str, prefix: str, customers: int) -> None:
    await ensure_topics(kafka, prefix, 1)
    entities = list(market.directory(PAGES, AGENTS))
    for topic in (DIRECTORY, PRESENCE):
        await market.publish(
            kafka, prefix, topic, ((key, event) for at, key, event in entities if at is topic)
        )
    await market.write(kafka, prefix, market.history())
    await market.write(kafka, prefix, market.make_known(PAGES, AGENTS, customers))


async def _run(kafka: str, prefix: str, customers: int, number: int) -> _Run:
    """A worker's life: it recovers all that is known, and handles events that wait for it."""
    before = {topic: await ends(kafka, prefix, topic) for topic in (CUSTOMERS, ASSIGNMENTS)}
    decided = await count(kafka, prefix, ASSIGNMENTS) + EVENTS * 3 // 10
    mix = market.mix(EVENTS, PAGES, customers, number * EVENTS)
    await market.publish(kafka, prefix, INBOUND, mix)
    port = free_port()
    with tempfile.TemporaryDirectory() as name:
        log = Path(name) / "router.log"
        started = time.monotonic()
        async with running("tuyen_router", service_env(kafka, prefix, port), log=log) as router:
            refused = await ready(port, router)
            ready_s = time.monotonic() - started
            if customers == MANY:
                _require_told(refused, log)
            await wait_for_records(kafka, prefix, ASSIGNMENTS, decided, router)
            peak = peak_memory(router.pid)
    spans = [await span(kafka, prefix + topic.name, start) for topic, start in before.items()]
    rate = EVENTS / (max(end for _, end in spans) - min(start for start, _ in spans))
    return _Run(rate, ready_s, peak)


def _require_told(refused: float, log: Path) -> None:
    """A recovery has to be seen from outside: by who asks, and by who reads the log."""
    if refused == 0.0:
        raise RuntimeError("the router never said that it was not ready yet")
    if '"event":"recovering"' not in log.read_text(encoding="utf-8").replace(": ", ":"):
        raise RuntimeError("the router's log tells no progress of the recovery")
