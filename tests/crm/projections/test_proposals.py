"""The documents in which proposals are listed: what they show, however the log is cut (C2)."""

from typing import Any

import pytest

from crm.projections.events import record
from crm.proposing import A, B, decide, place, put_warehouse, quan, remove
from crm.world import LAN, MINH, World
from support.folding import fold_events
from tuyen_crm.projections.crm import CrmProjection
from tuyen_platform.mongodb import Database, Document, connect
from tuyen_views.listed_proposals import LISTED_PROPOSALS_VIEW
from tuyen_views.view import LAST_ACCESS


@pytest.fixture
def views(mongodb: str, database: str) -> Database:
    return connect(mongodb, database)


async def read(views: Database) -> list[Document]:
    return await views[LISTED_PROPOSALS_VIEW.collection].find().sort("_id", 1).to_list(None)


async def fold(views: Database, world: World, begin: int = 0, size: int = 1000) -> None:
    """In batches of so many events."""
    records = [record(event, number) for number, event in enumerate(world.events)][begin:]
    for start in range(0, len(records), size):
        await CrmProjection(views).fold(fold_events(records[start : start + size]))


def _propose(world: World) -> None:
    put_warehouse(world, "north", quan)
    world.add(LAN, A)
    world.add(MINH)
    place(world, MINH, warehouse_id="north")
    world.patch(MINH, phones=(A,))


def _shown(documents: list[Document]) -> list[tuple[Any, ...]]:
    names = ("contact_id", "warehouse_id", "state", "version")
    return [
        tuple(each.get(name) for name in names) for each in documents if LAST_ACCESS not in each
    ]


async def test_c2_each_contact_lists_the_proposal_with_its_warehouse(views: Database) -> None:
    world = World()
    _propose(world)
    await fold(views, world)
    assert _shown(await read(views)) == [
        (LAN, "default", "open", 1),
        (MINH, "north", "open", 1),
    ]
    begin = len(world.events)
    place(world, MINH, warehouse_id="default")
    await fold(views, world, begin)
    assert _shown(await read(views))[1] == (MINH, "default", "open", 1)


async def test_c2_what_ended_is_listed_no_more_and_says_who_saw_it(views: Database) -> None:
    world = World()
    _propose(world)
    await fold(views, world)
    begin = len(world.events)
    world.patch(LAN, phones=())
    await fold(views, world, begin)
    stored = await read(views)
    assert _shown(stored) == []
    assert [each[LAST_ACCESS]["warehouse_id"] for each in stored] == ["default", "north"]
    assert {each[LAST_ACCESS]["version"] for each in stored} == {2}
    assert not any("organization" in each for each in stored)


@pytest.mark.parametrize("size", [1, 2, 3, 5])
async def test_c2_inv6_the_lists_are_the_same_however_the_log_is_cut(
    views: Database, size: int
) -> None:
    world = World()
    _propose(world)
    decide(world, MINH, LAN, by=quan)
    world.patch(LAN, phones=())
    world.patch(LAN, phones=(A, B))
    decide(world, MINH, LAN, by=quan, accept=False)
    world.merge(LAN, MINH, by=quan)
    world.undo(LAN)
    world.patch(MINH, phones=(A, B))
    remove(world, LAN)
    await fold(views, world, size=size)
    piecemeal = await read(views)
    await fold(views, world)
    assert await read(views) == piecemeal
    await CrmProjection(views).drop()
    await fold(views, world)
    assert await read(views) == piecemeal
