"""The gateway's fold of the inbox into MongoDB, against a bare `bulk_write` of its documents.

The gateway finds its events in the log: it is timed from the first position that it stores to the
last one. The bare side has the documents that came of it, grouped as batches of the log would group
them, and upserts them behind a guard, with the same indexes; no reading, decoding or folding.
"""

import asyncio
import os
import secrets
import sys
import tempfile
import time
from pathlib import Path

from bench.log import count, wait_for_records
from bench.processes import cpu_seconds, running, service_env
from bench.report import Bar, Row, compare, median_of
from support import market
from tuyen_events.inbound import CommentAdded, MessageReceived
from tuyen_events.topics import ASSIGNMENTS, DIRECTORY, INBOUND, POOLS, PRESENCE
from tuyen_gateway.projections.collections import VIEW
from tuyen_local import mongodb, server
from tuyen_platform.kafka.topics import ensure_topics
from tuyen_platform.mongodb import connect
from tuyen_platform.projection import POSITIONS

PAGES = 1_000
AGENTS = 50
CUSTOMERS = 10_000
EVENTS = 20_000
RUNS = 3
_GIVE_UP_S = 600.0
_POLL_S = 0.05


async def measure(kafka: str) -> list[Row]:
    """Three runs of each in turn; the ratio is pair by pair."""
    prefix = f"bench{secrets.token_hex(3)}."
    await _prepare(kafka, prefix)
    folded = [await count(kafka, prefix, topic) for topic in (INBOUND, ASSIGNMENTS, POOLS)]
    with tempfile.TemporaryDirectory(prefix="tuyen-bench-") as name:
        place = Path(name)
        views = await server.start(
            mongodb, place / "mongodb", place, os.environ.get("TUYEN_MONGODB")
        )
        try:
            ours, bare, costs = [], [], []
            for _ in range(RUNS):
                database = f"bench{secrets.token_hex(3)}"
                rate, cost = await _ours(kafka, prefix, views.address, database, sum(folded))
                ours.append(rate)
                costs.append(cost)
                bare.append(await _bare(views.address, database, sum(folded)))
        finally:
            await views.stop()
    return [
        compare("projection of the inbox", "events/s", ours, "bare bulk_write", bare, bar=Bar(0.5)),
        median_of("projection of the inbox, cost", "CPU s/1,000 events", costs),
    ]


async def _prepare(kafka: str, prefix: str) -> None:
    """The mix of the router's benchmark, and what a router made of it."""
    await ensure_topics(kafka, prefix, 1)
    entities = list(market.directory(PAGES, AGENTS))
    for topic in (DIRECTORY, PRESENCE):
        mine = ((key, event) for at, key, event in entities if at is topic)
        await market.publish(kafka, prefix, topic, mine)
    events = list(market.mix(EVENTS, PAGES, CUSTOMERS))
    conversations = {
        event.data.conversation_id
        for _, event in events
        if isinstance(event.data, MessageReceived | CommentAdded)
    }
    await market.publish(kafka, prefix, INBOUND, events)
    async with running("tuyen_router", service_env(kafka, prefix)) as router:
        await wait_for_records(kafka, prefix, ASSIGNMENTS, len(conversations), router)


async def _ours(
    kafka: str, prefix: str, views: str, database: str, events: int
) -> tuple[float, float]:
    """How many events a second the gateway folds into a new database; CPU seconds for 1,000."""
    positions = connect(views, database)[POSITIONS]
    env = {**service_env(kafka, prefix), "TUYEN_MONGODB": views, "TUYEN_DATABASE": database}

    async def more_than(few: int, gateway: asyncio.subprocess.Process) -> int:
        while True:
            found = await positions.find({"_id": {"$regex": f"^{VIEW}/"}}).to_list(None)
            reached: int = sum(each["offset"] for each in found)
            if reached > few:
                return reached
            if gateway.returncode is not None:
                raise RuntimeError(f"the gateway ended with {gateway.returncode}")
            await asyncio.sleep(_POLL_S)

    async with asyncio.timeout(_GIVE_UP_S), running("tuyen_gateway", env) as gateway:
        before = await more_than(0, gateway)
        started, spent = time.monotonic(), cpu_seconds(gateway.pid)
        await more_than(events - 1, gateway)
        folded = events - before
        cost = (cpu_seconds(gateway.pid) - spent) / folded * 1000
        return folded / (time.monotonic() - started), cost


async def _bare(views: str, database: str, events: int) -> float:
    """How many events a second could come of the same documents with nothing but their writes."""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.bare_mongodb",
        env={**env, "BENCH_MONGODB": views, "BENCH_DATABASE": database},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"the bare projection ended with {process.returncode}")
    return events / float(output)
