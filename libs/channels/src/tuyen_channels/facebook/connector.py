"""Facebook's calls: Messenger's Send API, and the comments of the Graph API.

Messenger has no key by which it recognizes a repeated call. What is sent with a message as
`metadata` is in its echo, so an echo proves that a message was sent. Comments have nothing of the
kind: the replies of the parent are listed instead.

While another app has a customer's thread, Messenger refuses what ours sends: then the thread is
taken over, and the call is repeated (P5d).

Decides P5d.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import ClassVar, Self

import msgspec

from tuyen_channels.answers import DECODING_ERRORS, send_call
from tuyen_channels.bounds import read_id
from tuyen_channels.calls import (
    AfterLost,
    BegunCall,
    CallOrder,
    CallSucceeded,
    ChannelRefusal,
    HiddenToken,
    Limit,
    RefusalKind,
    ReplyWindow,
    RequestPart,
    UnsupportedRequestError,
)
from tuyen_channels.facebook.authorizing import authorize
from tuyen_channels.facebook.refusals import (
    THREAD_TAKEN,
    find_graph_pause,
    find_graph_refusal,
)
from tuyen_channels.ports import Connector
from tuyen_channels.segments import name_segment
from tuyen_channels.texts import cut_into_messages
from tuyen_channels.transport import FormFile, HttpAnswer, HttpCall, Transport
from tuyen_events.outbound import OutboundAction, OutboundAttachment, OutboundRequested
from tuyen_events.vocabulary import Channel

TEXT_CHARACTERS = 2_000
"""The longest text of one message."""
COMMENT_CHARACTERS = 8_000
_KINDS = frozenset({"image", "video", "audio", "file"})
_LISTED = 100
"""How many of a comment's replies are listed to find ours."""
_CLOCKS_APART = timedelta(minutes=5)
"""How far Facebook's clock may be behind ours for a reply to count as made after a call began."""

_MESSAGES = Limit("messages", rate_s=250, burst=100)
"""Facebook takes 300 messages a second of a page. Above 40, its own inbox stops showing them."""
_MEDIA = Limit("media", rate_s=10, burst=10)
_PRIVATE_REPLIES = Limit("private_replies", rate_s=750 / 3600, burst=20)
_COMMENTS = Limit("comments", rate_s=5, burst=20)
_APP = Limit("app", rate_s=1_000, burst=500, of_app=True)


class _Made(msgspec.Struct, frozen=True):
    message_id: str | int | None = None
    attachment_id: str | int | None = None
    id: str | int | None = None
    success: bool | None = None


class _Author(msgspec.Struct, frozen=True):
    id: str | int | None = None


class _Reply(msgspec.Struct, frozen=True):
    id: str | int
    created_time: str | None = None
    message: str | None = None
    author: _Author | None = msgspec.field(name="from", default=None)


class _Replies(msgspec.Struct, frozen=True):
    data: list[_Reply] = []


