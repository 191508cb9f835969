"""Ingest, from a signed webhook to its answer, against a bare Starlette handler."""

import asyncio
import os
import secrets
import sys
from pathlib import Path

from cryptography.fernet import Fernet

from bench.load import request, send
from bench.processes import cpu_seconds, free_port, running
from bench.report import Bar, Row, compare, median_of
from support import market
from tuyen_events.topics import DIRECTORY, INBOUND
from tuyen_platform.kafka.topics import ensure_topics

COUNT = 20_000
CONNECTIONS = 64
RUNS = 3
_SECRET = "benchmark-secret-of-an-app"
_READY_S = 30.0


async def measure(kafka: str) -> list[Row]:
    """Three runs of each in turn; the ratios are pair by pair."""
    prefix = f"bench{secrets.token_hex(3)}."
    await ensure_topics(kafka, prefix, 1)
    entities = [(key, event) for topic, key, event in market.directory(1, 1) if topic is DIRECTORY]
    await market.publish(kafka, prefix, DIRECTORY, entities)
    ours, bare, costs = [], [], []
    for _ in range(RUNS):
        rate, cost = await _load_service("tuyen_ingest", kafka, prefix)
        ours.append(rate)
        costs.append(cost)
        bare.append((await _load_service("bench.bare_ingest", kafka, prefix))[0])
    return [
        compare(
            "ingest", "acknowledged webhooks/s", ours, "bare Starlette handler", bare, bar=Bar(0.6)
        ),
        median_of("ingest, cost", "CPU s/1,000 webhooks", costs),
    ]


async def _load_service(module: str, kafka: str, prefix: str) -> tuple[float, float]:
    """Answered webhooks a second, and CPU seconds for 1,000."""
    port = free_port()
    env = {
        "TUYEN_KAFKA": kafka,
        "TUYEN_TOPIC_PREFIX": prefix,
        "TUYEN_PORT": str(port),
        "TUYEN_FACEBOOK_APP_SECRET": _SECRET,
        "TUYEN_SECRETS_KEY": Fernet.generate_key().decode(),
        "TUYEN_FACEBOOK_VERIFY_TOKEN": "benchmark",
        "TUYEN_ZALO_APP_ID": "benchmark",
        "TUYEN_ZALO_OA_SECRET": "benchmark",
        "BENCH_KAFKA": kafka,
        "BENCH_OUTPUT": f"{prefix}{INBOUND.name}",
        "BENCH_PORT": str(port),
        "BENCH_SECRET": _SECRET,
    }
    async with running(module, env) as service:
        await _listening(port)
        spent = cpu_seconds(service.pid)
        rate = await _load(port)
        return rate, (cpu_seconds(service.pid) - spent) / COUNT * 1000


async def _listening(port: int) -> None:
    """Waits until the service answers a webhook: a signed one of a page that nobody has."""
    probe = request(_SECRET, "no-such-page", 0, "m_probe", 1_790_000_000_000)
    async with asyncio.timeout(_READY_S):
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                await send(reader, writer, probe)
            except (OSError, RuntimeError, asyncio.IncompleteReadError):
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


async def _load(port: int) -> float:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.load",
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parent.parent),
            "BENCH_SECRET": _SECRET,
            "BENCH_PAGE": "0",
            "BENCH_PORT": str(port),
            "BENCH_COUNT": str(COUNT),
            "BENCH_CONNECTIONS": str(CONNECTIONS),
            "BENCH_RUN": secrets.token_hex(3),
        },
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    return float(output)
