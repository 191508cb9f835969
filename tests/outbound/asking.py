"""Requests of agents, as the gateway writes them. What a test is not about has a default."""

from datetime import UTC, datetime
from typing import Any

from tuyen_events.event import Envelope
from tuyen_events.ids import (
    AgentId,
    ConversationId,
    MessageId,
    OrganizationId,
    PageId,
    customer_id,
    customer_key,
    message_thread_id,
    reply_id,
)
from tuyen_events.outbound import (
    AttachmentId,
    OutboundAction,
    OutboundAttachment,
    OutboundCancelled,
    OutboundRequested,
)
from tuyen_events.outbound_topics import OUTBOUND
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_platform.kafka.partitions import partition_of

MOMENT = datetime(2026, 11, 21, 8, tzinfo=UTC)
SHOP, PAGE = OrganizationId("hoa-sen"), PageId("trang")
ACCOUNT = "104000000000001"


def conversation(customer: str = "670", page: PageId = PAGE) -> ConversationId:
    return message_thread_id(customer_id(SHOP, page, customer))


def request(name: str = "1", customer: str = "670", **given: Any) -> OutboundRequested:
    """A request to send the text `name`; its id and its client id are derived from `name`."""
    page = given.get("page_id", PAGE)
    client = given.get("client_id", f"key-{name}")
    thread = given.get("conversation_id", conversation(customer, page))
    fields: dict[str, Any] = {
        "request_id": f"req_{name}",
        "organization": SHOP,
        "page_id": page,
        "channel": Channel.FACEBOOK,
        "conversation_id": thread,
        "message_id": reply_id(thread, client),
        "at": MOMENT,
        "action": OutboundAction.SEND,
        "customer_id": customer_id(SHOP, page, customer),
        "customer_external_id": customer,
        "kind": ConversationKind.MESSAGE,
        "by": AgentId("lan"),
        "by_name": "Lan",
        "client_id": client,
        "text": name,
    }
    return OutboundRequested(**(fields | given))


def comment(name: str = "1", customer: str = "670", **given: Any) -> OutboundRequested:
    """A request to reply to the comment `333_1`."""
    fields: dict[str, Any] = {
        "action": OutboundAction.COMMENT,
        "kind": ConversationKind.COMMENT,
        "target_external_id": "333_1",
        "message_id": MessageId(f"m_{name}"),
    }
    return request(name, customer, **(fields | given))


def cancel(requested: OutboundRequested) -> OutboundCancelled:
    return OutboundCancelled(
        request_id=requested.request_id,
        organization=requested.organization,
        page_id=requested.page_id,
        channel=requested.channel,
        conversation_id=requested.conversation_id,
        message_id=requested.message_id,
        at=MOMENT,
        by=AgentId("lan"),
    )


def picture(name: str = "a", **given: Any) -> OutboundAttachment:
    fields: dict[str, Any] = {
        "id": AttachmentId(f"att_{name}"),
        "kind": "image",
        "content_type": "image/png",
        "size": 3,
        "name": f"{name}.png",
    }
    return OutboundAttachment(**(fields | given))


def place_of(requested: OutboundRequested) -> int:
    """The partition of everything about a request."""
    key = customer_key(requested.organization, requested.page_id, requested.customer_external_id)
    return partition_of(key, OUTBOUND.partitions)


def envelope_of(event: OutboundRequested | OutboundCancelled) -> Envelope:
    return Envelope(
        id=f"evt_{event.type}_{event.request_id}",
        source="tuyen/gateway",
        subject=event.conversation_id,
        time=event.at,
        data=event,
    )