class FacebookConnector:
    """Calls for Facebook's pages, with the token of each page."""

    name: ClassVar[Channel] = Channel.FACEBOOK
    settings: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"facebook_api": "https://graph.facebook.com/v24.0", "facebook_app_secret": ""}
    )
    reply_window: ClassVar[ReplyWindow] = ReplyWindow(
        within=timedelta(hours=24), people_within=timedelta(days=7)
    )
    by_token: ClassVar[bool] = False
    returns_client_id: ClassVar[bool] = True
    refresh: ClassVar[None] = None

    def __init__(self, address: str, app_secret: str, transport: Transport) -> None:
        self._address = address.rstrip("/")
        self._app_secret = app_secret
        self._transport = transport

    @classmethod
    def open(cls, settings: Mapping[str, str], transport: Transport, guarded: Transport) -> Self:
        return cls(settings["facebook_api"], settings["facebook_app_secret"], transport)

    def split(self, request: OutboundRequested) -> Sequence[RequestPart]:
        texts = cut_into_messages(request.text or "", _find_longest_text(request.action))
        if any(each.kind not in _KINDS for each in request.attachments):
            raise UnsupportedRequestError("file_refused")
        match request.action:
            case OutboundAction.SEND:
                files = [RequestPart(None, (each,), each) for each in request.attachments]
                return _require_content([RequestPart(text) for text in texts] + files)
            case OutboundAction.PRIVATE_REPLY:
                return _split_private_reply(texts, request.attachments)
            case OutboundAction.COMMENT:
                return _split_comment(texts, request.attachments)
            case OutboundAction.EDIT:
                return _require_content([RequestPart(text) for text in texts[:1]])
            case _ if request.action in _CHANGES:
                return [RequestPart()]
            case _:
                raise UnsupportedRequestError("not_supported")

    def limits(self, action: OutboundAction, part: RequestPart) -> Sequence[Limit]:
        match action:
            case OutboundAction.SEND:
                return (_APP, _MESSAGES, _MEDIA) if part.attachments else (_APP, _MESSAGES)
            case OutboundAction.PRIVATE_REPLY:
                return (_APP, _MESSAGES, _PRIVATE_REPLIES)
            case _:
                return (_APP, _COMMENTS)

    def after_lost(self, action: OutboundAction) -> AfterLost:
        match action:
            case OutboundAction.SEND | OutboundAction.PRIVATE_REPLY:
                return AfterLost.ECHO
            case OutboundAction.COMMENT:
                return AfterLost.LOOK
            case _:
                return AfterLost.REPEAT

    async def upload(self, order: CallOrder, content: bytes) -> CallSucceeded | ChannelRefusal:
        file = order.part.upload
        if file is None:
            raise ValueError("the part has no file")
        if order.request.action is OutboundAction.COMMENT:
            path, field, form = "photos", "source", {"published": "false"}
        else:
            payload = {"type": file.kind, "payload": {"is_reusable": False}}
            path, field = "message_attachments", "filedata"
            form = {"message": _dump({"attachment": payload})}
        name = file.name or file.kind
        call = HttpCall(
            method="POST",
            url=f"{self._address}/{name_segment(order.account)}/{path}",
            form=form,
            file=FormFile(field, name, file.content_type, content),
        )
        made = await self._make(call, order.token)
        if isinstance(made, CallSucceeded) and made.external_id is None:
            return ChannelRefusal(RefusalKind.TRANSIENT, "channel_unavailable", "Facebook: no id")
        return made

    async def call(self, order: CallOrder) -> CallSucceeded | ChannelRefusal:
        made = await self._make(self._build(order), order.token)
        if isinstance(made, ChannelRefusal) and made.code == THREAD_TAKEN:
            made = await self._take_over(order, made)
        if isinstance(made, ChannelRefusal):
            is_gone = made.kind is RefusalKind.PERMANENT and made.code == "gone"
            if is_gone and order.request.action in _DONE_WHEN_GONE:
                return CallSucceeded(pause=made.pause)
        elif order.request.action not in _MAKING:
            return made._replace(external_id=None)
        elif made.external_id is None:
            return ChannelRefusal(RefusalKind.LOST, "answer_lost", "Facebook: no id", made.pause)
        return made

    async def _take_over(self, order: CallOrder, refused: ChannelRefusal) -> ChannelRefusal:
        """Takes a customer's thread over from another app, so that the call that was `refused` can
        be repeated. The page decides which app may do this."""
        call = HttpCall(
            method="POST",
            url=f"{self._address}/{name_segment(order.account)}/take_thread_control",
            json={"recipient": {"id": order.request.customer_external_id}},
        )
        taken = await self._make(call, order.token)
        match taken:
            # The message itself was refused.
            case CallSucceeded() | ChannelRefusal(kind=RefusalKind.LOST):
                return refused._replace(kind=RefusalKind.TRANSIENT, certain=True)
            case ChannelRefusal(kind=RefusalKind.PERMANENT | RefusalKind.PAGE_STOPPED):
                return refused
            case _:
                return taken._replace(certain=True)

    async def look(self, begun: BegunCall) -> CallSucceeded | ChannelRefusal | None:
        order = begun.order
        call = HttpCall(
            method="GET",
            url=f"{self._address}/{name_segment(order.request.target_external_id)}/comments",
            query={
                "fields": "id,from,message,created_time",
                "order": "reverse_chronological",
                "filter": "stream",
                "limit": str(_LISTED),
            },
        )
        answer = await self._send(call, order.token)
        if isinstance(answer, ChannelRefusal):
            return answer
        try:
            replies = _replies_of(answer.body).data
        except DECODING_ERRORS:
            return ChannelRefusal(RefusalKind.TRANSIENT, "channel_unavailable", "Facebook: no list")
        for reply in replies:
            if _is_ours(reply, begun):
                return CallSucceeded(read_id(reply.id))
        return None

    def _build(self, order: CallOrder) -> HttpCall:
        request = order.request
        target = name_segment(request.target_external_id)
        if request.action in (OutboundAction.SEND, OutboundAction.PRIVATE_REPLY):
            url = f"{self._address}/{name_segment(order.account)}/messages"
            return HttpCall(method="POST", url=url, json=_build_message(order))
        if request.action is OutboundAction.COMMENT:
            form = {"message": order.part.text, "attachment_id": order.handle}
            given = {name: value for name, value in form.items() if value is not None}
            url = f"{self._address}/{target}/comments"
            return HttpCall(method="POST", url=url, form=given)
        method, below, changed = _CHANGES[request.action]
        if request.action is OutboundAction.EDIT:
            changed = {"message": order.part.text or ""}
        url = f"{self._address}/{target}{below}"
        return HttpCall(method=method, url=url, form=changed)

    async def _make(self, call: HttpCall, token: HiddenToken) -> CallSucceeded | ChannelRefusal:
        """Makes a call that makes or changes something."""
        answer = await self._send(call, token)
        if isinstance(answer, ChannelRefusal):
            return answer
        try:
            made = _made_of(answer.body)
        except DECODING_ERRORS:
            made = _Made()
        if made.success is False:
            return ChannelRefusal(RefusalKind.PERMANENT, "refused", "Facebook: no success")
        found = read_id(made.message_id or made.attachment_id or made.id)
        return CallSucceeded(found, find_graph_pause(answer.headers))

    async def _send(self, call: HttpCall, token: HiddenToken) -> HttpAnswer | ChannelRefusal:
        answer = await send_call(self._transport, authorize(call, token, self._app_secret))
        if isinstance(answer, ChannelRefusal):
            return answer
        return find_graph_refusal(answer) or answer


