"""Two gateways over a real broker: what one writes, the other serves; one of two claims wins."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from gateway.rig import DEADLINE_S, Rig, User, presence_service, router, running
from tuyen_events.commands import Outcome
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.topics import TOPICS
from tuyen_platform.clock import SystemClock
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.topics import ensure_topics


@pytest.fixture
async def logs(kafka: str, topic_prefix: str) -> AsyncIterator[tuple[KafkaLog, KafkaLog]]:
    await ensure_topics(kafka, topic_prefix, 1, TOPICS.values())
    async with KafkaLog(kafka, topic_prefix) as one, KafkaLog(kafka, topic_prefix) as two:
        yield one, two


@pytest.fixture
async def gateways(logs: tuple[KafkaLog, KafkaLog]) -> AsyncIterator[tuple[Rig, Rig]]:
    async with AsyncExitStack() as stack:
        one, two = [await stack.enter_async_context(running(log, SystemClock())) for log in logs]
        yield one, two


async def test_a_change_is_served_by_the_other_gateway_that_has_seen_its_version(
    gateways: tuple[Rig, Rig],
) -> None:
    one, two = gateways
    boss = await one.organization()
    there = User(two.client, boss.token)
    put = await boss.done("PUT", "/v1/settings", {"assignment": True})
    assert await there.done("GET", f"/v1/settings?after={put['version']}") == put
    lan = await one.staff(boss, "lan")
    with_password = await there.get("/v1/agents/lan")
    assert with_password.status_code == 200
    removed = (await boss.delete("/v1/agents/lan")).headers["ETag"].strip('"')
    assert (await there.get(f"/v1/agents/lan?after={removed}")).status_code == 404
    assert (await User(two.client, lan.token).get("/v1/me")).status_code == 401


async def test_a_livechat_pages_token_is_returned_by_the_gateway_that_made_it(
    gateways: tuple[Rig, Rig],
) -> None:
    one, two = gateways
    here = await one.organization()
    body = {"channel": "livechat", "name": "Web"}
    there = User(two.client, here.token)
    await two.gateway.credentials.table.require_current()
    await two.gateway.directory.table.require_current()
    made = await here.done("PUT", "/v1/pages/web", body)
    seen = {name: value for name, value in made.items() if name != "token"}
    assert await there.done("PUT", "/v1/pages/web", body) == seen  # at once, and without waiting
    assert await there.done("GET", "/v1/pages/web") == seen
    assert (await there.done("POST", "/v1/pages/web/token"))["token"] != made["token"]


async def test_one_of_two_claims_of_an_account_wins(gateways: tuple[Rig, Rig]) -> None:
    one, two = gateways
    here, there = await one.organization("here"), await two.organization("there")
    for number in range(5):
        page = {"channel": "facebook", "external_id": str(number), "name": "P"}
        path = f"/v1/pages/p{number}"
        answers = await asyncio.gather(here.put(path, page), there.put(path, page))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
    for gateway in gateways:
        await gateway.gateway.directory.table.require_current()
    counts = [len((await user.done("GET", "/v1/pages"))["items"]) for user in (here, there)]
    assert sum(counts) == 5


async def test_commands_and_presence_come_back_over_the_broker(
    gateways: tuple[Rig, Rig], logs: tuple[KafkaLog, KafkaLog]
) -> None:
    one, two = gateways
    boss = await one.organization()
    await boss.done("PUT", "/v1/settings", {"assignment": True})
    one.rows.add("shop", "msg_1", "p1")
    async with router(logs[1], Outcome.APPLIED, version=3), presence_service(logs[1]):
        assigned = await boss.done("PUT", "/v1/conversations/msg_1/assignee", {"agent_id": "admin"})
        assert assigned["version"] == 3
        online = await boss.done("PUT", "/v1/presence", {"status": "online"})
        assert online["presence"] == "online"
        board = two.gateway.presence
        shop, admin = OrganizationId("shop"), AgentId("admin")
        shown = await board.table.wait_until(lambda: board.of(shop, admin) is not None, DEADLINE_S)
        assert shown
        assert (await User(two.client, boss.token).done("GET", "/v1/me"))["presence"] == "online"
