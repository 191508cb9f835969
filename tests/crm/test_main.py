"""The service as it is started for real, and how it ends."""

import asyncio
import os
import signal
import sys

import httpx
import pytest
from pydantic import ValidationError

from tuyen_crm.settings import CrmSettings
from tuyen_events.topics import TOPICS
from tuyen_local.addresses import free_ports
from tuyen_platform.kafka.topics import ensure_topics

DEADLINE_S = 60


async def test_it_becomes_ready_and_ends_in_order_on_a_signal(
    kafka: str, mongodb: str, topic_prefix: str, database: str
) -> None:
    await ensure_topics(kafka, topic_prefix, 1, TOPICS.values())
    port, insight = free_ports(2)
    environment = {
        **os.environ,
        "TUYEN_KAFKA": kafka,
        "TUYEN_MONGODB": mongodb,
        "TUYEN_DATABASE": database,
        "TUYEN_TOPIC_PREFIX": topic_prefix,
        "TUYEN_PORT": str(port),
        "TUYEN_METRICS_PORT": str(insight),
    }
    async with (
        asyncio.timeout(DEADLINE_S),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tuyen_crm", env=environment
        )
        try:
            while not await _ready(client):  # noqa: ASYNC110 - another process's doing
                await asyncio.sleep(0.05)
            assert (await client.get("/livez")).status_code == 200
            assert (await client.get("/metrics")).status_code == 404
            told = await client.get(f"http://127.0.0.1:{insight}/metrics")
            assert "tuyen_copied_records" in told.text
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def _ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/readyz")).status_code == 200
    except httpx.TransportError:
        return False


def test_it_refuses_to_start_without_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUYEN_KAFKA", "127.0.0.1:9092")
    monkeypatch.delenv("TUYEN_MONGODB", raising=False)
    with pytest.raises(ValidationError, match="TUYEN_MONGODB is not set"):
        CrmSettings()
