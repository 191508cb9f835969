"""No thread shows an echo beside the reply that it is the echo of, in whatever order, over crashes,
and with several gateways; and every echo of something else is shown in the end."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import permutations
from typing import Any

import msgspec
import pytest
from pymongo.errors import AutoReconnect

from support.outbound import (
    LAN,
    THREAD,
    about_message,
    failed,
    name_message,
    requested,
    settled,
)
from support.views import without_revision
from tuyen_events.event import Event
from tuyen_events.ids import ConversationId, MessageId
from tuyen_events.inbound import CommentAdded, InboundEvent, MessageEchoed, MessageReceived
from tuyen_events.outbound import OutboundAction, OutboundOutcome, OutboundSettled
from tuyen_events.vocabulary import Channel
from tuyen_gateway.adapters.threads import MongoThreads
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.live import Changes
from tuyen_gateway.projections import collections, counters, holding, inbox, journal
from tuyen_gateway.projections.collections import CONVERSATIONS, JOURNAL, MESSAGES
from tuyen_gateway.projections.inbox import InboxProjection
from tuyen_platform.kafka.ports import RecordPosition
from tuyen_platform.mongodb import Database
from tuyen_platform.projection import FoldedEvent

pytestmark = pytest.mark.usefixtures("indexes")

TEXT = "Dạ còn ạ"


def customer_says(at: float) -> MessageReceived:
    return MessageReceived(
        **about_message("mid-0", at),
        external_id="mid-0",
        customer=LAN,
        conversation_id=THREAD,
        text="còn không?",
    )


def echo(mid: str, at: float, text: str = TEXT) -> MessageEchoed:
    return MessageEchoed(
        **about_message(mid, at), external_id=mid, customer=LAN, conversation_id=THREAD, text=text
    )


ASKED = customer_says(1)
REPLY = requested("k1", at=10, channel=Channel.ZALO, text=TEXT)
AGAIN = requested("k2", at=11, channel=Channel.ZALO, text=TEXT)
SENT, SENT_AGAIN = settled(REPLY, "z-1"), settled(AGAIN, "z-2")
LOST = settled(REPLY, outcome=OutboundOutcome.UNKNOWN)
FOUND = settled(REPLY, "z-1", after_s=90)
ECHO, ECHO_AGAIN, BY_HAND = echo("z-1", 11), echo("z-2", 12), echo("z-9", 13)

OURS, OURS_TOO, THEIRS = REPLY.message_id, AGAIN.message_id, name_message("z-9")


def folded(events: Sequence[Event]) -> list[FoldedEvent]:
    """At the places that they have in the log, whatever the order of reading is."""
    return [FoldedEvent(event, repr(event), _place(event)) for event in events]


def _place(event: Event) -> RecordPosition:
    topic = "inbound" if isinstance(event, InboundEvent) else "outbound"
    if isinstance(event, OutboundSettled):
        topic = "outbound-results"
    number = hash(repr(event)) % 1_000_003
    moment = event.at.timestamp() if isinstance(event, OutboundSettled) else 0
    return RecordPosition(topic, number % 3, number, round(moment * 1000))


async def shown(views: Database, thread: ConversationId = THREAD) -> list[MessageId]:
    """What a fetch of the thread returns, but for the customers' messages."""
    page = await MongoThreads(views).messages(thread, 100, None)
    return [one.id for one in page.items if one.direction != "in"]


async def row_of(views: Database, thread: ConversationId = THREAD) -> InboxRow:
    return msgspec.convert(await views[CONVERSATIONS].find_one({"_id": thread}), InboxRow)


async def last_of(views: Database) -> MessageId | None:
    last = (await row_of(views)).last
    return None if last is None else last.id


async def dump(views: Database) -> dict[str, Any]:
    found = [
        without_revision(one)
        for name in (MESSAGES, CONVERSATIONS)
        for one in await views[name].find().sort("_id", 1).to_list(None)
    ]
    return {one["_id"]: one for one in found}


async def clear(views: Database) -> None:
    for name in collections.COLLECTIONS:
        await views[name].delete_many({})


async def test_p5b_an_echo_before_its_result_is_in_no_thread_and_in_no_row(views: Database) -> None:
    projection = InboxProjection(views)
    for events in ([ASKED], [REPLY], [ECHO]):
        await projection.fold(folded(events))
    assert await shown(views) == [OURS]
    assert await last_of(views) == OURS
    await projection.fold(folded([SENT]))
    assert await shown(views) == [OURS]
    row = await row_of(views)
    assert row.last is not None
    assert (row.last.id, row.waiting, row.live_events) == (OURS, None, 1)
    stored = await views[MESSAGES].find_one({"_id": ECHO.message_id})
    assert stored is not None
    assert (stored["part_of"], "shown" in stored, "held" in stored) == (OURS, False, False)


