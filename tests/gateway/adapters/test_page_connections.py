"""P1, P6: logins at channels, as they are in the log."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from pydantic import SecretStr

from gateway.rig import records
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.limits import CONNECTIONS
from tuyen_events.topics import PAGE_CONNECTIONS
from tuyen_events.vocabulary import Channel
from tuyen_gateway.adapters.page_connections import PageConnectionsTable
from tuyen_gateway.ports.channels import OfferedAccount, PageConnection
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import ProducerRecord
from tuyen_platform.page_credentials import AccountCredentials
from tuyen_platform.settings import LOCAL_SECRETS_KEY

HOUR = timedelta(hours=1)
SHOP = OrganizationId("shop")


@asynccontextmanager
async def table(log: InMemoryLog, clock: ManualClock) -> AsyncIterator[PageConnectionsTable]:
    found = PageConnectionsTable(log, SecretStr(LOCAL_SECRETS_KEY), clock)
    task = asyncio.create_task(found.table.run())
    await found.table.require_following()
    await found.table.require_current()
    yield found
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def begun(clock: ManualClock, state: str = "s-1") -> PageConnection:
    return PageConnection(
        organization=SHOP,
        state=state,
        agent_id=AgentId("boss"),
        channel=Channel.ZALO,
        redirect_uri="https://inbox.example/",
        verifier=SecretStr("verifier"),
        expires_at=clock.now() + HOUR,
        accounts=(
            OfferedAccount(
                "2000",
                "OA",
                AccountCredentials(
                    access_token=SecretStr("access"),
                    refresh_token=SecretStr("refresh"),
                    expires_at=clock.now(),
                ),
            ),
        ),
    )


async def test_p1_a_login_is_read_as_it_was_kept_and_only_encrypted(
    log: InMemoryLog, clock: ManualClock
) -> None:
    kept = begun(clock)
    async with table(log, clock) as one, table(log, clock) as two:
        await one.keep(kept)
        await two.table.require_current()
        found = two.find(SHOP, "s-1")
        assert found is not None
        assert (found.verifier, found.expires_at) == (kept.verifier, kept.expires_at)
        assert found.accounts is not None
        (account,) = found.accounts
        assert account.credentials.refresh_token == SecretStr("refresh")
        assert two.find(OrganizationId("other"), "s-1") is None
    (record,) = await records(log, PAGE_CONNECTIONS)
    assert not any(text in (record.value or b"") for text in (b"verifier", b"access", b"refresh"))


async def test_r9_6_what_has_ended_is_neither_found_nor_kept_in_memory(
    log: InMemoryLog, clock: ManualClock
) -> None:
    async with table(log, clock) as found:
        await found.keep(begun(clock))
        clock.advance(HOUR)
        assert found.find(SHOP, "s-1") is None
        await found.keep(begun(clock, "s-2"))
        assert [list(one) for one in found._kept.values()] == [["s-2"]]
    async with table(log, clock) as again:
        assert [list(one) for one in again._kept.values()] == [["s-2"]]


async def test_r9_6_the_oldest_ends_when_there_are_too_many(
    log: InMemoryLog, clock: ManualClock
) -> None:
    async with table(log, clock) as found:
        for number in range(CONNECTIONS + 1):
            await found.keep(begun(clock, f"s-{number}"))
            clock.advance(timedelta(seconds=1))
        assert found.find(SHOP, "s-0") is None
        assert found.find(SHOP, "s-1") is not None
        await found.keep(begun(clock, "s-1"))  # the same again ends no other
        assert found.find(SHOP, "s-2") is not None


@pytest.mark.parametrize("key", ["other/s-1", "shop/s-9"])
async def test_p6_a_copy_under_another_key_is_invalid(
    log: InMemoryLog, clock: ManualClock, key: str
) -> None:
    async with table(log, clock) as found:
        await found.keep(begun(clock))
        (record,) = await records(log, PAGE_CONNECTIONS)
        await log.append_all([ProducerRecord(PAGE_CONNECTIONS, key, record.value, record.headers)])
        await found.table.require_current()
        organization, _, state = key.partition("/")
        assert found.find(OrganizationId(organization), state) is None
        assert found.find(SHOP, "s-1") is not None
