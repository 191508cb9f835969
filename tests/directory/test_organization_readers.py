"""The gateway's and the router's tables of one log have the same organizations in them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

from support.organizations import (
    AT,
    SHOP,
    agent,
    department,
    directory_record,
    link,
    page,
    profile,
    region,
    rule,
)
from tuyen_events.directory import directory_key
from tuyen_events.ids import OrganizationId
from tuyen_events.topics import DIRECTORY
from tuyen_gateway.adapters.directory import DirectoryTable
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.global_table import GlobalTable
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_router.adapters.organizations import OrganizationTables

CHANGES = [
    profile(),
    agent("a"),
    page("p", "a"),
    rule("r"),
    department("sales", name="Sales"),
    region("sales", "north"),
    link("l", "g"),
    agent("a", disabled=True),
]
"""Records in the order of the log, as a gateway writes them."""


async def _write(log: InMemoryLog, clock: ManualClock) -> None:
    """Records of which some share a millisecond, some have a clock that goes back, and some are
    unreadable or of another organization."""
    for event, step_ms in zip(CHANGES, (0, 0, 10, 0, -25, 3, 40, 0), strict=True):
        clock.advance(timedelta(milliseconds=step_ms))
        await log.append(DIRECTORY, *directory_record(event))
    await log.append_bytes(DIRECTORY, "other/agent/b", None)
    await log.append_bytes(DIRECTORY, "no-key", b"{}")
    await log.append_bytes(DIRECTORY, directory_key(SHOP, "agent", "a"), b"{", ())
    await log.append_bytes(DIRECTORY, "shop/shift/s", b"{}", [("ce_type", b"shift.changed.v1")])
    await log.append_bytes(DIRECTORY, directory_key(SHOP, "shift", "s"), None)
    await log.append_bytes(DIRECTORY, directory_key(SHOP, "region", "sales/north"), None)


def _is_complete(table: GlobalTable) -> bool:
    return table.is_caught_up


@asynccontextmanager
async def _caught_up(*tables: GlobalTable) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(table.run()) for table in tables]
        for table in tables:
            assert await table.wait_until(partial(_is_complete, table), within_s=10)
        yield
        for task in running:
            task.cancel()


async def test_r7_2_both_fold_the_same_records_and_number_them_alike() -> None:
    clock = ManualClock(AT)
    log = InMemoryLog(clock)
    await _write(log, clock)
    gateways = DirectoryTable(log, clock)
    routers = OrganizationTables(log, lambda _: None, lambda _: None)
    async with _caught_up(gateways.table, *routers.tables):
        (shop,) = gateways.organizations()
        assert shop == routers.get(SHOP).directory
        other = OrganizationId("other")
        assert gateways.version(other) == routers.get(other).directory.version > 0
