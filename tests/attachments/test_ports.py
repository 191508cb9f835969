"""What `tuyen_attachments.ports` promises, held by MongoDB and by the twin in memory."""

from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime, timedelta

import pytest

from tuyen_attachments.memory import InMemoryAttachments
from tuyen_attachments.mongodb import FILES, PART_BYTES, PARTS, MongoAttachments
from tuyen_attachments.ports import Attachments, NewAttachment
from tuyen_events.ids import AgentId, ConversationId, MessageId, OrganizationId, PageId
from tuyen_events.outbound import AttachmentId
from tuyen_platform.error_causes import ContendedError
from tuyen_platform.mongodb import Database

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
SHOP, OTHER = OrganizationId("shop"), OrganizationId("other")
THREAD = ConversationId("msg_1")
CONTENT = bytes(range(251)) * 3_000  # three parts, the last one not full


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.mongodb)])
def store(request: pytest.FixtureRequest) -> Attachments:
    if request.param == "memory":
        return InMemoryAttachments()
    return MongoAttachments(request.getfixturevalue("views"))


def uploaded(
    name: str = "a", organization: OrganizationId = SHOP, at: datetime = NOW
) -> NewAttachment:
    return NewAttachment(
        id=AttachmentId(f"att_{name}"),
        organization=organization,
        kind="image",
        content_type="image/png",
        name=f"{name}.png",
        uploaded_by=AgentId("lan"),
        created_at=at,
    )


def received(name: str = "m", message: str = "m_1", at: datetime = NOW) -> NewAttachment:
    return NewAttachment(
        id=AttachmentId(f"att_{name}"),
        organization=SHOP,
        kind="image",
        content_type="image/png",
        message_id=MessageId(message),
        page_id=PageId("page"),
        created_at=at,
    )


async def content(whole: bytes = CONTENT, size: int = 10_000) -> AsyncIterator[bytes]:
    for at in range(0, len(whole), size):
        yield whole[at : at + size]


async def read(store: Attachments, name: str, start: int = 0, end: int | None = None) -> bytes:
    opened = await store.open(SHOP, AttachmentId(f"att_{name}"))
    assert opened is not None
    last = opened.attachment.size if end is None else end
    return b"".join([part async for part in opened.read(start, last)])


async def test_i6_what_was_stored_is_read_as_it_was(store: Attachments) -> None:
    stored = await store.add(uploaded(), content())
    assert stored.size == len(CONTENT)
    assert (await store.find(SHOP, [stored.id]))[stored.id] == stored
    picture = await store.add(received(), content())
    assert (await store.find(SHOP, [picture.id]))[picture.id] == picture
    assert await read(store, "a") == CONTENT
    await store.add(uploaded("empty"), content(b""))
    assert await read(store, "empty") == b""


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (0, 1),
        (PART_BYTES - 1, PART_BYTES + 1),
        (PART_BYTES, 2 * PART_BYTES),
        (len(CONTENT) - 1, len(CONTENT) + 10),
        (5, 5),
    ],
)
async def test_i6_a_range_is_read_alone(store: Attachments, start: int, end: int) -> None:
    await store.add(uploaded(), content())
    assert await read(store, "a", start, end) == CONTENT[start:end]


async def test_r9_5_another_organization_has_nothing_of_it(store: Attachments) -> None:
    stored = await store.add(uploaded(), content())
    assert await store.open(OTHER, stored.id) is None
    assert await store.find(OTHER, [stored.id]) == {}
    assert await store.note_use(OTHER, [stored.id], THREAD) == {}


async def test_r9_2_the_same_id_is_stored_once(store: Attachments) -> None:
    first = await store.add(received(), content())
    again = await store.add(received(), content(b"something else"))
    assert again == first
    assert await read(store, "m") == CONTENT


async def test_i6_what_breaks_off_leaves_nothing(store: Attachments) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield CONTENT
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await store.add(uploaded(), broken())
    assert await store.find(SHOP, [AttachmentId("att_a")]) == {}
    await store.add(uploaded(), content(b"short"))
    assert await read(store, "a") == b"short"


