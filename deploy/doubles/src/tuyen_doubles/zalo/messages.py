"""Zalo's Open API: messages of customer service, uploads, reactions, profiles.

A customer can be written to for seven days after their last interaction; the answer names a quota
for the first 48 hours, and none afterwards, when messages cost.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tuyen_doubles.calls import DoubleAction
from tuyen_doubles.exchange import DoubleAnswer, DoubleOperation, DoubleOutcome, IncomingCall
from tuyen_doubles.media import PICTURE_NAME, Media, MediaFile
from tuyen_doubles.parameters import JsonObject, text_of
from tuyen_doubles.tokens import DoubleTokens
from tuyen_doubles.zalo import errors
from tuyen_doubles.zalo.accounts import Asset, Follower, OfficialAccounts
from tuyen_doubles.zalo.events import ZaloEvents, user_id_by_app
from tuyen_platform.clock import Clock

FREE_WINDOW = timedelta(hours=48)
WINDOW = timedelta(days=7)
ASSET_LIFETIME = timedelta(days=7)

_OK = 200
_TEXT_CHARACTERS = 2_000
_IMAGE_BYTES = 1024 * 1024
_FILE_BYTES = 5 * 1024 * 1024
_QUOTA = {"quota_type": "reply", "remain": 8, "total": 8}
_UNLIKE = "/-remove"
_TYPES = {
    "image": ("image/jpeg", "image/png"),
    "gif": ("image/gif",),
    "file": (
        "application/pdf",
        "application/msword",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "text/csv",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ZaloDouble:
    """The state of the double."""

    accounts: OfficialAccounts
    tokens: DoubleTokens
    events: ZaloEvents
    media: Media
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class _Addressed:
    """Whom a call is for. Zalo's paths name no account: it is the one of the token, or one that
    the customer wrote to."""

    account: str | None
    customer: str | None
    chat: str | None = None
    """Of a visitor without an account."""


@dataclass(frozen=True, slots=True)
class _Outgoing:
    """A message that Zalo takes; `attachments` are as an echo has them."""

    message: JsonObject
    attachments: list[JsonObject]
    free: bool


def token_of(call: IncomingCall) -> str | None:
    """The access token is in a header of its own."""
    return call.headers.get("access_token") or None


def understand_send(double: ZaloDouble, call: IncomingCall) -> DoubleOperation:
    """`POST /v3.0/oa/message/cs`."""
    message = call.parameters.structure("message") or {}
    text = message.get("text")
    addressed = _find_addressed(double, call)

    def carry_out() -> DoubleOutcome:
        if addressed.customer is None:
            raise errors.bad_user()
        content, attachments = _read_content(double, message)
        free = _check_window(double, addressed)
        outgoing = _Outgoing(content, attachments, free=free)
        return _deliver(double, addressed, addressed.customer, outgoing)

    return DoubleOperation(
        action=DoubleAction.SEND,
        account=addressed.account,
        to=addressed.customer,
        text=text if isinstance(text, str) else None,
        carry_out=carry_out,
    )


def _find_addressed(double: ZaloDouble, call: IncomingCall) -> _Addressed:
    recipient = call.parameters.structure("recipient") or {}
    visitor, chat = (
        text_of(recipient.get("anonymous_id")),
        text_of(recipient.get("conversation_id")),
    )
    if visitor is not None and chat is not None:
        return _Addressed(account=_find_account(double, call, visitor), customer=visitor, chat=chat)
    customer = text_of(recipient.get("user_id"))
    answered = text_of(recipient.get("message_id"))
    place = None if answered is None else double.accounts.place_of(answered)
    if customer is None and place is not None:
        return _Addressed(account=place[0], customer=place[1])
    return _Addressed(account=_find_account(double, call, customer), customer=customer)


def _find_account(
    double: ZaloDouble, call: IncomingCall, customer: str | None = None
) -> str | None:
    """The account of the call's token. One that names none may be used by a test for all of its
    accounts: then it is the one that the customer wrote to."""
    token = token_of(call) or ""
    account = double.tokens.account_of(token)
    written_to = () if customer is None else double.accounts.written_to(customer)
    if double.tokens.named_by(token) is not None or not written_to or account in written_to:
        return account
    return written_to[-1]


def _check_window(double: ZaloDouble, addressed: _Addressed) -> bool:
    """Whether the message is free of charge. A customer of whom the double knows nothing has just
    written."""
    known = _find_follower(double, addressed)
    if known is None or known.wrote_at is None:
        return True
    age = double.clock.now() - known.wrote_at
    if age > WINDOW:
        raise errors.no_interaction()
    return age <= FREE_WINDOW


def _find_follower(double: ZaloDouble, addressed: _Addressed) -> Follower | None:
    if addressed.account is None or addressed.customer is None:
        return None
    return double.accounts.follower(addressed.account, addressed.customer)


def _deliver(
    double: ZaloDouble, addressed: _Addressed, customer: str, outgoing: _Outgoing
) -> DoubleOutcome:
    account = addressed.account
    now, identifier = double.clock.now(), double.events.new_message_id()
    data: JsonObject = {
        "message_id": identifier,
        "user_id": customer,
        "sent_time": str(int(now.timestamp() * 1000)),
    }
    if outgoing.free:
        data["quota"] = _QUOTA
    answer = DoubleAnswer(_OK, {"data": data, "error": 0, "message": "Success"})
    if account is None:
        return DoubleOutcome(answer)  # nobody knows in whose name it would be echoed
    double.accounts.note_sent(account, customer, identifier)
    echo = double.events.build_echo(
        account=account,
        customer=customer,
        message=identifier,
        text=outgoing.message.get("text"),
        attachments=outgoing.attachments,
        quoted=text_of(outgoing.message.get("quote_message_id")),
        chat=addressed.chat,
        at=now,
    )
    return DoubleOutcome(answer, [echo])


def _read_content(double: ZaloDouble, message: JsonObject) -> tuple[JsonObject, list[JsonObject]]:
    """A message that Zalo takes, and its attachments as an echo has them."""
    text, attachment = message.get("text"), message.get("attachment")
    if not text and attachment is None:
        raise errors.bad_parameter("message")
    if text is not None and not isinstance(text, str):
        raise errors.bad_parameter("text")
    if text is not None and len(text) > _TEXT_CHARACTERS:
        raise errors.too_long("text")
    if attachment is None:
        return message, []
    payload = attachment.get("payload") if isinstance(attachment, dict) else None
    if not isinstance(payload, dict):
        raise errors.bad_parameter("attachment")
    if attachment.get("type") == "file":
        return message, [_read_file(double, payload)]
    return message, [_read_media(double, payload)]


def _read_file(double: ZaloDouble, payload: Mapping[str, Any]) -> JsonObject:
    asset = _find_asset(double, text_of(payload.get("token")), ("file",))
    described = {"url": asset.url, "name": asset.name, "size": str(asset.size), "type": "file"}
    return {"type": "file", "payload": described}


def _read_media(double: ZaloDouble, payload: Mapping[str, Any]) -> JsonObject:
    """The one element of a media template: an image, an animated one, or a sticker."""
    elements = payload.get("elements")
    element = elements[0] if isinstance(elements, list) and elements else None
    if payload.get("template_type") != "media" or not isinstance(element, dict):
        raise errors.bad_parameter("template")
    kind = element.get("media_type")
    identifier, url = text_of(element.get("attachment_id")), text_of(element.get("url"))
    if kind == "sticker" and identifier is not None:
        return {"type": "sticker", "payload": {"id": identifier}}
    if kind not in ("image", "gif"):
        raise errors.bad_parameter("media_type")
    if identifier is not None:
        asset = _find_asset(double, identifier, ("image", "gif"))
        return {"type": asset.kind, "payload": {"thumbnail": asset.url, "url": asset.url}}
    if url is None or not url.startswith(("https://", "http://")):
        raise errors.bad_parameter("attachment_id")
    return {"type": kind, "payload": {"thumbnail": url, "url": url}}


def _find_asset(double: ZaloDouble, identifier: str | None, kinds: tuple[str, ...]) -> Asset:
    asset = None if identifier is None else double.accounts.asset(identifier)
    if asset is None or asset.kind not in kinds:
        raise errors.bad_parameter("attachment_id" if "image" in kinds else "token")
    if double.clock.now() - asset.added_at > ASSET_LIFETIME:
        raise errors.expired_attachment()
    return asset


def understand_upload(double: ZaloDouble, call: IncomingCall, kind: str) -> DoubleOperation:
    """`POST /v2.0/oa/upload/{image, gif or file}`. A token that was not used before is taken for
    that of the account to which somebody wrote last."""
    account = _find_account(double, call) or double.accounts.latest

    def carry_out() -> DoubleOutcome:
        file = call.parameters.files.get("file")
        if file is None or file.content_type not in _TYPES[kind]:
            raise errors.bad_parameter("file")
        if len(file.content) > (_IMAGE_BYTES if kind == "image" else _FILE_BYTES):
            raise errors.too_long("file")
        path = double.media.add(MediaFile(file.content_type, file.content))
        asset = Asset(
            kind=kind,
            url=call.origin + path,
            name=file.name,
            size=len(file.content),
            added_at=double.clock.now(),
        )
        name = "token" if kind == "file" else "attachment_id"
        return succeed({name: double.accounts.add_asset(asset)})

    return DoubleOperation(action=DoubleAction.UPLOAD, account=account, carry_out=carry_out)


def understand_reaction(double: ZaloDouble, call: IncomingCall) -> DoubleOperation:
    """`POST /v2.0/oa/message` with `sender_action`: a reaction to a customer's message. Without
    it, a message as in version 3."""
    action = call.parameters.structure("sender_action")
    if action is None:
        return understand_send(double, call)
    icon, message = text_of(action.get("react_icon")), text_of(action.get("react_message_id"))
    addressed = _find_addressed(double, call)

    def carry_out() -> DoubleOutcome:
        if addressed.customer is None:
            raise errors.bad_user()
        if icon is None or message is None:
            raise errors.bad_parameter("sender_action")
        return succeed({"message_id": message, "user_id": addressed.customer})

    return DoubleOperation(
        action=DoubleAction.UNLIKE if icon == _UNLIKE else DoubleAction.LIKE,
        account=addressed.account,
        to=message,
        text=icon,
        carry_out=carry_out,
    )


def understand_profile(double: ZaloDouble, call: IncomingCall) -> DoubleOperation:
    """`GET /v3.0/oa/user/detail?data={"user_id": ...}`."""
    customer = text_of((call.parameters.structure("data") or {}).get("user_id"))
    addressed = _Addressed(account=_find_account(double, call, customer), customer=customer)

    def carry_out() -> DoubleOutcome:
        known = _find_follower(double, addressed)
        if known is None:
            raise errors.bad_user()
        return succeed(_describe(known, f"{call.origin}/media/{PICTURE_NAME}"))

    return DoubleOperation(
        action=DoubleAction.PROFILE, account=addressed.account, to=customer, carry_out=carry_out
    )


def _describe(known: Follower, picture: str) -> JsonObject:
    wrote_at = known.wrote_at
    return {
        "user_id": known.id,
        "user_id_by_app": user_id_by_app(known.id),
        "user_external_id": "",
        "display_name": known.name or "",
        "user_alias": "",
        "is_sensitive": False,
        "user_last_interaction_date": "" if wrote_at is None else wrote_at.strftime("%d/%m/%Y"),
        "user_is_follower": True,
        "avatar": picture,
        "avatars": {"120": picture, "240": picture},
        "dynamic_param": "",
        "tags_and_notes_info": {"notes": [], "tag_names": []},
        "shared_info": {"address": "", "city": "", "district": "", "phone": "", "name": ""},
    }


def understand_account(double: ZaloDouble, call: IncomingCall) -> DoubleOperation:
    """`GET /v2.0/oa/getoa`: the account of the token. Its id is missing for a token that the double
    has not seen used, as it is missing at Zalo without a consent."""
    account = _find_account(double, call)

    def carry_out() -> DoubleOutcome:
        data: JsonObject = {
            "name": double.accounts.name(account or ""),
            "description": "",
            "is_verified": False,
            "avatar": f"{call.origin}/media/{PICTURE_NAME}",
        }
        return succeed(data if account is None else {"oa_id": account, **data})

    return DoubleOperation(action=DoubleAction.READ, account=account, carry_out=carry_out)


def succeed(data: JsonObject) -> DoubleOutcome:
    """An outcome without webhooks."""
    return DoubleOutcome(DoubleAnswer(_OK, {"data": data, "error": 0, "message": "Success"}))
