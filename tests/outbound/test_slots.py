"""How many calls may be under way at the same time."""

import asyncio

import pytest

from tuyen_outbound import slots
from tuyen_outbound.slots import Slots


async def _take(taken: Slots, organization: str, account: str, hold: asyncio.Event) -> None:
    async with taken.take(organization, account):
        await hold.wait()


async def test_r9_5_neither_a_page_nor_an_organization_takes_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slots, "_OF_ACCOUNT", 1)
    monkeypatch.setattr(slots, "_OF_ORGANIZATION", 2)
    taken, hold = Slots(), asyncio.Event()
    tasks = [
        asyncio.create_task(_take(taken, "greedy", page, hold)) for page in ("a", "a", "b", "c")
    ]
    await asyncio.sleep(0)
    async with asyncio.timeout(5), taken.take("modest", "d"):
        pass
    hold.set()
    await asyncio.gather(*tasks)
    assert taken._by_name == {}


async def test_r9_5_an_organization_with_many_files_leaves_uploads_to_others() -> None:
    taken, hold = Slots(), asyncio.Event()

    async def upload() -> None:
        async with taken.take_upload("greedy"):
            await hold.wait()

    tasks = [asyncio.create_task(upload()) for _ in range(20)]
    await asyncio.sleep(0)
    async with asyncio.timeout(5), taken.take_upload("modest"):
        pass
    hold.set()
    await asyncio.gather(*tasks)
    assert taken._by_name == {}


async def test_r9_6_a_wait_that_is_cancelled_leaves_nothing_behind() -> None:
    taken, hold = Slots(), asyncio.Event()
    tasks = [asyncio.create_task(_take(taken, "shop", "a", hold)) for _ in range(20)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert taken._by_name == {}
