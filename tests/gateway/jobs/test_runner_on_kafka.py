"""R6.5 over a real log, with gateways that are killed in the middle of a handover."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from gateway.feed import Feed
from gateway.rig import User, until
from gateway.router_twin import RouterTwin, routing
from gateway.test_bootstrap_process import wait_for_answer
from tuyen_events.ids import ConversationId
from tuyen_events.topics import TOPICS
from tuyen_local.addresses import free_ports
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.topics import ensure_topics

CONVERSATIONS = 330
DEADLINE_S = 90
OPERATOR = "o" * 32


@dataclass
class Process:
    """A gateway of its own."""

    process: asyncio.subprocess.Process
    client: httpx.AsyncClient

    async def kill(self) -> None:
        """It ends without a word, as by `kill -9`."""
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


@asynccontextmanager
async def gateway(environment: dict[str, str]) -> AsyncIterator[Process]:
    """A gateway that is ready."""
    (port,) = free_ports(1)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tuyen_gateway",
        env={**os.environ, **environment, "TUYEN_PORT": str(port)},
        stdout=asyncio.subprocess.DEVNULL,
    )
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        started = Process(process, client)
        try:

            async def ready() -> bool:
                assert process.returncode is None
                return await wait_for_answer(client, "/readyz") == httpx.codes.OK

            await until(ready, DEADLINE_S)
            yield started
        finally:
            await started.kill()


@pytest.fixture
async def log(kafka: str, topic_prefix: str) -> AsyncIterator[KafkaLog]:
    await ensure_topics(kafka, topic_prefix, 1, TOPICS.values())
    async with KafkaLog(kafka, topic_prefix) as opened:
        yield opened


@pytest.fixture
def environment(kafka: str, topic_prefix: str, mongodb: str, database: str) -> dict[str, str]:
    return {
        "TUYEN_KAFKA": kafka,
        "TUYEN_MONGODB": mongodb,
        "TUYEN_DATABASE": database,
        "TUYEN_TOPIC_PREFIX": topic_prefix,
        "TUYEN_LOCAL": "1",
        "TUYEN_JWT_KEY": "j" * 32,
        "TUYEN_OPERATOR_TOKEN": OPERATOR,
    }


async def hire_staff(client: httpx.AsyncClient) -> User:
    """The boss of a shop with the agents lan and minh."""
    operator = User(client, OPERATOR)
    admin = {"username": "boss", "password": "boss-password"}
    await operator.done("POST", "/v1/organizations", {"id": "shop", "name": "Shop", "admin": admin})
    login = {"organization": "shop", **admin}
    token = (await operator.done("POST", "/v1/auth/login", login))["access_token"]
    boss = User(client, token)
    await boss.done("PUT", "/v1/settings", {"assignment": True})
    for agent in ("lan", "minh"):
        body = {"name": agent, "username": agent, "role": "agent", "password": "s3cret"}
        await boss.done("PUT", f"/v1/agents/{agent}", body)
    return boss


async def assign_to_minh(feed: Feed, router: RouterTwin) -> list[ConversationId]:
    threads = []
    for number in range(CONVERSATIONS):
        threads.append(await feed.message(f"c{number}"))
        await feed.assign(f"c{number}", "minh")

    async def known() -> bool:
        return all(router.assignee_of(thread) == "minh" for thread in threads)

    await until(known)
    return threads


async def asleep(router: RouterTwin, asked: int) -> None:
    """Returns once the router has handled so many commands and rests."""

    async def rests() -> bool:
        return not router.awake.is_set()

    await until(rests, DEADLINE_S)
    assert len(router.asked) == asked


async def wait_until_ended(boss: User, job: str) -> Any:
    found: Any = None

    async def has_ended() -> bool:
        nonlocal found
        answer = await boss.get(f"/v1/jobs/{job}")
        found = answer.json()
        return bool(answer.is_success and found["state"] != "running")

    await until(has_ended, DEADLINE_S)
    return found


async def test_r6_5_a_handover_continues_over_gateways_that_start_and_are_killed(
    log: KafkaLog, environment: dict[str, str]
) -> None:
    """The first has half of it when a second joins, and is killed; a third does the rest after
    both: every conversation is handed over once, and counted once."""
    async with routing(log) as router:
        async with gateway(environment) as first:
            boss = await hire_staff(first.client)
            threads = await assign_to_minh(Feed(log), router)
            router.rests_after = 150
            job = (await boss.done("POST", "/v1/agents/minh/handover", {"to": "lan"}))["id"]
            await asleep(router, 150)
            async with gateway(environment) as second:
                await first.kill()
                router.rests_after = 250
                router.awake.set()
                await asleep(router, 250)
                await second.kill()
        router.rests_after = None
        router.awake.set()
        async with gateway(environment) as third:
            boss = User(third.client, boss.token)
            found = await wait_until_ended(boss, job)
            assert {router.assignee_of(thread) for thread in threads} == {"lan"}
            for thread in threads[::50]:
                path = f"/v1/conversations/{thread}/assignments?after=0"
                told = await boss.done("GET", path)
                assert [one["version"] for one in told["items"]] == [2, 1]
    assert (found["state"], found["total"], found["done"]) == ("done", 330, 330)
    assert (found["changed"], found["unchanged"], found["refused"]) == (330, 0, 0)
