"""Events of one visitor's thread, as tests make them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from support import outbound
from tuyen_events.assignments import AssignmentMade
from tuyen_events.ids import (
    AgentId,
    MessageId,
    OrganizationId,
    PageId,
    customer_id,
    message_thread_id,
    reply_id,
)
from tuyen_events.inbound import Attachment, Customer, MessageReceived
from tuyen_events.outbound import (
    AttachmentId,
    OutboundAction,
    OutboundAttachment,
    OutboundOutcome,
    OutboundRequested,
    OutboundSettled,
)
from tuyen_events.vocabulary import Channel, ConversationKind, Reason

ORGANIZATION = OrganizationId("hoa-sen")
PAGE_ID = PageId("site")
VISITOR = "guest-1"
CUSTOMER = Customer(id=customer_id(ORGANIZATION, PAGE_ID, VISITOR), external_id=VISITOR)
THREAD = message_thread_id(CUSTOMER.id)
AT = datetime(2026, 11, 21, 8, tzinfo=UTC)


def at_second(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def wrote(number: int, *, at: float = 0, **changed: Any) -> MessageReceived:
    given: dict[str, Any] = {
        "organization": ORGANIZATION,
        "page_id": PAGE_ID,
        "channel": Channel.LIVECHAT,
        "occurred_at": at_second(at),
        "accepted_at": at_second(at),
        "customer": CUSTOMER,
        "conversation_id": THREAD,
        "message_id": MessageId(f"m_own_{number}"),
        "external_id": f"own-{number}",
        "text": f"hỏi {number}",
    }
    return MessageReceived(**{**given, **changed})


def replied(number: int, *, at: float | datetime = 10, **changed: Any) -> OutboundRequested:
    given: dict[str, Any] = {
        "request_id": f"req_{number}",
        "organization": ORGANIZATION,
        "page_id": PAGE_ID,
        "channel": Channel.LIVECHAT,
        "conversation_id": THREAD,
        "message_id": reply_id(THREAD, f"k{number}"),
        "at": at if isinstance(at, datetime) else at_second(at),
        "action": OutboundAction.SEND,
        "customer_id": CUSTOMER.id,
        "customer_external_id": VISITOR,
        "kind": ConversationKind.MESSAGE,
        "by": AgentId("lan"),
        "by_name": "Lan",
        "client_id": f"k{number}",
        "text": f"dạ {number}",
        "attachments": (
            OutboundAttachment(
                id=AttachmentId(f"att_{number}"),
                kind="image",
                content_type="image/png",
                size=3,
                name="gia.png",
            ),
        ),
    }
    return OutboundRequested(**{**given, **changed})


def settled(
    request: OutboundRequested, outcome: OutboundOutcome = OutboundOutcome.DONE
) -> OutboundSettled:
    return outbound.settled(request, outcome=outcome)


def assigned(agent: str | None, version: int, *, at: float = 1, **changed: Any) -> AssignmentMade:
    given: dict[str, Any] = {
        "organization": ORGANIZATION,
        "page_id": PAGE_ID,
        "conversation_id": THREAD,
        "customer_id": CUSTOMER.id,
        "kind": ConversationKind.MESSAGE,
        "version": version,
        "agent_id": None if agent is None else AgentId(agent),
        "previous_agent_id": None,
        "reason": Reason.ROTATION,
        "rule_id": None,
        "mode": None,
        "by": None,
        "caused_by": "evt_1",
        "at": at_second(at),
    }
    return AssignmentMade(**{**given, **changed})


def own_picture(number: int, url: str) -> MessageReceived:
    picture = Attachment(kind="image", url=url, title="giay.png")
    return wrote(number, text=None, attachments=(picture,))
