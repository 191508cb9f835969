"""Livechat's calls: signed deliveries of replies to a site's own chat.

Decides L5.
"""

import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC
from http import HTTPStatus
from types import MappingProxyType
from typing import ClassVar, Self

import msgspec

from tuyen_channels.calls import (
    AfterLost,
    CallOrder,
    CallSucceeded,
    ChannelRefusal,
    Limit,
    Pause,
    PauseScope,
    RefusalKind,
    ReplyWindow,
    RequestPart,
    UnsupportedRequestError,
)
from tuyen_channels.ports import Connector
from tuyen_channels.transport import (
    AnswerLostError,
    ForbiddenAddressError,
    HttpAnswer,
    HttpCall,
    NotSentError,
    Transport,
)
from tuyen_events.ids import event_id
from tuyen_events.outbound import OutboundAction, OutboundRequested
from tuyen_events.vocabulary import Channel

_LIMIT = Limit("replies", rate_s=50, burst=50)
_LONGEST_WAIT_S = 3600.0

_RETRIED = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY})
"""Statuses below 500 after which a repetition may succeed."""


class LivechatConnector:
    """Calls to the addresses of pages' sites. A page without one has the widget, or reads the
    thread elsewhere: its replies are delivered when they are in the log."""

    name: ClassVar[Channel] = Channel.LIVECHAT
    settings: ClassVar[Mapping[str, str]] = MappingProxyType({})
    reply_window: ClassVar[ReplyWindow] = ReplyWindow()
    by_token: ClassVar[bool] = True
    returns_client_id: ClassVar[bool] = False
    upload: ClassVar[None] = None
    look: ClassVar[None] = None
    refresh: ClassVar[None] = None

    def __init__(self, guarded: Transport) -> None:
        self._transport = guarded

    @classmethod
    def open(cls, settings: Mapping[str, str], transport: Transport, guarded: Transport) -> Self:
        return cls(guarded)

    def split(self, request: OutboundRequested) -> Sequence[RequestPart]:
        if request.action is not OutboundAction.SEND:
            raise UnsupportedRequestError("not_supported")
        return [RequestPart(request.text, request.attachments)]

    def limits(self, action: OutboundAction, part: RequestPart) -> Sequence[Limit]:
        return (_LIMIT,)

    def after_lost(self, action: OutboundAction) -> AfterLost:
        """The site drops an `event_id` that it has seen."""
        return AfterLost.REPEAT

    async def call(self, order: CallOrder) -> CallSucceeded | ChannelRefusal:
        if order.reply_url is None:
            return CallSucceeded()
        body = msgspec.json.encode(_build_event(order))
        key = order.token.reveal().encode()
        call = HttpCall(
            method="POST",
            url=order.reply_url,
            headers={
                "Content-Type": "application/json",
                "X-Signature-256": "sha256=" + hmac.new(key, body, "sha256").hexdigest(),
            },
            content=body,
        )
        try:
            answer = await self._transport.send(call)
        except ForbiddenAddressError:
            return ChannelRefusal(RefusalKind.PERMANENT, "address_refused")
        except NotSentError:
            return ChannelRefusal(RefusalKind.UNREACHABLE, "channel_unavailable")
        except AnswerLostError:
            return ChannelRefusal(RefusalKind.TRANSIENT, "channel_unavailable")
        return _judge(answer)


def _judge(answer: HttpAnswer) -> CallSucceeded | ChannelRefusal:
    """The meaning of a site's answer, of which the status alone is read."""
    status, detail = answer.status, f"HTTP {answer.status}"
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return CallSucceeded()
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        pause = Pause(PauseScope.PAGE, _read_wait(answer.headers.get("retry-after", "")))
        return ChannelRefusal(RefusalKind.THROTTLED, "throttled", detail, pause)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _RETRIED:
        return ChannelRefusal(RefusalKind.TRANSIENT, "channel_unavailable", detail)
    return ChannelRefusal(RefusalKind.PERMANENT, "refused", detail)


def _read_wait(header: str) -> float | None:
    return min(float(header), _LONGEST_WAIT_S) if header.isascii() and header.isdigit() else None


def _build_event(order: CallOrder) -> dict[str, object]:
    """The delivery. It is the same whenever it is made, so a site can drop a repeated one."""
    request = order.request
    attachments = [
        {
            "type": each.kind,
            "url": order.links.get(each.id),
            "title": each.name,
            "content_type": each.content_type,
            "size": each.size,
        }
        for each in order.part.attachments
    ]
    moment = request.at.astimezone(UTC).isoformat(timespec="milliseconds")
    return {
        "event_id": event_id("livechat-reply", request.request_id),
        "type": "message",
        "visitor_id": request.customer_external_id,
        "message": {
            "id": request.message_id,
            "text": order.part.text,
            "attachments": attachments,
            "agent": {"name": request.by_name},
        },
        "timestamp": moment.replace("+00:00", "Z"),
    }


CONNECTOR: type[Connector] = LivechatConnector