async def test_p5b_an_echo_after_its_result_is_in_no_thread(views: Database) -> None:
    projection = InboxProjection(views)
    for events in ([ASKED], [REPLY], [SENT], [ECHO]):
        await projection.fold(folded(events))
        assert await shown(views) == ([] if events == [ASKED] else [OURS])


async def test_p5b_an_echo_without_a_reply_is_shown_at_once(views: Database) -> None:
    await InboxProjection(views).fold(folded([ASKED, BY_HAND]))
    assert await shown(views) == [THEIRS]
    row = await row_of(views)
    assert row.last is not None
    assert (row.last.id, row.waiting) == (THEIRS, None)


async def test_p5b_an_echo_with_another_text_is_shown_while_a_reply_is_pending(
    views: Database,
) -> None:
    other = echo("z-8", 12, "Chị chờ em")
    await InboxProjection(views).fold(folded([ASKED, REPLY, other]))
    assert await shown(views) == [OURS, other.message_id]
    assert await last_of(views) == other.message_id


@pytest.mark.parametrize("result", [failed(REPLY), LOST, settled(REPLY, "z-1")])
async def test_p5b_what_somebody_else_wrote_is_shown_once_the_reply_with_its_text_is_settled(
    views: Database, result: Event
) -> None:
    projection = InboxProjection(views)
    await projection.fold(folded([ASKED, REPLY, BY_HAND]))
    assert await shown(views) == [OURS]
    await projection.fold(folded([result]))
    assert await shown(views) == [OURS, THEIRS]
    row = await row_of(views)
    assert row.last is not None
    assert (row.last.id, row.waiting) == (THEIRS, None)


async def test_p5b_of_two_equal_replies_each_gets_its_echo(views: Database) -> None:
    projection = InboxProjection(views)
    await projection.fold(folded([ASKED, REPLY, AGAIN, ECHO, ECHO_AGAIN, BY_HAND]))
    assert await shown(views) == [OURS, OURS_TOO]
    await projection.fold(folded([SENT]))
    assert await shown(views) == [OURS, OURS_TOO]
    await projection.fold(folded([SENT_AGAIN]))
    assert await shown(views) == [OURS, OURS_TOO, THEIRS]


async def test_p5b_a_comment_of_the_page_waits_for_the_reply_below_the_same_root(
    views: Database,
) -> None:
    reply = requested("k3", at=10, action=OutboundAction.COMMENT, root="c1", text=TEXT)
    added = CommentAdded(
        **about_message("c2", 11),
        external_id="c2",
        post_external_id="post",
        parent_external_id="c1",
        conversation_id=reply.conversation_id,
        text=TEXT,
    )
    other = msgspec.structs.replace(added, message_id=name_message("c3"), external_id="c3")
    projection = InboxProjection(views)
    await projection.fold(folded([reply, added, other]))
    assert await shown(views, reply.conversation_id) == [reply.message_id]
    await projection.fold(folded([settled(reply, "c2")]))
    assert await shown(views, reply.conversation_id) == [reply.message_id, other.message_id]


async def test_p5b_a_comment_in_a_livestream_waits_though_its_thread_is_known_late(
    views: Database,
) -> None:
    common: dict[str, Any] = {"post_external_id": "live", "livestream": True}
    root = CommentAdded(
        **about_message("c1", 1), external_id="c1", customer=LAN, conversation_id=THREAD, **common
    )
    reply = requested("k3", at=10, text=TEXT)
    reply = msgspec.structs.replace(reply, action=OutboundAction.COMMENT)
    added = CommentAdded(
        **about_message("c2", 11),
        external_id="c2",
        parent_external_id="c1",
        text=TEXT,
        **common,
    )
    projection = InboxProjection(views)
    for events in ([added], [reply], [root]):
        await projection.fold(folded(events))
    assert await shown(views) == [reply.message_id]
    await projection.fold(folded([failed(reply)]))
    assert await shown(views) == [reply.message_id, added.message_id]


async def test_p5b_an_echo_that_is_read_before_the_request_is_held_once_that_is_read(
    views: Database,
) -> None:
    projection = InboxProjection(views)
    await projection.fold(folded([ASKED, ECHO]))
    assert await shown(views) == [ECHO.message_id]
    await projection.fold(folded([REPLY]))
    assert await shown(views) == [OURS]
    assert await last_of(views) == OURS
    stored = await views[MESSAGES].find_one({"_id": ECHO.message_id})
    assert stored is not None
    assert stored["shown"]


