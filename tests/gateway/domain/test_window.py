"""When a channel lets a page write to a customer (P5)."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tuyen_events.ids import ConversationId
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.window import Allowed, Window, find_window

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
CONTENT = (Allowed.TEXT, Allowed.ATTACHMENT)


def row(channel: Channel, hours_ago: float | None) -> InboxRow:
    said = None if hours_ago is None else NOW - timedelta(hours=hours_ago)
    return InboxRow(
        id=ConversationId("msg_1"),
        channel=channel,
        kind=ConversationKind.MESSAGE,
        interacted_at=said,
    )


@pytest.mark.parametrize(
    ("channel", "hours_ago", "human_agent", "open_", "allowed"),
    [
        (Channel.FACEBOOK, 23.9, False, True, CONTENT),
        (Channel.FACEBOOK, 24, False, False, ()),
        (Channel.FACEBOOK, 24, True, False, (*CONTENT, Allowed.HUMAN_AGENT)),
        (Channel.FACEBOOK, 7 * 24, True, False, ()),
        (Channel.ZALO, 47.9, False, True, CONTENT),
        (Channel.ZALO, 48, True, False, ()),
    ],
)
def test_p5_a_window_begins_with_the_customers_last_word(
    channel: Channel, hours_ago: float, human_agent: bool, open_: bool, allowed: tuple[Allowed, ...]
) -> None:
    window = find_window(row(channel, hours_ago), NOW, human_agent=human_agent)
    within = timedelta(hours=24 if channel is Channel.FACEBOOK else 48)
    until = NOW - timedelta(hours=hours_ago) + within
    assert window == Window(open=open_, until=until, allowed=allowed)


def test_p5_a_customer_who_never_wrote_a_message_has_no_window() -> None:
    window = find_window(row(Channel.FACEBOOK, None), NOW, human_agent=True)
    assert window == Window(open=False, until=None, allowed=())


def test_p5_a_sites_visitor_can_always_be_answered() -> None:
    window = find_window(row(Channel.LIVECHAT, 10_000), NOW, human_agent=False)
    assert window == Window(open=True, until=None, allowed=CONTENT)


def test_p5_nothing_is_sent_to_a_channel_of_a_later_version() -> None:
    assert not find_window(row(Channel("fax"), 1), NOW, human_agent=True).open


@pytest.mark.parametrize(("days_ago", "private"), [(6.9, True), (7, False)])
def test_p5_a_comment_can_be_answered_at_any_time_and_privately_for_7_days(
    days_ago: float, private: bool
) -> None:
    said = NOW - timedelta(days=days_ago)
    comments = msgspec.structs.replace(
        row(Channel.FACEBOOK, None),
        kind=ConversationKind.COMMENT,
        last_inbound=(said, said, 0),
    )
    window = find_window(comments, NOW, human_agent=False)
    allowed = (*CONTENT, Allowed.PRIVATE) if private else CONTENT
    assert window == Window(open=True, until=None, allowed=allowed)
