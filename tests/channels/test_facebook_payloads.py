"""Every sample body and the events that it must become, written by hand from the rules."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from support.facebook import PAGE, payload, payload_names
from tuyen_channels.facebook import parser
from tuyen_channels.live_posts import LivePosts
from tuyen_channels.ports import Page, Skipped, SkipReason
from tuyen_events import ids
from tuyen_events.inbound import (
    Attachment,
    CommentAdded,
    CommentEdited,
    CommentHidden,
    CommentRemoved,
    CommentUnhidden,
    Customer,
    CustomerReferred,
    InboundEvent,
    LivestreamChanged,
    MessageDeleted,
    MessageEchoed,
    MessageEdited,
    MessageReacted,
    MessageReceived,
    MessagesDelivered,
    MessagesSeen,
    PostPublished,
    PostRemoved,
    Reacted,
    Referral,
)
from tuyen_events.vocabulary import Channel

ORGANIZATION = ids.OrganizationId("hoa-sen")
PAGE_ID = ids.PageId("hoa-sen-thoi-trang")
PAGES = {PAGE: Page(ORGANIZATION, PAGE_ID)}
ACCEPTED = datetime(2026, 9, 21, 14, 13, 21, tzinfo=UTC)
ACTED = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)  # 1790000000

AN, BINH = "6700000000000001", "6700000000000002"
MID = "m_G7806MxRRtEYRbaFW9DwQhGzibAfjF_0k8aXBtCrvhCCBUkL2hQxQYVrwMAV-"
POST = f"{PAGE}_332029982914750"
ROOT = "332029982914750_759878495960329"
LIVE_POST = f"{PAGE}_690891113073877"

COMMON: dict[str, Any] = {
    "organization": ORGANIZATION,
    "page_id": PAGE_ID,
    "channel": Channel.FACEBOOK,
    "occurred_at": ACTED,
    "accepted_at": ACCEPTED,
}


def key(place: str) -> str:
    return f"hoa-sen/hoa-sen-thoi-trang/{place}"


def customer(external_id: str, name: str | None = None) -> Customer:
    identifier = ids.customer_id(ORGANIZATION, PAGE_ID, external_id)
    return Customer(id=identifier, external_id=external_id, name=name)


def message_id(external_id: str) -> ids.MessageId:
    return ids.message_id(ORGANIZATION, PAGE_ID, external_id)


def thread(who: str = AN) -> dict[str, Any]:
    """What events of a customer's message thread share."""
    found = customer(who)
    return {**COMMON, "customer": found, "conversation_id": ids.message_thread_id(found.id)}


def received(number: str, who: str = AN, **fields: Any) -> MessageReceived:
    mid = MID + number
    return MessageReceived(**thread(who), message_id=message_id(mid), external_id=mid, **fields)


def echoed(number: str, **fields: Any) -> MessageEchoed:
    mid = MID + number
    return MessageEchoed(**thread(), message_id=message_id(mid), external_id=mid, **fields)


def about(
    external_id: str = ROOT, *, root: str = ROOT, post: str = POST, **fields: Any
) -> dict[str, Any]:
    """What events of a comment share; `root` names its conversation."""
    return {
        **COMMON,
        "message_id": message_id(external_id),
        "external_id": external_id,
        "post_external_id": post,
        "conversation_id": ids.comment_thread_id(ORGANIZATION, PAGE_ID, root),
        **fields,
    }


