"""What live streams read from MongoDB."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from gateway.feed import START
from tuyen_events.ids import ConversationId, MessageId, OrganizationId, PageId
from tuyen_gateway.adapters.live_views import MongoChangeFeed, MongoLiveViews
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.live import JournalPosition
from tuyen_gateway.domain.threads import Direction, Message
from tuyen_gateway.ports.live import JournalEntry, OurMessages
from tuyen_gateway.projections.collections import (
    CONVERSATIONS,
    MESSAGES,
    read_by_id,
    write_documents,
)
from tuyen_gateway.projections.counters import write_rows
from tuyen_gateway.projections.journal import note_messages
from tuyen_platform.mongodb import Database

pytestmark = pytest.mark.usefixtures("indexes")

SHOP, OTHER = OrganizationId("shop"), OrganizationId("other")
C = ConversationId("c")


def row(**fields: Any) -> InboxRow:
    return InboxRow(**({"id": C, "organization": SHOP, "page_id": PageId("p")} | fields))


async def store(views: Database, *rows: InboxRow) -> None:
    before = await read_by_id(views[CONVERSATIONS], InboxRow, [one.id for one in rows])
    assert await write_rows(views, before, rows)


def message(number: int, seconds: float, **fields: Any) -> Message:
    at = START + timedelta(seconds=seconds)
    given: dict[str, Any] = {
        "id": MessageId(f"m{number}"),
        "organization": SHOP,
        "page_id": PageId("p"),
        "conversation_id": C,
        "direction": Direction.IN,
        "at": at,
        "accepted_at": at,
        "accepted_us": 0,
    }
    return Message(**(given | fields))


@asynccontextmanager
async def following(
    views: Database, after: JournalPosition | None = None
) -> AsyncIterator[AsyncIterator[JournalEntry | None]]:
    feed = await MongoLiveViews(views).follow(after)
    async with aclosing(feed.entries()) as entries:  # type: ignore[type-var]  # a generator
        yield entries


async def take(entries: AsyncIterator[JournalEntry | None], number: int) -> list[JournalEntry]:
    found: list[JournalEntry] = []
    async with asyncio.timeout(20):
        async for entry in entries:
            if entry is not None:
                found.append(entry)
            if len(found) == number:
                return found
    raise AssertionError("the journal ended")


async def test_i11_what_is_written_is_followed_in_the_order_of_commits(views: Database) -> None:
    async with following(views) as entries:
        await store(views, row())
        await store(views, row(done=True), row(id=ConversationId("d"), organization=OTHER))
        await note_messages(views, [message(1, 1)])
        found = await take(entries, 4)
    places = [entry.place for entry in found if entry.place is not None]
    assert places == sorted(places)
    assert len(places) == 4
    assert places[1] == places[2]  # of one transaction
    assert {entry.organization for entry in found[1:3]} == {SHOP, OTHER}
    own = [change for entry in found for change in entry.changes.rows if entry.organization == SHOP]
    assert own[1].revision == own[0].revision + 1
    assert found[3].changes.messages == ((C, MessageId("m1")),)


async def test_i13_it_is_followed_again_from_where_it_broke_off(views: Database) -> None:
    async with following(views) as entries:
        await store(views, row())
        (first,) = await take(entries, 1)
    await store(views, row(done=True))
    async with following(views, first.place) as entries:
        again, second = await take(entries, 2)
    assert (again.id, again.place) == (first.id, first.place)
    assert second.changes.rows[0].revision == first.changes.rows[0].revision + 1


async def test_i13_a_place_that_is_forgotten_begins_later(
    views: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forgotten(_: MongoChangeFeed) -> bool:
        return True

    live = MongoLiveViews(views)
    assert (await live.follow(JournalPosition(1, 1))).begin == JournalPosition(1, 1)
    monkeypatch.setattr(MongoChangeFeed, "has_been_forgotten", forgotten)
    assert (await live.follow(JournalPosition(1, 1))).begin > JournalPosition(1, 1)


async def test_i13_what_is_read_is_as_of_a_commit(views: Database) -> None:
    live = MongoLiveViews(views)
    async with following(views) as entries:
        await store(views, row())
        (first,) = await take(entries, 1)
        await store(views, row(done=True))
        await take(entries, 1)
    assert not (await live.rows([C], first.place))[C].done
    assert (await live.rows([C], None))[C].done


async def test_i13_older_entries_are_looked_up(views: Database) -> None:
    live = MongoLiveViews(views)
    for done in (False, True):
        await store(views, row(done=done), row(id=ConversationId(f"d{done}"), organization=OTHER))
    since = datetime.now(START.tzinfo) - timedelta(minutes=5)
    found = await live.entries(SHOP, since, 10)
    assert [entry.changes.rows[0].after is None for entry in found] == [True, True]
    assert [entry.place for entry in found] == [None, None]
    assert len(await live.entries(SHOP, since, 1)) == 1
    assert await live.entries(SHOP, datetime.now(START.tzinfo) + timedelta(hours=1), 10) == []


async def test_i5_what_came_after_a_viewer_joined_is_counted_for_all_at_once(
    views: Database,
) -> None:
    messages = [message(number, number) for number in range(1, 7)]
    messages[3] = msgspec.structs.replace(messages[3], absent=True)
    messages[4] = msgspec.structs.replace(messages[4], direction=Direction.OUT)
    assert await write_documents(views[MESSAGES], {}, messages)
    joined = [START + timedelta(seconds=each) for each in (0, 1, 1.0004, 2.5, 6, 9)]
    newer = await MongoLiveViews(views).count_newer(C, joined, None)
    assert [newer[each] for each in joined] == [4, 3, 3, 2, 0, 0]
    one = await MongoLiveViews(views).count_newer(C, joined[:1], None)
    assert one == {joined[0]: 4}


async def test_i6_our_messages_in_a_range_are_the_newest(views: Database) -> None:
    messages = [message(number, number, direction=Direction.OUT) for number in range(5)]
    assert await write_documents(views[MESSAGES], {}, [*messages, message(9, 2)])
    live = MongoLiveViews(views)

    async def found(after: float | None, until: float, limit: int = 10) -> list[str]:
        begun = None if after is None else START + timedelta(seconds=after)
        said = OurMessages(C, begun, START + timedelta(seconds=until))
        return [one.id for one in await live.ours(said, limit, None)]

    assert await found(None, 2) == ["m0", "m1", "m2"]
    requested_before = 600  # a reply may have been sent so long after its request
    assert await found(1 + requested_before, 3) == ["m2", "m3"]
    assert await found(None, 9, limit=2) == ["m3", "m4"]