_MAKING = (OutboundAction.SEND, OutboundAction.PRIVATE_REPLY, OutboundAction.COMMENT)

_CHANGES: Mapping[OutboundAction, tuple[str, str, dict[str, str] | None]] = {
    OutboundAction.HIDE: ("POST", "", {"is_hidden": "true"}),
    OutboundAction.UNHIDE: ("POST", "", {"is_hidden": "false"}),
    OutboundAction.LIKE: ("POST", "/likes", {}),
    OutboundAction.UNLIKE: ("DELETE", "/likes", None),
    OutboundAction.EDIT: ("POST", "", None),
    OutboundAction.DELETE: ("DELETE", "", None),
}
"""What changes a comment: method, end of the address, fields."""

_DONE_WHEN_GONE = (OutboundAction.HIDE, OutboundAction.DELETE, OutboundAction.UNLIKE)
"""What is wanted once the comment does not exist."""


def _find_longest_text(action: OutboundAction) -> int:
    is_message = action in (OutboundAction.SEND, OutboundAction.PRIVATE_REPLY)
    return TEXT_CHARACTERS if is_message else COMMENT_CHARACTERS


def _split_private_reply(
    texts: Sequence[str], attachments: Sequence[OutboundAttachment]
) -> list[RequestPart]:
    """Facebook takes one message for each comment until the customer answers."""
    parts = [RequestPart(text) for text in texts] + [
        RequestPart(None, (each,), each) for each in attachments
    ]
    if len(parts) > 1:
        raise UnsupportedRequestError("not_supported")
    return _require_content(parts)


def _split_comment(
    texts: Sequence[str], attachments: Sequence[OutboundAttachment]
) -> list[RequestPart]:
    """A comment has a text and at most one picture; further ones are comments of their own."""
    if any(each.kind != "image" for each in attachments):
        raise UnsupportedRequestError("file_refused")
    first = attachments[0] if attachments else None
    text = texts[0] if texts else None
    parts = [RequestPart(text, () if first is None else (first,), first)] if text or first else []
    parts += [RequestPart(more) for more in texts[1:]]
    return _require_content(parts + [RequestPart(None, (each,), each) for each in attachments[1:]])


def _require_content(parts: list[RequestPart]) -> list[RequestPart]:
    if not parts:
        raise UnsupportedRequestError("not_supported")
    return parts


def _build_message(order: CallOrder) -> dict[str, object]:
    request = order.request
    message: dict[str, object] = {}
    if order.part.attachments:
        kind = order.part.attachments[0].kind
        message["attachment"] = {"type": kind, "payload": {"attachment_id": order.handle}}
    else:
        message["text"] = order.part.text
    if request.client_id is not None:
        message["metadata"] = request.client_id
    if request.action is OutboundAction.PRIVATE_REPLY:
        target = request.target_external_id
        named = "post_id" if target == request.post_external_id else "comment_id"
        return {"recipient": {named: target}, "message": message}
    body: dict[str, object] = {"recipient": {"id": request.customer_external_id}}
    if request.human_agent:
        return body | {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT", "message": message}
    return body | {"messaging_type": "RESPONSE", "message": message}


def _is_ours(reply: _Reply, begun: BegunCall) -> bool:
    """Whether a reply is what the call made: by the page, of the same text, and not older."""
    order = begun.order
    if reply.author is None or str(reply.author.id) != order.account:
        return False
    if begun.is_known(str(reply.id)):
        return False
    if " ".join((reply.message or "").split()) != " ".join((order.part.text or "").split()):
        return False
    try:
        made_at = datetime.strptime(reply.created_time or "", "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return False
    return made_at >= begun.since - _CLOCKS_APART


def _dump(value: object) -> str:
    return msgspec.json.encode(value).decode()


_made_of = msgspec.json.Decoder(_Made).decode
_replies_of = msgspec.json.Decoder(_Replies).decode

CONNECTOR: type[Connector] = FacebookConnector
