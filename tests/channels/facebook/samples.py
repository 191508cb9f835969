"""The page, the customers and the ids in the sample bodies."""

from datetime import UTC, datetime
from typing import Any

from support.facebook import PAGE
from tuyen_channels.ports import Page
from tuyen_events import ids
from tuyen_events.inbound import Customer, InboundEvent, MessageEchoed, MessageReceived
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


def make_received(number: str, who: str = AN, **fields: Any) -> MessageReceived:
    mid = MID + number
    return MessageReceived(**thread(who), message_id=message_id(mid), external_id=mid, **fields)


def make_echoed(number: str, **fields: Any) -> MessageEchoed:
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
