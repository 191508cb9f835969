"""Media are fetched, stored once, and given up when they cannot be had."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import msgspec
import pytest

from gateway.rig import START, events
from support.outbound import requested
from tuyen_attachments.memory import InMemoryAttachments
from tuyen_attachments.ports import NewAttachment, StoredAttachment
from tuyen_attachments.recognizing import LIMITS
from tuyen_events.file_limits import MEDIA_FETCHED_WITHIN_S
from tuyen_events.ids import MessageId, OrganizationId, PageId
from tuyen_events.media import MediaKept, MediaMissed
from tuyen_events.outbound import AttachmentId
from tuyen_events.outbound_topics import MEDIA
from tuyen_events.vocabulary import Channel
from tuyen_gateway.adapters.waiting_media import InMemoryWaitingMedia
from tuyen_gateway.domain.media import WaitingMedium
from tuyen_gateway.domain.threads import Message
from tuyen_gateway.media.keeper import MediaKeeper
from tuyen_gateway.ports.media import MediaRefusedError, MediaUnavailableError
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import LogUnavailableError

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 10_000
SHOP = OrganizationId("shop")


class Hosts:
    """What is fetched: content, or an error to be raised."""

    def __init__(self) -> None:
        self.content: dict[str, bytes | Exception] = {}
        self.asked: list[str] = []

    @asynccontextmanager
    async def fetch(self, channel: Channel, url: str) -> AsyncIterator[AsyncIterator[bytes]]:
        self.asked.append(url)
        found = self.content.get(url, PNG)
        if isinstance(found, Exception):
            raise found

        async def parts() -> AsyncIterator[bytes]:
            for at in range(0, len(found), 1_000):
                yield found[at : at + 1_000]

        yield parts()


@pytest.fixture
def hosts() -> Hosts:
    return Hosts()


class KnownReplies:
    """The replies that were requested here, and what others claim to be one."""

    def __init__(self) -> None:
        self.messages: dict[MessageId, Message] = {}

    async def find(
        self, organization: OrganizationId, ids: Collection[MessageId]
    ) -> Mapping[MessageId, Message]:
        return {one: found for one in ids if (found := self.messages.get(one)) is not None}


@pytest.fixture
def replies() -> KnownReplies:
    return KnownReplies()


@pytest.fixture
def waiting() -> InMemoryWaitingMedia:
    return InMemoryWaitingMedia()


@pytest.fixture
def store() -> InMemoryAttachments:
    return InMemoryAttachments()


@pytest.fixture
def keeper(
    *,
    log: InMemoryLog,
    clock: ManualClock,
    waiting: InMemoryWaitingMedia,
    store: InMemoryAttachments,
    hosts: Hosts,
    replies: KnownReplies,
) -> MediaKeeper:
    return MediaKeeper(log, clock, waiting, store, hosts, replies=replies)


def medium(name: str = "a", organization: str = "shop", title: str | None = None) -> WaitingMedium:
    return WaitingMedium(
        id=AttachmentId(f"att_{name}"),
        organization=OrganizationId(organization),
        page_id=PageId("page"),
        channel=Channel.FACEBOOK,
        message_id=MessageId(f"m_{name}"),
        url=name,
        name=title,
        partition=3,
        accepted_at=START,
        due=START,
    )


async def test_i6_a_medium_is_stored_and_the_log_says_so(
    log: InMemoryLog,
    keeper: MediaKeeper,
    waiting: InMemoryWaitingMedia,
    store: InMemoryAttachments,
) -> None:
    await waiting.add([medium(title="../ảnh.png")])
    assert await keeper.keep_next()
    assert not await keeper.keep_next()
    stored = (await store.find(SHOP, [AttachmentId("att_a")]))[AttachmentId("att_a")]
    assert (stored.kind, stored.content_type, stored.size) == ("image", "image/png", len(PNG))
    assert (stored.name, stored.message_id) == ("ảnh.png", "m_a")
    (event,) = await events(log, MEDIA)
    assert isinstance(event, MediaKept)
    assert [one.id for one in event.media] == ["att_a"]
    assert (await log.end_offsets(MEDIA))[3] == 1


async def test_i9_a_picture_of_a_post_is_its_pages(
    log: InMemoryLog,
    keeper: MediaKeeper,
    waiting: InMemoryWaitingMedia,
    store: InMemoryAttachments,
) -> None:
    await waiting.add([msgspec.structs.replace(medium(), post_external_id="post")])
    assert await keeper.keep_next()
    (stored,) = (await store.find(SHOP, [AttachmentId("att_a")])).values()
    assert stored.page_id == "page"
    (event,) = await events(log, MEDIA)
    assert isinstance(event, MediaKept)
    assert event.post_external_id == "post"


async def test_i6_whatever_a_customer_sent_is_kept_as_a_file(
    keeper: MediaKeeper, waiting: InMemoryWaitingMedia, store: InMemoryAttachments, hosts: Hosts
) -> None:
    hosts.content["a"] = b"\x00\x01\x02"
    await waiting.add([medium()])
    await keeper.keep_next()
    (stored,) = (await store.find(SHOP, [AttachmentId("att_a")])).values()
    assert (stored.kind, stored.content_type) == ("file", "application/octet-stream")


@pytest.mark.parametrize("error", [MediaRefusedError("gone"), ValueError("odd"), b"", PNG * 2])
async def test_i6_what_cannot_be_had_is_given_up(
    *,
    log: InMemoryLog,
    keeper: MediaKeeper,
    waiting: InMemoryWaitingMedia,
    hosts: Hosts,
    error: Exception | bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(LIMITS, "image", len(PNG))
    hosts.content["a"] = error
    await waiting.add([medium(), medium("b")])
    while await keeper.keep_next():
        pass
    assert waiting.waiting == {}
    missed, kept = await events(log, MEDIA)
    assert isinstance(missed, MediaMissed)
    assert (missed.message_id, missed.media, missed.reason) == ("m_a", ("att_a",), "refused")
    assert isinstance(kept, MediaKept)


async def test_i6_what_is_given_up_before_the_log_says_so_is_said_again(
    *,
    log: InMemoryLog,
    clock: ManualClock,
    keeper: MediaKeeper,
    waiting: InMemoryWaitingMedia,
    hosts: Hosts,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hosts.content["a"] = MediaRefusedError("gone")
    await waiting.add([medium()])
    with monkeypatch.context() as broken:
        broken.setattr(log, "append", _unavailable)
        with pytest.raises(LogUnavailableError):
            await keeper.keep_next()
    clock.advance(timedelta(minutes=2))
    assert await keeper.keep_next()
    assert len(await events(log, MEDIA)) == 1


async def test_i9_the_picture_of_a_post_that_cannot_be_had_keeps_its_address(
    log: InMemoryLog, keeper: MediaKeeper, waiting: InMemoryWaitingMedia, hosts: Hosts
) -> None:
    hosts.content["a"] = MediaRefusedError("gone")
    await waiting.add([msgspec.structs.replace(medium(), post_external_id="post")])
    await keeper.keep_next()
    assert await events(log, MEDIA) == []


@pytest.mark.parametrize("is_ours", [True, False])
async def test_i6_what_another_program_sends_with_a_note_is_kept_and_our_own_is_not_fetched(
    *,
    keeper: MediaKeeper,
    waiting: InMemoryWaitingMedia,
    hosts: Hosts,
    replies: KnownReplies,
    is_ours: bool,
) -> None:
    reply = Message(id=MessageId("m_reply"), organization=SHOP, page_id=PageId("page"))
    request = requested("c1") if is_ours else None
    replies.messages[reply.id] = msgspec.structs.replace(reply, request=request)
    await waiting.add([msgspec.structs.replace(medium(), claims=reply.id)])
    await waiting.add([msgspec.structs.replace(medium("b"), claims=MessageId("m_unknown"))])
    while await keeper.keep_next():
        pass
    assert hosts.asked == (["b"] if is_ours else ["a", "b"])
    assert waiting.waiting == {}


async def test_i8_what_an_edit_took_off_while_it_is_fetched_is_removed(
    *,
    log: InMemoryLog,
    clock: ManualClock,
    keeper: MediaKeeper,
    waiting: InMemoryWaitingMedia,
    store: InMemoryAttachments,
    hosts: Hosts,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = medium()
    other = msgspec.structs.replace(medium("b"), message_id=first.message_id)
    await waiting.add([first, other])
    add = store.add

    async def add_late(new: NewAttachment, content: AsyncIterator[bytes]) -> StoredAttachment:
        await waiting.note_edit(SHOP, first.message_id, "1", [other.id], clock.now())
        return await add(new, content)

    monkeypatch.setattr(store, "add", add_late)
    while await keeper.keep_next():
        pass
    assert hosts.asked == ["a", "b"]
    assert (await store.find(SHOP, [first.id, other.id])).keys() == {other.id}
    assert [one.media[0].id for one in await events(log, MEDIA) if isinstance(one, MediaKept)] == [
        other.id
    ]


async def test_i6_what_is_unavailable_is_tried_again_ever_less_often(
    *,
    log: InMemoryLog,
    clock: ManualClock,
    keeper: MediaKeeper,
    waiting: InMemoryWaitingMedia,
    hosts: Hosts,
) -> None:
    hosts.content["a"] = MediaUnavailableError("busy")
    await waiting.add([medium()])
    seconds = 0
    while waiting.waiting:
        await keeper.keep_next()
        clock.advance(timedelta(minutes=1))
        seconds += 60
    assert MEDIA_FETCHED_WITHIN_S - 4 * 3600 - 600 < seconds < MEDIA_FETCHED_WITHIN_S + 60
    assert 20 < len(hosts.asked) < 40
    (missed,) = await events(log, MEDIA)
    assert isinstance(missed, MediaMissed)
    assert missed.reason == "unavailable"


async def test_r9_2_after_a_crash_before_the_log_it_is_stored_once(
    *,
    log: InMemoryLog,
    clock: ManualClock,
    keeper: MediaKeeper,
    waiting: InMemoryWaitingMedia,
    store: InMemoryAttachments,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await waiting.add([medium()])
    with monkeypatch.context() as broken:
        broken.setattr(log, "append", _unavailable)
        with pytest.raises(LogUnavailableError):
            await keeper.keep_next()
    clock.advance(timedelta(minutes=2))
    assert await keeper.keep_next()
    assert waiting.waiting == {}
    assert len(await events(log, MEDIA)) == 1
    assert len(await store.find(SHOP, [AttachmentId("att_a")])) == 1


@pytest.mark.parametrize("crashes", [False, True])
async def test_r4_6_what_is_taken_back_while_it_is_fetched_is_removed(
    *,
    log: InMemoryLog,
    clock: ManualClock,
    keeper: MediaKeeper,
    waiting: InMemoryWaitingMedia,
    store: InMemoryAttachments,
    monkeypatch: pytest.MonkeyPatch,
    crashes: bool,
) -> None:
    """Also if the process ends after it has stored the medium: then it is taken up again."""
    await waiting.add([medium()])
    add, ask = store.add, waiting.find_left

    async def add_late(new: NewAttachment, content: AsyncIterator[bytes]) -> StoredAttachment:
        await waiting.withdraw(SHOP, new.message_id or MessageId(""), clock.now())
        await store.remove_of_message(SHOP, new.message_id or MessageId(""))
        return await add(new, content)

    async def ask_once(
        organization: OrganizationId, message_id: MessageId
    ) -> Collection[AttachmentId] | None:
        if crashes and await store.find(SHOP, [AttachmentId("att_a")]):
            raise LogUnavailableError("the process ends here")
        return await ask(organization, message_id)

    with monkeypatch.context() as patch:
        patch.setattr(store, "add", add_late)
        patch.setattr(waiting, "find_left", ask_once)
        with suppress(LogUnavailableError):
            await keeper.keep_next()
    clock.advance(timedelta(minutes=2))
    assert await keeper.keep_next() is crashes
    assert await store.find(SHOP, [AttachmentId("att_a")]) == {}
    assert waiting.waiting == {}
    assert await events(log, MEDIA) == []


async def _unavailable(*_: object, **__: object) -> None:
    raise LogUnavailableError("away")


async def test_r9_5_organizations_take_turns(
    keeper: MediaKeeper, waiting: InMemoryWaitingMedia, hosts: Hosts
) -> None:
    await waiting.add([medium(f"shop-{number}") for number in range(50)])
    await waiting.add([medium("other", "other")])
    for _ in range(2):
        await keeper.keep_next()
    assert "other" in hosts.asked
