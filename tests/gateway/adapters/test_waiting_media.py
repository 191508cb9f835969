"""The media that wait, held by MongoDB and by the twin in memory."""

from datetime import UTC, datetime, timedelta

import pytest

from tuyen_events.ids import MessageId, OrganizationId, PageId
from tuyen_events.outbound import AttachmentId
from tuyen_events.vocabulary import Channel
from tuyen_gateway.adapters import waiting_media
from tuyen_gateway.adapters.waiting_media import InMemoryWaitingMedia, MongoWaitingMedia
from tuyen_gateway.domain.media import WaitingMedium
from tuyen_gateway.ports.media import WaitingMedia
from tuyen_platform.mongodb import Database

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
SHOP, OTHER = OrganizationId("shop"), OrganizationId("other")
MINUTE = timedelta(minutes=1)


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.mongodb)])
def waiting(request: pytest.FixtureRequest) -> WaitingMedia:
    if request.param == "memory":
        return InMemoryWaitingMedia()
    return MongoWaitingMedia(request.getfixturevalue("views"))


def medium(name: str, message: str = "m_1") -> WaitingMedium:
    return WaitingMedium(
        id=AttachmentId(f"att_{name}"),
        organization=SHOP,
        page_id=PageId("page"),
        channel=Channel.FACEBOOK,
        message_id=MessageId(message),
        url=f"https://scontent.xx.fbcdn.net/{name}",
        name=None,
        partition=3,
        accepted_at=NOW,
        due=NOW,
    )


async def test_i6_what_was_taken_back_is_not_added_and_nothing_else_is_left_out(
    waiting: WaitingMedia,
) -> None:
    await waiting.withdraw(OTHER, MessageId("m_2"), NOW + MINUTE)
    await waiting.withdraw(SHOP, MessageId("m_1"), NOW + MINUTE)
    await waiting.withdraw(SHOP, MessageId("m_1"), NOW)
    await waiting.add([medium("a"), medium("b", message="m_2")])
    left = await waiting.claim(SHOP, NOW, NOW + MINUTE)
    assert left is not None
    assert left.id == "att_b"
    assert await waiting.claim(SHOP, NOW, NOW + MINUTE) is None
    assert list(await waiting.find_left(SHOP, MessageId("m_1")) or ()) == []
    assert await waiting.find_left(SHOP, MessageId("m_2")) is None


async def test_i8_what_an_edit_took_off_is_not_added_whichever_edit_is_read_last(
    waiting: WaitingMedia,
) -> None:
    message = MessageId("m_1")
    for order, left in (("2", "b"), ("1", "a"), ("2", "a")):
        await waiting.note_edit(SHOP, message, order, [AttachmentId(f"att_{left}")], NOW + MINUTE)
    assert list(await waiting.find_left(SHOP, message) or ()) == ["att_b"]
    gone = await waiting.add([medium("a"), medium("b")])
    assert {one.id for one in gone} == {"att_a", "att_b"}  # nothing remains to be done for the one
    for found in ("att_b", None):
        claimed = await waiting.claim(SHOP, NOW, NOW + MINUTE)
        assert (None if claimed is None else claimed.id) == found
    await waiting.withdraw(SHOP, message, NOW + MINUTE)
    assert await waiting.find_left(SHOP, message) is not None
    assert list(await waiting.find_left(SHOP, message) or ()) == []
    assert await waiting.find_left(OTHER, message) is None


async def test_i6_what_is_taken_back_while_it_is_fetched_is_due_again(
    waiting: WaitingMedia,
) -> None:
    """Otherwise, if its fetcher ended, nobody would remove what that had stored."""
    await waiting.add([medium("a")])
    await waiting.claim(SHOP, NOW, NOW + MINUTE)
    await waiting.withdraw(SHOP, MessageId("m_1"), NOW + 9 * MINUTE)
    assert await waiting.organizations(NOW + MINUTE) == [SHOP]


@pytest.mark.mongodb
async def test_r9_6_what_was_taken_back_is_forgotten(views: Database) -> None:
    await MongoWaitingMedia(views).withdraw(SHOP, MessageId("m_1"), NOW)
    for name in (waiting_media.WITHDRAWN, waiting_media.EDITED):
        indexes = await views[name].index_information()
        assert indexes["kept"]["expireAfterSeconds"] == 0