async def test_p5b_an_echo_that_proves_a_lost_reply_later_is_joined_then(views: Database) -> None:
    projection = InboxProjection(views)
    await projection.fold(folded([ASKED, REPLY, LOST, ECHO]))
    assert await shown(views) == [OURS, ECHO.message_id]
    await projection.fold(folded([FOUND]))
    assert await shown(views) == [OURS]
    assert await last_of(views) == OURS


LOGS: dict[str, list[Event]] = {
    "sent": [ASKED, REPLY, SENT, ECHO],
    "by hand": [ASKED, REPLY, SENT, ECHO, BY_HAND],
    "pending": [ASKED, REPLY, ECHO, BY_HAND],
    "lost, then found": [REPLY, LOST, FOUND, ECHO],
    "failed": [ASKED, REPLY, failed(REPLY), BY_HAND],
    "two": [REPLY, AGAIN, SENT_AGAIN, ECHO_AGAIN, ECHO],
}


@pytest.mark.parametrize("events", LOGS.values(), ids=list(LOGS))
async def test_inv6_no_order_of_reading_makes_a_difference_to_what_is_held(
    views: Database, events: list[Event]
) -> None:
    await InboxProjection(views).fold(folded(events))
    expected = await dump(views)
    for order in permutations(events):
        await clear(views)
        projection = InboxProjection(views)
        for event in order:
            await projection.fold(folded([event]))
        await projection.fold(folded(order[:2]))  # it was not committed
        assert await dump(views) == expected, [type(one).__name__ for one in order]


class _Crash(AutoReconnect):
    pass


def _crash_after(writes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the process die after so many writes."""
    left = iter(range(writes))

    def dying(write: Any) -> Any:
        async def writing(*given: Any) -> Any:
            if next(left, None) is None:
                raise _Crash("before a write")
            return await write(*given)

        return writing

    for module in (inbox, holding):
        write = dying(collections.write_documents)
        monkeypatch.setattr(module, "write_documents", write)
    monkeypatch.setattr(inbox, "write_rows", dying(counters.write_rows))
    monkeypatch.setattr(inbox, "note_messages", dying(journal.note_messages))


@pytest.mark.parametrize("writes", range(7))
async def test_inv2_inv6_a_crash_between_any_two_writes_shows_and_loses_nothing(
    views: Database, writes: int
) -> None:
    batches = ([ASKED, REPLY], [ECHO, BY_HAND], [SENT])
    for batch in batches:
        await InboxProjection(views).fold(folded(batch))
    expected = await dump(views)
    await clear(views)
    await views[JOURNAL].delete_many({})
    for batch in batches:
        with pytest.MonkeyPatch.context() as patch, suppress(_Crash):
            _crash_after(writes, patch)
            await InboxProjection(views).fold(folded(batch))
        if batch != [SENT]:
            assert ECHO.message_id not in await shown(views)
        await InboxProjection(views).fold(folded(batch))
    assert await dump(views) == expected
    assert await shown(views) == [OURS, THEIRS]
    assert THEIRS in await _noted(views)


async def _noted(views: Database) -> set[str]:
    """The messages in the last entry of the journal that has any."""
    found = await views[JOURNAL].find().sort("_id", -1).to_list(None)
    several: Iterator[Changes] = (
        msgspec.msgpack.decode(one["changes"], type=Changes) for one in found
    )
    return {key for _, key in next(one.messages for one in several if one.messages)}


@pytest.mark.parametrize("seed", range(12))
async def test_inv6_several_gateways_at_once_hold_and_show_the_same(
    views: Database, seed: int
) -> None:
    """One reads the echoes, one the requests, and one the results."""
    log = [ASKED, REPLY, AGAIN, ECHO, ECHO_AGAIN, BY_HAND, SENT, failed(AGAIN)]
    await InboxProjection(views).fold(folded(log))
    expected = await dump(views)
    await clear(views)
    topics: dict[str, list[FoldedEvent]] = {one.position.topic: [] for one in folded(log)}
    for one in folded(log):
        topics[one.position.topic].append(one)

    async def run(events: list[FoldedEvent], late: int) -> None:
        projection = InboxProjection(views)
        for _ in range(late):
            await asyncio.sleep(0)
        for event in events:
            await projection.fold([event])

    async with asyncio.TaskGroup() as tasks:
        for number, events in enumerate(topics.values()):
            tasks.create_task(run(events, (seed * 7 + number * 5) % 40))
    assert await dump(views) == expected
