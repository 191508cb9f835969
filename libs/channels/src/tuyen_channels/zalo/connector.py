"""Zalo's calls: messages of an Official Account, uploads, and the refresh of its tokens.

Zalo recognizes no repeated call, and returns nothing of ours in an echo.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import ClassVar, Self

import msgspec
from msgspec import Raw

from tuyen_channels.answers import DECODING_ERRORS, send_call
from tuyen_channels.bounds import read_id
from tuyen_channels.calls import (
    AfterLost,
    CallOrder,
    CallSucceeded,
    ChannelRefusal,
    ExchangedTokens,
    HiddenToken,
    Limit,
    RefusalKind,
    ReplyWindow,
    RequestPart,
    UnsupportedRequestError,
)
from tuyen_channels.ports import Connector
from tuyen_channels.texts import cut_into_messages
from tuyen_channels.transport import FormFile, HttpAnswer, HttpCall, Transport
from tuyen_channels.zalo.lifetimes import read_lifetime
from tuyen_channels.zalo.refusals import (
    RATE_LIMITED,
    SEND_FAILED,
    find_zalo_pause,
    find_zalo_refusal,
)
from tuyen_events.outbound import OutboundAction, OutboundAttachment, OutboundRequested
from tuyen_events.vocabulary import Channel

TEXT_CHARACTERS = 2_000

_IMAGES = frozenset({"image/jpeg", "image/png"})
_GIF = "image/gif"
_FILES = frozenset(
    {
        "application/pdf",
        "application/msword",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "text/csv",
    }
)
_IMAGE_BYTES = 1024 * 1024
_FILE_BYTES = 5 * 1024 * 1024

APP_CALLS = Limit("app", rate_s=60, burst=60, of_app=True)
"""Zalo allows an app 4,000 calls a minute."""

_PASSING = frozenset({b"%d" % SEND_FAILED, b"%d" % RATE_LIMITED})
"""The errors of a refresh that say nothing against its token."""


class _Made(msgspec.Struct, frozen=True):
    message_id: str | int | None = None
    attachment_id: str | int | None = None
    token: str | int | None = None


class _MadeBody(msgspec.Struct, frozen=True):
    data: _Made = _Made()


class _Tokens(msgspec.Struct, frozen=True):
    access_token: str | None = None
    refresh_token: str | None = None
    expires_in: Raw = Raw(b"null")
    """Whatever it is, the tokens are read: the one that they were given for works no more."""
    error: Raw = Raw(b"null")


class ZaloConnector:
    """Calls for Official Accounts, with the token of each account."""

    name: ClassVar[Channel] = Channel.ZALO
    settings: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "zalo_api": "https://openapi.zalo.me",
            "zalo_oauth": "https://oauth.zaloapp.com",
            "zalo_app_id": "",
            "zalo_app_secret": "",
        }
    )
    reply_window: ClassVar[ReplyWindow] = ReplyWindow(within=timedelta(hours=48))
    """Later messages are billed, so they are refused."""
    by_token: ClassVar[bool] = False
    returns_client_id: ClassVar[bool] = False
    look: ClassVar[None] = None

    def __init__(self, settings: Mapping[str, str], transport: Transport) -> None:
        self._address = settings["zalo_api"].rstrip("/")
        self._oauth = settings["zalo_oauth"].rstrip("/")
        self._app_id = settings["zalo_app_id"]
        self._app_secret = settings["zalo_app_secret"]
        self._transport = transport

    @classmethod
    def open(cls, settings: Mapping[str, str], transport: Transport, guarded: Transport) -> Self:
        return cls(settings, transport)

    def split(self, request: OutboundRequested) -> Sequence[RequestPart]:
        """An image carries the last piece of the text; any other file is a message of its own."""
        if request.action is not OutboundAction.SEND:
            raise UnsupportedRequestError("not_supported")
        for each in request.attachments:
            _choose_path(each)
        texts = cut_into_messages(request.text or "", TEXT_CHARACTERS)
        files = list(request.attachments)
        parts = [RequestPart(text) for text in texts]
        if parts and files and _is_image(files[0]):
            first = files.pop(0)
            parts[-1] = RequestPart(parts[-1].text, (first,), first)
        parts += [RequestPart(None, (each,), each) for each in files]
        if not parts:
            raise UnsupportedRequestError("not_supported")
        return parts

    def limits(self, action: OutboundAction, part: RequestPart) -> Sequence[Limit]:
        return (APP_CALLS,)

    def after_lost(self, action: OutboundAction) -> AfterLost:
        return AfterLost.ECHO

    async def upload(self, order: CallOrder, content: bytes) -> CallSucceeded | ChannelRefusal:
        file = order.part.upload
        if file is None:
            raise ValueError("the part has no file")
        call = HttpCall(
            method="POST",
            url=f"{self._address}/v2.0/oa/upload/{_choose_path(file)}",
            headers=_authorize(order.token),
            file=FormFile("file", file.name or file.kind, file.content_type, content),
        )
        made = await self._make(call)
        if isinstance(made, CallSucceeded) and made.external_id is None:
            return ChannelRefusal(RefusalKind.TRANSIENT, "channel_unavailable", "Zalo: no id")
        return made

    async def call(self, order: CallOrder) -> CallSucceeded | ChannelRefusal:
        path, recipient = _find_address(order.request)
        call = HttpCall(
            method="POST",
            url=f"{self._address}/{path}",
            headers=_authorize(order.token),
            json={"recipient": recipient, "message": _build_message(order)},
        )
        made = await self._make(call)
        if isinstance(made, CallSucceeded) and made.external_id is None:
            return ChannelRefusal(RefusalKind.LOST, "answer_lost", "Zalo: no id", made.pause)
        return made

    async def refresh(self, refresh_token: HiddenToken) -> ExchangedTokens | ChannelRefusal:
        """Zalo's refresh tokens work once, and their errors have another form than other errors: an
        answer without an access token is one."""
        call = HttpCall(
            method="POST",
            url=f"{self._oauth}/v4/oa/access_token",
            headers={"secret_key": self._app_secret},
            form={
                "refresh_token": refresh_token.reveal(),
                "app_id": self._app_id,
                "grant_type": "refresh_token",
            },
        )
        answer = await send_call(self._transport, call)
        if isinstance(answer, ChannelRefusal):
            return answer
        if answer.status >= 500 or answer.status == HTTPStatus.TOO_MANY_REQUESTS:  # noqa: PLR2004
            return ChannelRefusal(
                RefusalKind.TRANSIENT, "channel_unavailable", f"Zalo {answer.status}"
            )
        return _read_tokens(answer, refresh_token)

    async def _make(self, call: HttpCall) -> CallSucceeded | ChannelRefusal:
        answer = await send_call(self._transport, call)
        if isinstance(answer, ChannelRefusal):
            return answer
        pause = find_zalo_pause(answer.headers)
        refusal = find_zalo_refusal(answer)
        if refusal is not None:
            return refusal if refusal.pause is not None else refusal._replace(pause=pause)
        try:
            made = _made_of(answer.body).data
        except DECODING_ERRORS:
            made = _Made()
        uploaded = made.attachment_id or made.token  # in no record, so of any length
        return CallSucceeded(
            read_id(made.message_id) or (str(uploaded) if uploaded else None), pause
        )


def _authorize(token: HiddenToken) -> dict[str, str]:
    return {"access_token": token.reveal()}


def _find_address(request: OutboundRequested) -> tuple[str, dict[str, str]]:
    """Where a message is sent, and to whom: a visitor without an account is named together with
    their chat."""
    customer, chat = request.customer_external_id, request.chat_external_id
    if chat is None:
        return "v3.0/oa/message/cs", {"user_id": customer}
    return "v2.0/oa/message", {"anonymous_id": customer, "conversation_id": chat}


def _is_image(file: OutboundAttachment) -> bool:
    return _choose_path(file) != "file"


def _choose_path(file: OutboundAttachment) -> str:
    """The end of the address at which a file is uploaded. Raises UnsupportedRequestError for one
    that Zalo does not take."""
    if file.content_type in _IMAGES and file.size <= _IMAGE_BYTES:
        return "image"
    if file.content_type == _GIF and file.size <= _FILE_BYTES:
        return "gif"
    if file.content_type in _FILES and file.size <= _FILE_BYTES:
        return "file"
    raise UnsupportedRequestError("file_refused")


def _build_message(order: CallOrder) -> dict[str, object]:
    message: dict[str, object] = {}
    if order.part.text is not None:
        message["text"] = order.part.text
    if order.part.attachments:
        message["attachment"] = _build_attachment(order.part.attachments[0], order.handle)
    if order.request.reply_to_external_id is not None and order.part.text is not None:
        message["quote_message_id"] = order.request.reply_to_external_id
    return message


def _build_attachment(file: OutboundAttachment, handle: str | None) -> dict[str, object]:
    path = _choose_path(file)
    if path == "file":
        return {"type": "file", "payload": {"token": handle}}
    element = {"media_type": path, "attachment_id": handle}
    return {"type": "template", "payload": {"template_type": "media", "elements": [element]}}


def _read_tokens(answer: HttpAnswer, used: HiddenToken) -> ExchangedTokens | ChannelRefusal:
    """The pair, or why there is none. Without another refresh token, the one that was used is
    kept: the access token is worth something without it."""
    try:
        found = _tokens_of(answer.body)
    except DECODING_ERRORS:
        return ChannelRefusal(RefusalKind.LOST, "answer_lost", f"Zalo, HTTP {answer.status}")
    if not found.access_token:
        if bytes(found.error).strip(b' "') in _PASSING:
            return ChannelRefusal(RefusalKind.TRANSIENT, "channel_unavailable", "Zalo: refresh")
        return ChannelRefusal(RefusalKind.DEAD_TOKEN, "token_dead", "Zalo: refresh refused")
    refresh_token = HiddenToken(found.refresh_token) if found.refresh_token else used
    return ExchangedTokens(
        HiddenToken(found.access_token), refresh_token, read_lifetime(_decode_any(found.expires_in))
    )


def _decode_any(given: Raw) -> object:
    """A value of any kind; None for what cannot be read, such as a number without an end."""
    try:
        found: object = msgspec.json.decode(given)
    except DECODING_ERRORS:
        return None
    return found


_made_of = msgspec.json.Decoder(_MadeBody).decode
_tokens_of = msgspec.json.Decoder(_Tokens).decode

CONNECTOR: type[Connector] = ZaloConnector
