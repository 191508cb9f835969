"""R9.5: files of exports are written for one organization as for another (C9)."""

import asyncio
from collections import Counter

import pytest

from gateway.rig import START
from tuyen_events.ids import OrganizationId
from tuyen_events.sheet_limits import EXPORT_FILES_AN_HOUR, EXPORT_FILES_AT_ONCE
from tuyen_gateway.adapters import exports
from tuyen_gateway.adapters.exports import LocalExportTurns
from tuyen_gateway.errors import TooManyAttemptsError


async def test_r9_5_one_file_of_an_organization_is_written_at_a_time() -> None:
    turns, going = LocalExportTurns(), asyncio.Event()
    under_way, most = Counter[str](), Counter[str]()

    async def write(name: str) -> None:
        async with turns.turn(OrganizationId(name), START):
            under_way[name] += 1
            most[name] = max(most[name], under_way[name])
            most["all"] = max(most["all"], under_way.total())
            await going.wait()
            under_way[name] -= 1

    names = [f"shop-{number}" for number in range(EXPORT_FILES_AT_ONCE + 1)]
    async with asyncio.TaskGroup() as tasks:
        for name in names * 2:
            tasks.create_task(write(name))
        while under_way.total() < EXPORT_FILES_AT_ONCE:  # noqa: ASYNC110 - nobody sets an event for it
            await asyncio.sleep(0)
        going.set()
    assert most == {**dict.fromkeys(names, 1), "all": EXPORT_FILES_AT_ONCE}


async def test_r9_5_an_organization_has_so_many_files_written_within_an_hour() -> None:
    turns = LocalExportTurns()
    for _ in range(EXPORT_FILES_AN_HOUR):
        async with turns.turn(OrganizationId("shop"), START):
            pass
    with pytest.raises(TooManyAttemptsError):
        async with turns.turn(OrganizationId("shop"), START):
            pass
    async with turns.turn(OrganizationId("other"), START):
        pass


async def test_r9_5_a_file_that_takes_too_long_gives_its_turn_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turns = LocalExportTurns()
    for _ in range(EXPORT_FILES_AT_ONCE + 1):
        monkeypatch.setattr(exports, "EXPORT_WITHIN_S", 0.0)
        with pytest.raises(TimeoutError):
            async with turns.turn(OrganizationId("shop"), START):
                await asyncio.Event().wait()
    monkeypatch.undo()
    async with turns.turn(OrganizationId("shop"), START):
        pass
