"""Media are noted from the log, and forgotten with their message."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from gateway.feed import Feed
from gateway.rig import DEADLINE_S, events, records
from tuyen_attachments.memory import InMemoryAttachments
from tuyen_attachments.ports import NewAttachment, StoredAttachment
from tuyen_events.file_limits import MEDIA_FETCHED_WITHIN_S
from tuyen_events.ids import MessageId, OrganizationId, PageId, message_id
from tuyen_events.inbound import Attachment, CommentEdited, PostDescribed, PostRemoved
from tuyen_events.media import MediaMissed, media_id
from tuyen_events.outbound_topics import MEDIA
from tuyen_events.topics import DEAD_LETTERS, INBOUND
from tuyen_events.vocabulary import Channel
from tuyen_gateway.adapters.waiting_media import InMemoryWaitingMedia
from tuyen_gateway.media.observer import MediaObserver
from tuyen_platform import metrics
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog

URL = "https://scontent.xx.fbcdn.net/1.png"
IMAGE = (Attachment(kind="image", url=URL),)
MESSAGE = message_id(OrganizationId("shop"), PageId("page"), "m1")


@pytest.fixture
def waiting() -> InMemoryWaitingMedia:
    return InMemoryWaitingMedia()


@pytest.fixture
def store() -> InMemoryAttachments:
    return InMemoryAttachments()


@pytest.fixture
async def observer(
    log: InMemoryLog, clock: ManualClock, waiting: InMemoryWaitingMedia, store: InMemoryAttachments
) -> AsyncIterator[MediaObserver]:
    observer = MediaObserver(log, clock, waiting, store)
    task = asyncio.create_task(observer.run())
    yield observer
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def until_media(waiting: InMemoryWaitingMedia, number: int) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while len(waiting.waiting) != number:  # noqa: ASYNC110 - nobody sets an event for it
            await asyncio.sleep(0.01)


async def keep(
    store: InMemoryAttachments, message: MessageId, url: str, clock: ManualClock
) -> StoredAttachment:
    async def content() -> AsyncIterator[bytes]:
        yield b"GIF89a"

    new = NewAttachment(
        id=media_id(message, url),
        organization=OrganizationId("shop"),
        kind="image",
        content_type="image/gif",
        message_id=message,
        created_at=clock.now(),
    )
    return await store.add(new, content())


@pytest.mark.usefixtures("observer")
async def test_i6_the_media_of_a_message_wait_to_be_fetched(
    feed: Feed, waiting: InMemoryWaitingMedia
) -> None:
    await feed.message("a", mid="m0")
    await feed.message("a", mid="m1", attachments=IMAGE)
    await feed.message("a", mid="m1", attachments=IMAGE)
    await until_media(waiting, 1)
    (medium,) = waiting.waiting.values()
    assert (medium.id, medium.url) == (media_id(MESSAGE, URL), URL)


@pytest.mark.usefixtures("observer")
async def test_i9_the_picture_of_a_post_waits_and_is_withdrawn_with_the_post(
    feed: Feed, waiting: InMemoryWaitingMedia
) -> None:
    await feed.post(text="Không có ảnh")
    await feed.post(picture=f"{URL}?oe=1")
    await feed.post(kind=PostDescribed, picture=f"{URL}?oe=2")
    await until_media(waiting, 1)
    (medium,) = waiting.waiting.values()
    assert medium.url == f"{URL}?oe=1"
    assert (medium.post_external_id, medium.seen_on) == ("post", "page")
    await feed.post(kind=PostRemoved)
    async with asyncio.timeout(DEADLINE_S):
        while await waiting.find_left(medium.organization, medium.message_id) is None:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)


@pytest.mark.usefixtures("observer")
async def test_i6_what_its_author_took_back_is_removed(
    feed: Feed, waiting: InMemoryWaitingMedia, store: InMemoryAttachments, clock: ManualClock
) -> None:
    stored = await keep(store, MESSAGE, URL, clock)
    await feed.unsend("a", "m1")
    async with asyncio.timeout(DEADLINE_S):
        while await store.find(stored.organization, [stored.id]):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
    assert await waiting.find_left(stored.organization, MESSAGE) == ()


@pytest.mark.usefixtures("observer")
async def test_i8_a_picture_that_an_edit_took_off_is_removed_and_its_successor_is_fetched(
    feed: Feed, waiting: InMemoryWaitingMedia, store: InMemoryAttachments, clock: ManualClock
) -> None:
    comment, newer = message_id(OrganizationId("shop"), PageId("page"), "c1"), f"{URL}?2"
    stored = await keep(store, comment, URL, clock)
    others = await keep(store, MESSAGE, URL, clock)
    picture = (Attachment(kind="image", url=newer),)
    await feed.change(CommentEdited, "c1", who="a", at=20, text="sửa", attachments=picture)
    await until_media(waiting, 1)
    assert await store.find(stored.organization, [stored.id]) == {}
    assert await store.find(others.organization, [others.id])
    # An earlier edit, and the comment itself, are read later: both have the first picture.
    await feed.change(CommentEdited, "c1", who="a", at=10, text="sửa", attachments=IMAGE)
    await feed.comment("c1", "a", at=5, attachments=IMAGE)
    await feed.message("a", mid="m1", attachments=IMAGE, at=21)
    await until_media(waiting, 2)
    assert [one.url for one in waiting.waiting.values()] == [newer, URL]
    # Without any picture left, nothing waits either.
    await feed.change(CommentEdited, "c1", who="a", at=30, text="sửa")
    async with asyncio.timeout(DEADLINE_S):
        while await waiting.find_left(stored.organization, comment) != ():  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)


async def test_i6_media_beyond_those_that_may_wait_are_shown_as_missed_and_counted(
    log: InMemoryLog, feed: Feed, store: InMemoryAttachments, clock: ManualClock
) -> None:
    waiting = InMemoryWaitingMedia(most=0)
    before = metrics.MEDIA_FETCHES.labels(Channel.FACEBOOK, "left_out")._value.get()
    await feed.message("a", mid="m1", attachments=IMAGE)
    observer = MediaObserver(log, clock, waiting, store)
    task = asyncio.create_task(observer.run())
    async with asyncio.timeout(DEADLINE_S):
        while not (found := await events(log, MEDIA)):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    (missed,) = found
    assert isinstance(missed, MediaMissed)
    assert (missed.message_id, missed.media) == (MESSAGE, (media_id(MESSAGE, URL),))
    assert missed.reason == "too_many"
    after = metrics.MEDIA_FETCHES.labels(Channel.FACEBOOK, "left_out")._value.get()
    assert after == before + 1


@pytest.mark.parametrize("comes_first", [True, False])
async def test_r4_6_what_is_taken_back_in_one_batch_with_its_message_is_not_fetched(
    *,
    log: InMemoryLog,
    feed: Feed,
    waiting: InMemoryWaitingMedia,
    store: InMemoryAttachments,
    clock: ManualClock,
    comes_first: bool,
) -> None:
    """Nor is what its author took back before its event arrived, or arrived again."""
    if comes_first:
        await feed.message("a", mid="m1", attachments=IMAGE)
    await feed.unsend("a", "m1")
    if not comes_first:
        await feed.message("a", mid="m1", attachments=IMAGE)
    await feed.message("a", mid="m2", attachments=IMAGE)
    observer = MediaObserver(log, clock, waiting, store)
    task = asyncio.create_task(observer.run())
    await until_media(waiting, 1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert MESSAGE not in {one.message_id for one in waiting.waiting.values()}


@pytest.mark.usefixtures("observer")
async def test_i6_what_is_too_old_or_of_a_site_is_left_where_it_is(
    log: InMemoryLog, feed: Feed, waiting: InMemoryWaitingMedia, clock: ManualClock
) -> None:
    clock.advance(timedelta(seconds=MEDIA_FETCHED_WITHIN_S))
    site = Feed(log, page="site", channel=Channel.LIVECHAT)
    await feed.message("a", mid="old", attachments=IMAGE, at=-60)
    await site.message("a", mid="site", attachments=IMAGE, at=60)
    await feed.message("a", mid="m1", attachments=IMAGE, at=60)
    await until_media(waiting, 1)
    assert [one.message_id for one in waiting.waiting.values()] == [MESSAGE]


@pytest.mark.usefixtures("observer")
async def test_r9_5_a_record_that_cannot_be_read_stops_no_other(
    log: InMemoryLog, feed: Feed, waiting: InMemoryWaitingMedia
) -> None:
    headers = [("ce_type", b"message.received.v1"), ("ce_id", b"evt_1")]
    await log.append_bytes(INBOUND, "k", b'{"attachments":', headers)
    await feed.message("a", mid="m1", attachments=IMAGE)
    await until_media(waiting, 1)
    assert len(await records(log, DEAD_LETTERS)) == 1