async def test_i6_a_file_is_noted_in_each_conversation_in_which_it_is_sent(
    store: Attachments, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("memory", "mongodb"):
        monkeypatch.setattr(f"tuyen_attachments.{module}.ATTACHMENT_CONVERSATIONS", 2)
    stored = await store.add(uploaded(), content())
    ids = [stored.id, AttachmentId("att_unknown")]
    threads = [ConversationId("msg_1"), ConversationId("msg_2"), ConversationId("msg_1")]
    for thread in threads:
        assert (await store.note_use(SHOP, ids, thread)).keys() == {stored.id}
    found = (await store.find(SHOP, ids))[stored.id]
    assert found.conversations == tuple(threads[:2])
    assert await store.note_use(SHOP, ids, ConversationId("msg_3")) == {}


async def test_i6_unused_files_are_removed_after_their_time(store: Attachments) -> None:
    for name in ("unused", "used"):
        await store.add(uploaded(name), content())
    await store.add(uploaded("young", at=NOW + timedelta(hours=1)), content())
    await store.add(received(), content())
    await store.note_use(SHOP, [AttachmentId("att_used")], THREAD)
    assert await store.remove_unused(NOW + timedelta(minutes=1)) == 1
    assert await store.remove_unused(NOW + timedelta(minutes=1)) == 0
    ids = [AttachmentId(f"att_{name}") for name in ("unused", "used", "young", "m")]
    assert (await store.find(SHOP, ids)).keys() == set(ids[1:])


async def test_r9_6_the_oldest_make_room_within_their_organization(store: Attachments) -> None:
    for minute in range(4):
        at = NOW + timedelta(minutes=minute)
        await store.add(uploaded(str(minute), at=at), content(b"x" * 100))
    await store.add(uploaded("other", OTHER), content(b"x" * 250))
    assert await store.remove_oldest(250) == 2
    ids = [AttachmentId(f"att_{minute}") for minute in range(4)]
    assert (await store.find(SHOP, ids)).keys() == set(ids[2:])
    assert await store.find(OTHER, [AttachmentId("att_other")])
    assert await store.remove_oldest(250) == 0


async def test_i6_what_a_customer_took_back_is_removed(store: Attachments) -> None:
    await store.add(received("m1", "m_1"), content())
    await store.add(received("m2", "m_2"), content())
    for _ in range(2):
        await store.remove_of_message(SHOP, MessageId("m_1"))
        await store.remove_of_message(OTHER, MessageId("m_2"))
    ids = [AttachmentId("att_m1"), AttachmentId("att_m2")]
    assert (await store.find(SHOP, ids)).keys() == {ids[1]}


async def test_i8_what_is_left_of_an_edited_comment_is_not_removed(store: Attachments) -> None:
    ids = [AttachmentId("att_m1"), AttachmentId("att_m2")]
    for name in ("m1", "m2"):
        await store.add(received(name, "m_1"), content())
    await store.remove_of_message(SHOP, MessageId("m_1"), [ids[1]])
    assert (await store.find(SHOP, ids)).keys() == {ids[1]}


async def test_r9_5_uploads_are_counted_for_their_organization(store: Attachments) -> None:
    await store.add(uploaded("old", at=NOW - timedelta(hours=2)), content())
    await store.add(uploaded("new"), content(b"x" * 100))
    await store.add(uploaded("other", OTHER), content())
    await store.add(received(), content())
    usage = await store.uploaded_since(SHOP, NOW - timedelta(hours=1))
    assert (usage.files, usage.size) == (1, 100)
    nothing = await store.uploaded_since(SHOP, NOW + timedelta(hours=1))
    assert (nothing.files, nothing.size) == (0, 0)


async def test_i6_a_file_that_is_sent_while_unused_ones_are_removed_is_kept(
    views: Database,
) -> None:
    store = MongoAttachments(views)
    for name in ("late", "unused"):
        await store.add(uploaded(name), content())
    find = store._ids

    async def find_and_use(query: dict[str, object]) -> list[AttachmentId]:
        found = await find(query)
        await store.note_use(SHOP, [AttachmentId("att_late")], THREAD)
        return found

    store._ids = find_and_use  # type: ignore[method-assign]  # another gateway is faster
    assert await store.remove_unused(NOW + timedelta(days=1)) == 1
    opened = await store.open(SHOP, AttachmentId("att_late"))
    assert opened is not None
    assert b"".join([part async for part in opened.read_all()]) == CONTENT


async def test_r9_6_an_interrupted_upload_is_removed_like_an_unused_one(views: Database) -> None:
    store = MongoAttachments(views)

    async def killed() -> AsyncIterator[bytes]:
        yield CONTENT
        yield CONTENT[: 1 - len(CONTENT)]
        raise KeyboardInterrupt

    store._drop = _do_nothing  # type: ignore[method-assign]  # the process ends before it
    with pytest.raises(KeyboardInterrupt):
        await store.add(uploaded(), killed())
    assert await store.open(SHOP, AttachmentId("att_a")) is None
    assert await views[PARTS].count_documents({}) > 0
    assert await MongoAttachments(views).remove_unused(NOW + timedelta(days=1)) == 1
    assert await views[PARTS].count_documents({}) == 0
    assert await views[FILES].count_documents({}) == 0


async def test_i6_what_is_taken_back_while_it_is_stored_leaves_nothing(views: Database) -> None:
    store = MongoAttachments(views)

    async def taken_back() -> AsyncIterator[bytes]:
        yield b"less than a part"
        await store.remove_of_message(SHOP, MessageId("m_1"))

    with pytest.raises(ContendedError):
        await store.add(received(), taken_back())
    assert await views[PARTS].count_documents({}) == 0


async def _do_nothing(ids: Collection[AttachmentId]) -> None: ...
