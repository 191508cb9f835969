"""Collections of earlier versions of a view are dropped once nobody uses them (R9.6)."""

import pytest

from tuyen_events.topics import CONTACTS
from tuyen_platform.earlier_views import EarlierViewsCleanup, list_earlier
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database
from tuyen_platform.projection import MongoPositions

PLACE = (CONTACTS.name, 0)


def test_r9_6_earlier_versions_have_a_lower_number_or_none() -> None:
    existing = ["rows", "rows_2", "rows_3", "rows_4", "rows_10", "other_1", "marks", "rows_x"]
    assert list_earlier(existing, ["rows_4", "marks"]) == ["rows", "rows_2", "rows_3"]
    assert list_earlier(existing, ["rows"]) == []


@pytest.fixture
async def filled(views: Database) -> Database:
    for name in ("rows_1", "rows_2", "others"):
        await views[name].insert_one({"_id": name})
    return views


async def test_r9_6_an_earlier_view_is_dropped_once_only_the_new_one_is_folded(
    filled: Database,
) -> None:
    log = InMemoryLog()
    old, new = (MongoPositions(filled, name) for name in ("rows_1", "rows_2"))
    cleanup = EarlierViewsCleanup(
        log, filled, CONTACTS, view="rows_2", collections=["rows_2", "others"]
    )

    async def names() -> set[str]:
        await cleanup.drop_earlier()
        return set(await filled.list_collection_names()) - {"positions"}

    async def append() -> int:
        await log.append_bytes(CONTACTS, "key", b"{}", partition=0)
        return (await log.end_offsets(CONTACTS))[0]

    every = {"rows_1", "rows_2", "others"}
    await old.save({PLACE: 1})
    for _ in range(2):  # what is in the log is not folded yet
        end = await append()
        assert await names() == every
    await new.save({PLACE: end})
    assert await names() == every  # the first look at a view that is ready
    assert await names() == every  # nobody folded anything since
    end = await append()
    for positions in (old, new):
        await positions.save({PLACE: end})
    assert await names() == every  # an earlier version still folds
    await new.save({PLACE: await append()})
    assert await names() == {"rows_2", "others"}
    assert await old.load() == {}
    assert await new.load() != {}
