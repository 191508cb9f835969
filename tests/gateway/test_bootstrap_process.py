"""A gateway as a process of its own: it becomes ready, serves, and ends on a signal."""

import asyncio
import os
import signal
import sys

import httpx
import pytest
from cryptography.fernet import Fernet

from tuyen_events.topics import TOPICS
from tuyen_local.addresses import free_ports
from tuyen_platform.kafka.topics import ensure_topics

DEADLINE_S = 60


async def wait_for_answer(client: httpx.AsyncClient, path: str) -> int:
    """The status, once the process takes calls at all."""
    try:
        return (await client.get(path)).status_code
    except httpx.TransportError:
        return 0


@pytest.mark.kafka
@pytest.mark.mongodb
async def test_it_becomes_ready_serves_and_ends_on_a_signal(
    kafka: str, topic_prefix: str, mongodb: str, database: str
) -> None:
    await ensure_topics(kafka, topic_prefix, 1, TOPICS.values())
    (port,) = free_ports(1)
    environment = {
        "TUYEN_KAFKA": kafka,
        "TUYEN_MONGODB": mongodb,
        "TUYEN_DATABASE": database,
        "TUYEN_TOPIC_PREFIX": topic_prefix,
        "TUYEN_PORT": str(port),
        "TUYEN_JWT_KEY": "j" * 32,
        "TUYEN_OPERATOR_TOKEN": "o" * 32,
        "TUYEN_SECRETS_KEY": Fernet.generate_key().decode(),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tuyen_gateway", env={**os.environ, **environment}
    )
    try:
        async with (
            asyncio.timeout(DEADLINE_S),
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
        ):
            while await wait_for_answer(client, "/readyz") != httpx.codes.OK:
                assert process.returncode is None
                await asyncio.sleep(0.1)
            made = await client.post(
                "/v1/organizations",
                json={
                    "id": "shop",
                    "name": "Shop",
                    "admin": {"username": "boss", "password": "boss-password"},
                },
                headers={"Authorization": f"Bearer {'o' * 32}"},
            )
            assert made.status_code == 201, made.text
            login = {"organization": "shop", "username": "boss", "password": "boss-password"}
            token = (await client.post("/v1/auth/login", json=login)).json()["access_token"]
            listed = await client.get(
                "/v1/conversations", headers={"Authorization": f"Bearer {token}"}
            )
            assert listed.json()["items"] == []
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_it_refuses_to_start_without_a_key_and_says_what_to_set() -> None:
    environment = {
        "TUYEN_KAFKA": "127.0.0.1:1",
        "TUYEN_MONGODB": "mongodb://127.0.0.1:1",
        "TUYEN_OPERATOR_TOKEN": "operator-secret-value",
        "TUYEN_SECRETS_KEY": Fernet.generate_key().decode(),
    }
    inherited = {name: value for name, value in os.environ.items() if "TUYEN" not in name}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tuyen_gateway",
        env={**inherited, **environment},
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(DEADLINE_S):
        _, said = await process.communicate()
    assert process.returncode != 0
    assert b"TUYEN_JWT_KEY is not set" in said
    assert b"operator-secret-value" not in said
