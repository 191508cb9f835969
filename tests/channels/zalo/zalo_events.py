"""What the sample bodies must become, by the rules."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from support.zalo import OA, USER
from tuyen_channels.ports import Page
from tuyen_events import ids
from tuyen_events.inbound import (
    Attachment,
    Customer,
    CustomerEvent,
    CustomerFollowed,
    CustomerReferred,
    CustomerUnfollowed,
    MessageEchoed,
    MessageReacted,
    MessageReceived,
    MessagesDelivered,
    MessagesSeen,
    Referral,
)
from tuyen_events.vocabulary import Channel

ORGANIZATION, PAGE_ID = ids.OrganizationId("hoa-sen"), ids.PageId("hoa-sen-zalo")
PAGES = {OA: Page(ORGANIZATION, PAGE_ID)}
ACCEPTED = datetime(2026, 9, 21, 14, 13, 21, tzinfo=UTC)
ACTED = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)  # 1790000000000
MSG = "96d3cdf3af1504600"


def customer(external_id: str = USER, **known: Any) -> Customer:
    identifier = ids.customer_id(ORGANIZATION, PAGE_ID, external_id)
    return Customer(id=identifier, external_id=external_id, **known)


def thread(who: Customer | None = None) -> dict[str, Any]:
    """What events of a customer's message thread share."""
    found = who or customer()
    return {
        "organization": ORGANIZATION,
        "page_id": PAGE_ID,
        "channel": Channel.ZALO,
        "occurred_at": ACTED,
        "accepted_at": ACCEPTED,
        "customer": found,
        "conversation_id": ids.message_thread_id(found.id),
    }


def message(external_id: str) -> dict[str, Any]:
    return {
        "message_id": ids.message_id(ORGANIZATION, PAGE_ID, external_id),
        "external_id": external_id,
    }


def received(number: str, *attachments: Attachment, text: str | None = None) -> MessageReceived:
    return MessageReceived(
        **thread(), **message(MSG + number), text=text, attachments=tuple(attachments)
    )


def echoed(number: str, *attachments: Attachment, text: str | None = None) -> MessageEchoed:
    return MessageEchoed(
        **thread(), **message(MSG + number), text=text, attachments=tuple(attachments)
    )


INFO = "Đường số 13, Phường Tân Thuận, Thành phố Hồ Chí Minh"

EVENTS: Mapping[str, CustomerEvent] = {
    "zalo__follow": CustomerFollowed(**thread(), followed_from="oa_profile"),
    "zalo__unfollow": CustomerUnfollowed(**thread(), unfollowed_from="oa_profile"),
    "zalo__oa_send_image": echoed("22", Attachment(kind="image", url="https://f1.zdn.vn/1.jpg")),
    "zalo__oa_send_text": echoed("20", text="Dạ còn ạ"),
    "zalo__user_click_chatnow": CustomerReferred(**thread(), referral=Referral(source="chatnow")),
    "zalo__user_reacted_message": MessageReacted(
        **thread(), message_id=message(f"{MSG}20")["message_id"], emoji="❤"
    ),
    "zalo__user_received_message": MessagesDelivered(**thread(), watermark=ACTED),
    "zalo__user_seen_message": MessagesSeen(**thread(), watermark=ACTED),
    "zalo__user_send_audio": received(
        "06", Attachment(kind="audio", url="https://f1-voice.zdn.vn/1.amr")
    ),
    "zalo__user_send_file": received(
        "09", Attachment(kind="file", url="https://f1.zdn.vn/report.pdf", title="report.pdf")
    ),
    "zalo__user_send_gif": received("04", Attachment(kind="image", url="https://f1.zdn.vn/1.gif")),
    "zalo__user_send_image": received(
        "03", Attachment(kind="image", url="https://f1-photo.zdn.vn/1.jpg"), text="mẫu này"
    ),
    "zalo__user_send_link": received(
        "05",
        Attachment(kind="link", url="https://example.com", title="mô tả"),
        text="https://example.com",
    ),
    "zalo__user_send_location": received(
        "10", Attachment(kind="location", latitude=10.7645, longitude=106.6561)
    ),
    "zalo__user_send_sticker": received(
        "08", Attachment(kind="sticker", url="https://api.zalo.me/sticker.png")
    ),
    "zalo__user_send_text": received("01", text="Xin chào OA"),
    "zalo__user_send_video": received(
        "07", Attachment(kind="video", url="https://f1.zdn.vn/1.mp4")
    ),
    # C1: what the customer says of themselves is the customer's, and is shown as their message.
    "zalo__user_submit_info": MessageReceived(
        **thread(customer(name="Nguyen Van A", phone="84912345678", gender="male", location=INFO)),
        **message(f"user_submit_info:{USER}:1790000000000"),
        text=f"Nguyen Van A\n84912345678\n30/10/1999\nNam\n{INFO}",
    ),
}