def at(second: int) -> datetime:
    return datetime(2026, 9, 21, 14, 13 + (20 + second) // 60, (20 + second) % 60, tzinfo=UTC)


NGUYEN = customer(AN, "Nguyen Van A")
LIKED: dict[str, Any] = {**COMMON, "post_external_id": POST, "customer": NGUYEN}

Expected = tuple[str, InboundEvent]

EVENTS: Mapping[str, list[Expected]] = {
    "messenger__text": [(key(AN), received("0001", text="Xin chào shop, còn áo size M không?"))],
    "messenger__image": [
        (
            key(AN),
            received(
                "0002",
                attachments=(
                    Attachment(
                        kind="image",
                        url="https://scontent.xx.fbcdn.net/v/t1.15752-9/1_n.jpg?oh=abc&oe=6574893B",
                    ),
                ),
            ),
        )
    ],
    "messenger__video": [
        (
            key(AN),
            received(
                "0004",
                attachments=(
                    Attachment(
                        kind="video", url="https://video.xx.fbcdn.net/v/1_n.mp4?oe=6574893B"
                    ),
                ),
            ),
        )
    ],
    "messenger__audio": [
        (
            key(AN),
            received(
                "0005",
                attachments=(
                    Attachment(
                        kind="audio", url="https://cdn.fbsbx.com/v/audioclip-1.mp4?oe=6574893B"
                    ),
                ),
            ),
        )
    ],
    "messenger__file": [
        (
            key(AN),
            received(
                "0006",
                attachments=(
                    Attachment(kind="file", url="https://cdn.fbsbx.com/v/bill.pdf?oe=6574893B"),
                ),
            ),
        )
    ],
    "messenger__sticker": [
        (
            key(AN),
            received(
                "0007",
                attachments=(
                    Attachment(
                        kind="sticker",
                        url="https://scontent.xx.fbcdn.net/v/t39.1997-6/851557_n.png",
                    ),
                ),
            ),
        )
    ],
    "messenger__location": [
        (
            key(AN),
            received(
                "0009",
                attachments=(Attachment(kind="location", latitude=10.77, longitude=106.69),),
            ),
        )
    ],
    "messenger__fallback_link": [
        (
            key(AN),
            received(
                "0010",
                text="https://example.com/p/1",
                attachments=(
                    Attachment(kind="link", url="https://example.com/p/1", title="Product 1"),
                ),
            ),
        )
    ],
    "messenger__quick_reply": [(key(AN), received("0011", text="Size M", payload="SIZE_M"))],
    "messenger__reply_to": [
        (key(AN), received("0012", text="Cái này", reply_to=message_id(MID + "0001")))
    ],
    "messenger__postback": [(key(AN), received("0030", text="Xem giỏ hàng", payload="CART_VIEW"))],
    "messenger__postback_get_started_referral": [
        (
            key(AN),
            received(
                "0031",
                text="Get Started",
                payload="__GET_STARTED__",
                referral=Referral(ref="aaaa", source="SHORTLINK", kind="OPEN_THREAD"),
            ),
        )
    ],
    "messenger__multi_in_one_entry": [
        (key(AN), received("0060", text="a")),
        (key(AN), MessagesSeen(**thread(), watermark=ACTED)),
        (key(BINH), received("0061", who=BINH, text="b")),
    ],
    # P5b: the page's own message belongs to the thread of the customer who got it.
    "messenger__echo_text_own_app": [
        (
            key(AN),
            echoed("0020", text="Dạ còn ạ", sender_app="990000000000001", client_id="out:8f3a0c"),
        )
    ],
    "messenger__echo_page_inbox_human": [
        (key(AN), echoed("0022", text="Để em kiểm tra nhé", sender_app="263902037430900"))
    ],
    "messenger__echo_attachment": [
        (
            key(AN),
            echoed(
                "0021",
                attachments=(
                    Attachment(
                        kind="video",
                        url="https://video.xx.fbcdn.net/v/t42.3356-2/1_n.mp4?oe=6574893B",
                    ),
                ),
                sender_app="1929931607227568",
            ),
        )
    ],
    "messenger__message_deleted": [
        (key(AN), MessageDeleted(**thread(), message_id=message_id(MID + "0001")))
    ],
    "messenger__message_edit": [
        (
            key(AN),
            MessageEdited(
                **thread(),
                message_id=message_id(MID + "0001"),
                text="Xin chào shop, còn áo size L không?",
                edit_number=1,
            ),
        )
    ],
    "messenger__reaction_react": [
        (key(AN), MessageReacted(**thread(), message_id=message_id(MID + "0020"), emoji="😢"))
    ],
    "messenger__reaction_unreact": [
        (key(AN), MessageReacted(**thread(), message_id=message_id(MID + "0020"), emoji=None))
    ],
    "messenger__read": [
        (
            key(AN),
            MessagesSeen(
                **thread(), watermark=datetime(2026, 9, 21, 14, 13, 19, 800_000, tzinfo=UTC)
            ),
        )
    ],
    "messenger__delivery": [
        (
            key(AN),
            MessagesDelivered(
                **thread(), watermark=datetime(2026, 9, 21, 14, 13, 19, 300_000, tzinfo=UTC)
            ),
        )
    ],
    "messenger__referral": [
        (
            key(AN),
            CustomerReferred(
                **thread(),
                referral=Referral(ref="live_2026_09", source="SHORTLINK", kind="OPEN_THREAD"),
            ),
        )
    ],
    "messenger__referral_ad": [
        (
            key(AN),
            CustomerReferred(
                **thread(),
                referral=Referral(
                    ref="promo", source="ADS", kind="OPEN_THREAD", ad_id="6045246247433"
                ),
            ),
        )
    ],
    "facebook_feed__comment_add": [
        (key(AN), CommentAdded(**about(customer=NGUYEN), text="Giá bao nhiêu shop?"))
    ],
    "facebook_feed__comment_add_no_from": [
        (
            key(f"anonymous:{ROOT}"),
            CommentAdded(
                **about(customer=customer(f"anonymous:{ROOT}")), text="Giá bao nhiêu shop?"
            ),
        )
    ],
    "facebook_feed__comment_add_photo": [
        (
            key(AN),
            CommentAdded(
                **about(customer=NGUYEN),
                attachments=(
                    Attachment(
                        kind="image",
                        url="https://scontent.xx.fbcdn.net/v/t39.30808-6/1_n.jpg?oe=65723DB2",
                    ),
                ),
            ),
        )
    ],
    "facebook_feed__comment_add_video": [
        (
            key(AN),
            CommentAdded(
                **about(customer=NGUYEN),
                text="Giá bao nhiêu shop?",
                attachments=(Attachment(kind="video", url="https://video.xx.fbcdn.net/v/1_n.mp4"),),
            ),
        )
    ],
    # Nobody has said yet that anything is live.
    "facebook_feed__comment_on_live": [
        (
            key(AN),
            CommentAdded(
                **about(
                    "690891113073877_911936769004758",
                    root="690891113073877_911936769004758",
                    post=LIVE_POST,
                    customer=NGUYEN,
                ),
                text="Chốt M01 size L 0912345678",
            ),
        )
    ],
    "facebook_feed__comment_edited": [
        (
            key(AN),
            CommentEdited(
                **about(customer=NGUYEN, occurred_at=at(20)), text="Giá bao nhiêu vậy shop?"
            ),
        )
    ],
    "facebook_feed__comment_hide": [
        (key(f"comment:{ROOT}"), CommentHidden(**about(occurred_at=at(30))))
    ],
    "facebook_feed__comment_unhide": [
        (key(f"comment:{ROOT}"), CommentUnhidden(**about(occurred_at=at(40))))
    ],
    "facebook_feed__comment_remove": [
        (key(AN), CommentRemoved(**about(customer=NGUYEN, occurred_at=at(60))))
    ],
    # R4.3: a reply belongs to the root's conversation, whoever writes it.
    "facebook_feed__reply_add": [
        (
            key(BINH),
            CommentAdded(
                **about(
                    "332029982914750_759878495960330",
                    parent_external_id=ROOT,
                    customer=customer(BINH, "Tran Thi B"),
                ),
                text="Mình cũng muốn biết",
            ),
        )
    ],
    "facebook_feed__reply_add_by_page": [
        (
            key(f"comment:{ROOT}"),
            CommentAdded(
                **about("332029982914750_759878495960331", parent_external_id=ROOT),
                text="Dạ 199k ạ",
            ),
        )
    ],
    "facebook_feed__reaction_add": [(key(AN), Reacted(**LIKED, reaction="love"))],
    "facebook_feed__reaction_add_comment": [
        (key(AN), Reacted(**LIKED, comment_external_id=ROOT, reaction="like"))
    ],
    "facebook_feed__reaction_edit": [(key(AN), Reacted(**LIKED, reaction="wow"))],
    "facebook_feed__reaction_remove": [(key(AN), Reacted(**LIKED, reaction=None))],
    "facebook_feed__status_add": [
        (
            key(f"post:{POST}"),
            PostPublished(**COMMON, post_external_id=POST, text="Hàng mới về"),
        )
    ],
    "facebook_feed__video_add": [
        (
            key(f"post:{LIVE_POST}"),
            PostPublished(
                **COMMON,
                post_external_id=LIVE_POST,
                text="LIVE sale 20h",
                video_external_id="334815795929748",
            ),
        )
    ],
    "facebook_feed__post_remove": [
        (key(f"post:{POST}"), PostRemoved(**COMMON, post_external_id=POST))
    ],
    # A broadcast has no time of its own: that of the delivery stands for it.
    **{
        f"facebook_live_videos__{status}": [
            (
                key("video:220578652911665"),
                LivestreamChanged(
                    **{**COMMON, "occurred_at": at(8)},
                    video_external_id="220578652911665",
                    live=live,
                ),
            )
        ]
        for status, live in (("live", True), ("live_stopped", False), ("vod", False))
    },
    "messenger__dashboard_test": [],
    "facebook_feed__unknown_item": [],
}

SKIPPED = {
    "messenger__dashboard_test": [Skipped(SkipReason.DASHBOARD_TEST, "0")],
    "facebook_feed__unknown_item": [Skipped(SkipReason.UNKNOWN_FIELD, "foo")],
}


def test_every_sample_body_has_its_expectation() -> None:
    assert payload_names() == sorted(EVENTS)


@pytest.mark.parametrize("name", payload_names())
def test_p3_a_sample_body_becomes_exactly_these_events(name: str) -> None:
    parsed = parser.parse(payload(name), ACCEPTED, PAGES, LivePosts())
    assert [(found.key, found.event) for found in parsed.events] == EVENTS[name]
    assert parsed.skipped == SKIPPED.get(name, [])
    assert parsed.failures == []


@pytest.mark.parametrize("name", payload_names())
def test_a_samples_subject_is_its_conversation_post_or_video(name: str) -> None:
    for found in parser.parse(payload(name), ACCEPTED, PAGES, LivePosts()).events:
        event = found.event
        expected = next(
            value
            for field in ("conversation_id", "post_external_id", "video_external_id")
            if (value := getattr(event, field, None)) is not None
        )
        assert found.subject == expected


def test_p5a_a_comment_on_a_livestream_stands_in_the_customers_live_thread() -> None:
    posts = LivePosts()
    for name in ("facebook_feed__video_add", "facebook_live_videos__live"):
        for place, fact in parser.parse(payload(name), ACCEPTED, PAGES, posts).classified:
            posts.apply(place, fact)
    body = payload("facebook_feed__comment_on_live")
    (found,) = parser.parse(body, ACCEPTED, PAGES, posts).events
    assert found.key == key(AN)
    assert isinstance(found.event, CommentAdded)
    assert found.event.livestream
    assert found.event.conversation_id == ids.livestream_thread_id(NGUYEN.id, LIVE_POST)
    assert found.event.parent_external_id is None
