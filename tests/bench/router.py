"""The router's whole path, both stages, against a bare Faust agent and a bare aiokafka loop.

All three read the same events, which wait in the log before they start. The time of each is from
the first record that it wrote to the last one, by the producers' own time stamps, so that starting
and joining a group cost nobody anything.
"""

import secrets
import tempfile
from dataclasses import replace

from bench.log import ends, settled, span
from bench.processes import running, service_env
from bench.report import Bar, Row, compared
from support import market
from tuyen_events.topics import (
    ANSWERS,
    ASSIGNMENTS,
    CUSTOMER_PARTITIONS,
    CUSTOMERS,
    DIRECTORY,
    INBOUND,
    PRESENCE,
    REQUESTS,
    Topic,
)
from tuyen_platform.kafka.topics import ensure_topics

PAGES = 1_000
AGENTS = 50
KNOWN = 20_000
EVENTS = 100_000
RUNS = 3


async def measure(kafka: str) -> list[Row]:
    """Three runs of each in turn; the ratios are pair by pair."""
    faust_rate, loop_rate, router_rate = [], [], []
    for _ in range(RUNS):
        prefix = f"bench{secrets.token_hex(3)}."
        await _prepare(kafka, prefix)
        router_rate.append(await _router(kafka, prefix))
        loop_rate.append(await _bare(kafka, prefix, "bare_loop", EVENTS))
        faust_rate.append(await _bare(kafka, prefix, "bare_faust", EVENTS // 5))
    figure, unit = "router, both stages", "events/s"
    return [
        compared(figure, unit, router_rate, "bare Faust agent", faust_rate, bar=Bar(10)),
        compared(figure, unit, router_rate, "bare aiokafka loop", loop_rate, bar=Bar(0.6)),
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
        await settled(kafka, prefix, ASSIGNMENTS, KNOWN, router)


async def _router(kafka: str, prefix: str) -> float:
    before = {topic: await ends(kafka, prefix, topic) for topic in (CUSTOMERS, ASSIGNMENTS)}
    await market.publish(kafka, prefix, INBOUND, market.mix(EVENTS, PAGES, KNOWN))
    decisions = EVENTS * 3 // 10
    async with running("tuyen_router", service_env(kafka, prefix)) as router:
        for topic in (REQUESTS, ANSWERS, ASSIGNMENTS):
            await settled(kafka, prefix, topic, KNOWN + decisions, router)
    spans = [await span(kafka, prefix + topic.name, start) for topic, start in before.items()]
    return EVENTS / (max(end for _, end in spans) - min(start for start, _ in spans))


async def _bare(kafka: str, prefix: str, module: str, events: int) -> float:
    """The rate of one of the two baselines over the first `events` of the same input."""
    name = f"{prefix}{module}"
    source, output = f"{name}-in", f"{name}-out"
    topics = [_topic(f"{module}-{part}") for part in ("in", "out", "owners-changelog")]
    await ensure_topics(kafka, prefix, 1, topics)
    await market.publish(kafka, prefix, _topic(f"{module}-in"), market.mix(events, PAGES, KNOWN))
    with tempfile.TemporaryDirectory() as data_dir:
        env = {
            "BENCH_KAFKA": kafka,
            "BENCH_APP": name,
            "BENCH_INPUT": source,
            "BENCH_OUTPUT": output,
            "BENCH_PARTITIONS": str(CUSTOMER_PARTITIONS),
            "BENCH_DATA_DIR": data_dir,
        }
        arguments = ["worker", "-l", "warn"] if module == "bare_faust" else []
        async with running(f"bench.{module}", env, *arguments) as process:
            await settled(kafka, prefix, _topic(f"{module}-out"), events, process)
    start, end = await span(kafka, output, dict.fromkeys(range(CUSTOMER_PARTITIONS), 0))
    return events / (end - start)


def _topic(name: str) -> Topic:
    """A topic of the benchmark's own, shaped like the inbound one."""
    return replace(INBOUND, name=name)
