"""The directory's table: replay, and what cannot be read."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from gateway.rig import DEADLINE_S, Rig, User, records, running
from tuyen_events.ids import OrganizationId
from tuyen_events.topic import Topic
from tuyen_events.topics import DIRECTORY
from tuyen_events.vocabulary import Channel
from tuyen_gateway.adapters.awaited_table import AwaitedTable
from tuyen_gateway.adapters.directory import DirectoryTable
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import Log

SHOP = OrganizationId("shop")


async def test_a_gateway_that_is_restarted_knows_what_the_one_before_knew(
    rig: Rig, boss: User, log: InMemoryLog, clock: ManualClock
) -> None:
    lan = await rig.staff(boss, "lan")
    await boss.done("PUT", "/v1/agents/minh", {"name": "M", "username": "m", "role": "agent"})
    for number in ("1", "2"):
        body = {"channel": "zalo", "external_id": number, "name": number, "staff": ["lan"]}
        await boss.done("PUT", f"/v1/pages/p{number}", body)
    await boss.done("PUT", "/v1/settings", {"assignment": True, "visibility": "own_only"})
    await boss.done("PUT", "/v1/rules/r", {"name": "r", "enabled": True, "mode": "random"})
    await boss.done("DELETE", "/v1/agents/minh")
    await boss.done("DELETE", "/v1/pages/p2")
    async with running(log, clock) as again:
        assert again.gateway.directory.organizations() == rig.gateway.directory.organizations()
        find_page_of_account = again.gateway.directory.find_page_of_account
        assert find_page_of_account(Channel.ZALO, "1") == ("shop", "p1")
        assert find_page_of_account(Channel.ZALO, "2") is None
        for user in (boss, lan):
            assert (await User(again.client, user.token).get("/v1/me")).status_code == 200


async def test_unreadable_records_are_skipped_and_the_rest_is_served(
    rig: Rig, boss: User, log: InMemoryLog
) -> None:
    before = rig.gateway.directory.organizations()
    headers = (("ce_type", b"settings.changed.v1"),)
    await log.append_bytes(DIRECTORY, "shop/settings/", b"{not json", headers)
    await log.append_bytes(DIRECTORY, "no-entity", b"{}", headers)
    await log.append_bytes(DIRECTORY, "shop/later/x", b"{}", (("ce_type", b"later.v9"),))
    wrong = (("ce_type", b"conversation.read.v1"),)
    value = (
        b'{"organization":"shop","conversation_id":"c","agent_id":"a",'
        b'"seen_events":1,"at":"2026-11-21T08:00:00Z"}'
    )
    await log.append_bytes(DIRECTORY, "shop/settings/", value, wrong)
    await rig.gateway.directory.table.require_current()
    assert rig.gateway.directory.organizations() == before
    assert (await boss.get("/v1/settings")).status_code == 200


async def test_a_removal_is_a_record_without_a_value_whose_type_says_so(
    rig: Rig, boss: User, log: InMemoryLog
) -> None:
    await boss.done("PUT", "/v1/agents/lan", {"name": "L", "username": "l", "role": "agent"})
    await boss.done("DELETE", "/v1/agents/lan")
    last = (await records(log, DIRECTORY))[-1]
    assert (last.key, last.value) == (b"shop/agent/lan", None)
    headers = dict(last.headers)
    assert headers["ce_type"] == b"agent.removed.v1"
    assert headers["ce_subject"] == b"shop/agent/lan"


async def test_an_organization_without_its_profile_is_none(
    log: InMemoryLog, clock: ManualClock
) -> None:
    assert DirectoryTable(log, clock).organization(SHOP) is None


class LateLog:
    """A log whose reader gets what is new in the directory once it `may_read`."""

    def __init__(self, log: InMemoryLog) -> None:
        self._log = log
        self.may_read = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    @asynccontextmanager
    async def tail(self, topic: Topic, **given: Any) -> AsyncIterator[Any]:
        async with self._log.tail(topic, **given) as tail:
            batches = tail.batches

            async def read_later() -> AsyncIterator[Any]:
                async for batch in batches():
                    if topic is DIRECTORY:
                        await self.may_read.wait()
                    yield batch

            tail.batches = read_later  # type: ignore[method-assign]  # of this one
            yield tail


async def test_a_change_is_made_on_top_of_what_another_gateway_has_answered(
    rig: Rig, boss: User, log: InMemoryLog, clock: ManualClock
) -> None:
    """Without sticky sessions the next request goes to a gateway that may not have read it yet."""
    late = LateLog(log)
    late.may_read.set()
    async with running(cast("Log", late), clock) as other:
        await other.gateway.directory.table.require_current()
        late.may_read.clear()
        await boss.done("PUT", "/v1/settings", {"assignment": True})
        there, table = User(other.client, boss.token), other.gateway.directory.table
        assert isinstance(table, AwaitedTable)
        change = asyncio.create_task(there.done("PUT", "/v1/settings", {"take_unassigned": True}))
        async with asyncio.timeout(DEADLINE_S):
            while not table._waiters:  # noqa: ASYNC110 - nobody sets an event for it
                await asyncio.sleep(0.01)
        late.may_read.set()
        await change
        found = await there.done("GET", "/v1/settings")
        assert (found["assignment"], found["take_unassigned"]) == (True, True)
