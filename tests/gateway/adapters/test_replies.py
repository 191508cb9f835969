"""How many replies may wait to be sent, and what counting them costs (I6)."""

from datetime import timedelta

import pytest

from gateway.rig import START
from tuyen_events.ids import AgentId, ConversationId, MessageId, OrganizationId, PageId
from tuyen_gateway.adapters import replies as replies_adapter
from tuyen_gateway.adapters.replies import MongoReplies
from tuyen_gateway.domain.attempts import ReplyState
from tuyen_gateway.domain.threads import Direction, Message
from tuyen_gateway.errors import TooManyAttemptsError
from tuyen_gateway.ports.replies import Sender
from tuyen_gateway.projections import collections
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database

SHOP, PAGE = OrganizationId("shop"), PageId("page")
SENDER = Sender(SHOP, PAGE, AgentId("lan"))
RIVAL = Sender(OrganizationId("rival"), PAGE, AgentId("lan"))


@pytest.fixture
def replies(
    views: Database,
    log: InMemoryLog,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
    indexes: None,
) -> MongoReplies:
    """Three replies may wait."""
    monkeypatch.setattr(replies_adapter, "PENDING_REPLIES_OF_PAGE", 3)
    return MongoReplies(views, log, clock)


async def wait_to_be_sent(views: Database, number: int) -> None:
    message = Message(
        id=MessageId(f"m_{number}"),
        organization=SHOP,
        page_id=PAGE,
        at=START,
        accepted_at=START,
        accepted_us=0,
        partition=0,
        offset=number,
        conversation_id=ConversationId("msg_1"),
        direction=Direction.OUT,
        state=ReplyState.PENDING,
    )
    assert await collections.write_documents(views[collections.MESSAGES], {}, [message])


async def test_i6_what_waits_is_counted_once_for_as_many_as_may_follow(
    replies: MongoReplies, views: Database, clock: ManualClock
) -> None:
    assert not replies.take_room(SENDER)
    await wait_to_be_sent(views, 1)
    await replies.check_pending(SENDER)
    await wait_to_be_sent(views, 2)
    assert replies.take_room(SENDER)
    await wait_to_be_sent(views, 3)
    assert not replies.take_room(SENDER)
    with pytest.raises(TooManyAttemptsError):
        await replies.check_pending(SENDER)
    assert not replies.take_room(RIVAL)
    await replies.check_pending(RIVAL)


async def test_r9_6_a_count_is_forgotten_with_the_next_one_after_its_second(
    replies: MongoReplies, clock: ManualClock
) -> None:
    await replies.check_pending(SENDER)
    clock.advance(timedelta(seconds=1))
    await replies.check_pending(RIVAL)
    assert list(replies._room) == [RIVAL.organization]


async def test_i6_a_count_is_not_relied_on_for_long(
    replies: MongoReplies, views: Database, clock: ManualClock
) -> None:
    await replies.check_pending(SENDER)
    for number in range(3):
        await wait_to_be_sent(views, number)  # by another gateway
    clock.advance(timedelta(seconds=1))
    with pytest.raises(TooManyAttemptsError):
        await replies.check_pending(SENDER)
