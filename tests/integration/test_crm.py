"""The whole path of the CRM on a real Kafka and MongoDB: from a request to the views and back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from crm.lan import write_message
from gateway.rig import Rig, User, running, until
from tuyen_crm.bootstrap import VIEW_GROUP, Crm, compose
from tuyen_crm.projections.crm import VIEWS
from tuyen_crm.rebuild import rebuild
from tuyen_events.ids import (
    OrganizationId,
    PageId,
    contact_id,
    customer_id,
)
from tuyen_events.inbound import Customer
from tuyen_events.topics import TOPICS
from tuyen_platform.clock import SystemClock
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.groups import require_stopped
from tuyen_platform.kafka.topics import ensure_topics
from tuyen_platform.mongodb import Database, connect

MOMENT = datetime(2026, 11, 21, 8, tzinfo=UTC)
SHOP, PAGE = OrganizationId("shop"), PageId("page")
LAN = customer_id(SHOP, PAGE, "670")
PATH = f"/v1/contacts/{contact_id(LAN)}"
DEADLINE_S = 120


@asynccontextmanager
async def run_crm(crm: Crm) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(loop()) for loop in crm.loops()]
    try:
        yield
        assert not any(task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass
class Stack:
    """One gateway, and a log and a database for CRMs."""

    log: KafkaLog
    database: Database
    rig: Rig
    stopped: Callable[[], Awaitable[None]]

    def crm(self) -> Crm:
        return compose(self.log, self.database)

    async def write(self, name: str | None) -> None:
        """The customer writes, and the channel says this name."""
        author = Customer(id=LAN, external_id="670", name=name)
        await write_message(
            self.log, f"evt_{name}", author, organization=SHOP, page=PAGE, at=MOMENT
        )

    async def views(self) -> dict[str, list[Any]]:
        return {
            view.collection: await self.database[view.collection]
            .find()
            .sort("_id", 1)
            .to_list(None)
            for view in VIEWS
        }


@pytest.fixture
async def stack(kafka: str, topic_prefix: str, mongodb: str, database: str) -> AsyncIterator[Stack]:
    await ensure_topics(kafka, topic_prefix, 1, TOPICS.values())
    opened = connect(mongodb, database)
    async with (
        KafkaLog(kafka, topic_prefix) as log,
        running(log, SystemClock(), opened, projecting=False) as rig,
    ):
        group = topic_prefix + VIEW_GROUP
        yield Stack(log, opened, rig, partial(require_stopped, kafka, group, "a CRM"))
    opened.client.close()


async def wait_until_shown(boss: User, name: str, field: str = "name") -> dict[str, Any]:
    """The contact, once it or its customer has this name."""
    found: dict[str, Any] = {}

    async def named() -> bool:
        answer = await boss.get(PATH)
        found.clear()
        found.update(answer.json() if answer.is_success else {"customers": [{}]})
        return bool((found if field == "name" else found["customers"][0]).get("name") == name)

    await until(named, DEADLINE_S)
    return found


async def test_c4_c5_c8_from_the_request_to_the_view_and_back(stack: Stack) -> None:
    boss = await stack.rig.organization()
    agent = await stack.rig.staff(boss, "minh")
    async with asyncio.timeout(DEADLINE_S):
        async with run_crm(stack.crm()):
            await stack.write(None)
            await until(lambda: _is_there(boss), DEADLINE_S)
            answer = await boss.call("PATCH", PATH, {"name": "Chị Lan"}, {"If-Match": '"1"'})
            assert (answer.status_code, answer.json()["version"]) == (200, 2)
            assert (await boss.done("GET", f"{PATH}?after=2"))["name"] == "Chị Lan"
            assert (await agent.call("PATCH", PATH, {"name": "X"})).status_code == 404
            await stack.write("Lan")
            assert (await wait_until_shown(boss, "Lan", "customers"))["name"] == "Chị Lan"
            await _only_one_of_many(boss)
            note = await boss.done("POST", f"{PATH}/notes", {"text": "Thích giày size 42."})
            assert (await boss.done("GET", f"{PATH}/notes?after=5"))["items"] == [note]
            history = (await boss.done("GET", f"{PATH}/history"))["items"]
            assert [entry["event"] for entry in history] == [
                "note.added",
                "contact.patched",
                "contact.named",
                "contact.patched",
                "contact.created",
            ]
        before = await stack.views()
        await rebuild(stack.crm(), stack.stopped)
        assert await stack.views() == before
        async with run_crm(stack.crm()):
            assert (await boss.done("PATCH", PATH, {"name": None}))["version"] == 6
            assert (await boss.done("GET", f"{PATH}?after=6"))["name"] is None


async def _is_there(boss: User) -> bool:
    return (await boss.get(PATH)).is_success


async def _only_one_of_many(boss: User) -> None:
    """Of many who saw one version and change it at once, one does."""
    headers = {"If-Match": '"3"'}
    answers = await asyncio.gather(
        *(boss.call("PATCH", PATH, {"name": f"Lan {n}"}, headers) for n in range(20))
    )
    taken = [answer.json()["name"] for answer in answers if answer.status_code == 200]
    assert len(taken) == 1
    assert {answer.status_code for answer in answers} == {200, 412}
    assert (await boss.done("GET", f"{PATH}?after=4"))["name"] == taken[0]
