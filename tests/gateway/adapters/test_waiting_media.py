"""The media that wait, held by MongoDB and by the twin in memory."""

from datetime import UTC, datetime

import pytest

from tuyen_events.ids import MessageId, OrganizationId, PageId
from tuyen_events.outbound import AttachmentId
from tuyen_events.vocabulary import Channel
from tuyen_gateway.adapters.waiting_media import InMemoryWaitingMedia, MongoWaitingMedia
from tuyen_gateway.domain.media import WaitingMedium
from tuyen_gateway.ports.media import WaitingMedia

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
SHOP, OTHER = OrganizationId("shop"), OrganizationId("other")


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


async def test_i6_what_was_taken_back_waits_no_more(waiting: WaitingMedia) -> None:
    await waiting.add([medium("a"), medium("b", message="m_2")])
    await waiting.remove_of_message(OTHER, MessageId("m_2"))
    await waiting.remove_of_message(SHOP, MessageId("m_1"))
    left = await waiting.claim(SHOP, NOW, NOW)
    assert left is not None
    assert left.id == "att_b"
