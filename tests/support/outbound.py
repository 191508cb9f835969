"""Requests to a channel and what became of them, as tests make them."""

from datetime import datetime, timedelta
from typing import Any

from support.inbox_inbound import ORGANIZATION, PAGE, START, customer
from tuyen_events.ids import (
    AgentId,
    ConversationId,
    MessageId,
    comment_thread_id,
    message_id,
    message_thread_id,
    outbound_request_id,
    reply_id,
)
from tuyen_events.inbound import Customer
from tuyen_events.outbound import (
    OutboundAction,
    OutboundCancelled,
    OutboundError,
    OutboundOutcome,
    OutboundRequested,
    OutboundSettled,
)
from tuyen_events.vocabulary import Channel, ConversationKind

LAN = customer(0)
THREAD = message_thread_id(LAN.id)
REFUSED = OutboundError(code="blocked", vi="Khách đã chặn trang.", en="The customer blocked you.")


def at_second(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def name_message(external_id: str) -> MessageId:
    return message_id(ORGANIZATION, PAGE, external_id)


def about_page(at: float) -> dict[str, Any]:
    """What all inbound events have, of what happened at that second."""
    return {
        "organization": ORGANIZATION,
        "page_id": PAGE,
        "channel": Channel.FACEBOOK,
        "occurred_at": at_second(at),
        "accepted_at": at_second(at),
    }


def about_message(external_id: str, at: float) -> dict[str, Any]:
    """The same of an event about one message or comment."""
    return {**about_page(at), "message_id": name_message(external_id)}


def requested(
    key: str = "k1",
    *,
    at: float = 10,
    who: Customer = LAN,
    action: OutboundAction = OutboundAction.SEND,
    root: str | None = None,
    again: OutboundRequested | None = None,
    **changed: Any,
) -> OutboundRequested:
    """A reply in the message thread of `who` or, with the action `comment`, below the comment
    `root`. With `again`, the same one once more."""
    thread, kind = message_thread_id(who.id), ConversationKind.MESSAGE
    if action is OutboundAction.COMMENT and root is not None:
        thread, kind = comment_thread_id(ORGANIZATION, PAGE, root), ConversationKind.COMMENT
    reply = reply_id(thread, key)
    given: dict[str, Any] = {
        "request_id": outbound_request_id(reply if again is None else again.request_id),
        "retries": None if again is None else again.request_id,
        "organization": ORGANIZATION,
        "page_id": PAGE,
        "channel": Channel.FACEBOOK,
        "conversation_id": thread,
        "message_id": reply,
        "at": at_second(at),
        "action": action,
        "customer_id": who.id,
        "customer_external_id": who.external_id,
        "customer_name": who.name,
        "kind": kind,
        "by": AgentId("an"),
        "by_name": "An",
        "client_id": key,
        "target_external_id": root,
        "target_message_id": None if root is None else name_message(root),
        "text": f"dạ {key}",
        "body_digest": key,
    }
    return OutboundRequested(**{**given, **changed})


def acted(
    action: OutboundAction,
    message: MessageId,
    thread: ConversationId,
    *,
    at: float = 20,
    number: int = 1,
    external_id: str = "c1",
) -> OutboundRequested:
    """An action on a comment."""
    return requested(
        request_id=f"req_{message}_{number}",
        message_id=message,
        conversation_id=thread,
        kind=ConversationKind.COMMENT,
        action=action,
        at=at,
        client_id=None,
        target_external_id=external_id,
        target_message_id=message,
        text=None,
    )


def settled(
    request: OutboundRequested,
    *external_ids: str,
    outcome: OutboundOutcome = OutboundOutcome.DONE,
    error: OutboundError | None = None,
    text: str | None = None,
    after_s: float = 1,
) -> OutboundSettled:
    """What became of a request, some time after it was made."""
    return OutboundSettled(
        request_id=request.request_id,
        organization=request.organization,
        page_id=request.page_id,
        channel=request.channel,
        conversation_id=request.conversation_id,
        message_id=request.message_id,
        at=request.at + timedelta(seconds=after_s),
        action=request.action,
        outcome=outcome,
        external_ids=external_ids,
        error=error,
        text=text,
    )


def failed(request: OutboundRequested, *, after_s: float = 1) -> OutboundSettled:
    return settled(request, outcome=OutboundOutcome.FAILED, error=REFUSED, after_s=after_s)


def cancelled(request: OutboundRequested) -> OutboundCancelled:
    return OutboundCancelled(
        request_id=request.request_id,
        organization=request.organization,
        page_id=request.page_id,
        channel=request.channel,
        conversation_id=request.conversation_id,
        message_id=request.message_id,
        at=request.at,
        by=AgentId("an"),
    )
