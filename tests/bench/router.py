"""The router's whole path, both stages, against a bare Faust agent and a bare aiokafka loop.

The router writes 2.2 records for an event; the loop is measured with one, and with two. All read
the same events, which wait in the log before they start. The time of each is from the first record
that it wrote to the last one, by the producers' own time stamps, so that starting and joining a
group cost nobody anything.
"""

import secrets
import tempfile
from dataclasses import replace

from bench.log import ends, span, wait_for_records
from bench.processes import running, service_env
from bench.report import Bar, Row, compare
from support import market
from tuyen_events.topic import CUSTOMER_PARTITIONS
from tuyen_events.topics import (
    ANSWERS,
    ASSIGNMENTS,
    CUSTOMERS,
    DIRECTORY,
    INBOUND,
    PRESENCE,
    REQUESTS,
)
from tuyen_platform.kafka.topics import ensure_topics

PAGES = 1_000
AGENTS = 50
KNOWN = 20_000
EVENTS = 100_000
RUNS = 3


async def measure(kafka: str) -> list[Row]:
    """Three runs of each in turn; the ratios are pair by pair."""
    faust_rate, loop_rate, loop_of_two_rate, router_rate = [], [], [], []
    for _ in range(RUNS):
        prefix = f"bench{secrets.token_hex(3)}."
        await _prepare(kafka, prefix)
        router_rate.append(await _router(kafka, prefix))
        loop_rate.append(await _bare(kafka, prefix, "bare_loop", EVENTS))
        loop_of_two_rate.append(await _bare(kafka, prefix, "bare_loop", EVENTS, sends=2))
        faust_rate.append(await _bare(kafka, prefix, "bare_faust", EVENTS // 5))
    figure, unit = "router, both stages", "events/s"
    return [
        compare(figure, unit, router_rate, "bare Faust agent", faust_rate, bar=Bar(10)),
        compare(figure, unit, router_rate, "bare aiokafka loop", loop_rate, bar=Bar(0.6)),
        compare(figure, unit, router_rate, "bare loop, two sends", loop_of_two_rate),
    ]


async def _prepare(kafka: str, prefix: str) -> None:
    """The directory, and customers whom a router has already given to agents."""
    await ensure_topics(kafka, prefix, 1)
    entities = list(market.directory(PAGES, AGENTS))
    for topic in (DIRECTORY, PRESENCE):
        await market.publish(
            kafka, prefix, topic, ((key, event) for at, key, event in entities if at is topic)
        )
    await market.publish(kafka, prefix, INBOUND, market.acquaintances(PAGES, KNOWN))
    async with running("tuyen_router", service_env(kafka, prefix)) as router:
        await wait_for_records(kafka, prefix, ASSIGNMENTS, KNOWN, router)


async def _router(kafka: str, prefix: str) -> float:
    before = {topic: await ends(kafka, prefix, topic) for topic in (CUSTOMERS, ASSIGNMENTS)}
    await market.publish(kafka, prefix, INBOUND, market.mix(EVENTS, PAGES, KNOWN))
    decisions = EVENTS * 3 // 10
    async with running("tuyen_router", service_env(kafka, prefix)) as router:
        for topic in (REQUESTS, ANSWERS, ASSIGNMENTS):
            await wait_for_records(kafka, prefix, topic, KNOWN + decisions, router)
    spans = [await span(kafka, prefix + topic.name, start) for topic, start in before.items()]
    return EVENTS / (max(end for _, end in spans) - min(start for start, _ in spans))


async def _bare(kafka: str, prefix: str, module: str, events: int, sends: int = 1) -> float:
    """The rate of a baseline over the first `events` of the same input."""
    name = f"{prefix}{module}-{sends}"
    source, output, changelog = (
        replace(INBOUND, name=f"{module}-{sends}-{part}")
        for part in ("in", "out", "owners-changelog")
    )
    await ensure_topics(kafka, prefix, 1, [source, output, changelog])
    await market.publish(kafka, prefix, source, market.mix(events, PAGES, KNOWN))
    with tempfile.TemporaryDirectory() as data_dir:
        env = {
            "BENCH_KAFKA": kafka,
            "BENCH_APP": name,
            "BENCH_INPUT": prefix + source.name,
            "BENCH_OUTPUT": prefix + output.name,
            "BENCH_PARTITIONS": str(CUSTOMER_PARTITIONS),
            "BENCH_DATA_DIR": data_dir,
            "BENCH_SENDS": str(sends),
        }
        arguments = ["worker", "-l", "warn"] if module == "bare_faust" else []
        async with running(f"bench.{module}", env, *arguments) as process:
            await wait_for_records(kafka, prefix, output, events * sends, process)
    start, end = await span(
        kafka, prefix + output.name, dict.fromkeys(range(CUSTOMER_PARTITIONS), 0)
    )
    return events / (end - start)
