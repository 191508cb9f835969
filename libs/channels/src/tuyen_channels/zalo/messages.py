"""Messages of customers and of the account, and forms that customers filled in."""

from collections.abc import Iterable

import msgspec

from tuyen_channels.bounds import cut, degrees, whole_or_none
from tuyen_channels.ports import ParsedEvent, SkippedPart, SkipReason
from tuyen_channels.zalo import wire
from tuyen_channels.zalo.source import ZaloSource
from tuyen_events.ids import MessageId
from tuyen_events.inbound import Attachment, MessageEchoed, MessageReceived
from tuyen_events.limits import (
    ATTACHMENTS,
    DETAIL_CHARACTERS,
    MEDIA_URL_CHARACTERS,
    NAME_CHARACTERS,
)

_KINDS = {
    "image": "image",
    "gif": "image",
    "video": "video",
    "audio": "audio",
    "file": "file",
    "sticker": "sticker",
    "location": "location",
    "template": "template",
}
_OTHER_KIND = "link"
_GENDERS = {"nam": "male", "nữ": "female"}


def read_message(body: bytes, source: ZaloSource) -> ParsedEvent | SkippedPart:
    """A customer's message, or that of a visitor of whom Zalo gives only a temporary id."""
    sent = wire.message_of(body)
    message, chat = sent.message, sent.message.conversation_id
    attachments = _attachments(message)
    if not message.text and not attachments:
        return SkippedPart(SkipReason.EMPTY, source.name[:DETAIL_CHARACTERS])
    customer = source.build_customer(str(sent.sender.id))
    event = MessageReceived(
        **source.build_fields(customer, sent.timestamp),
        message_id=source.message_id(str(message.msg_id)),
        external_id=str(message.msg_id),
        text=message.text or None,
        attachments=attachments,
        reply_to=_quoted(message, source),
        chat_external_id=None if chat is None else str(chat),
    )
    return source.normalize(event, event.external_id)


def read_echo(body: bytes, source: ZaloSource) -> ParsedEvent | SkippedPart:
    """The account's own message (P5b): the customer is the one who received it."""
    sent = wire.message_of(body)
    message, admin = sent.message, sent.sender.admin_id
    attachments = _attachments(message)
    if not message.text and not attachments:
        return SkippedPart(SkipReason.EMPTY, source.name[:DETAIL_CHARACTERS])
    customer = source.build_customer(str(sent.recipient.id))
    event = MessageEchoed(
        **source.build_fields(customer, sent.timestamp),
        message_id=source.message_id(str(message.msg_id)),
        external_id=str(message.msg_id),
        text=message.text or None,
        attachments=attachments,
        reply_to=_quoted(message, source),
        admin_id=None if admin is None else str(admin),
    )
    return source.normalize(event, event.external_id)


def read_form(body: bytes, source: ZaloSource) -> ParsedEvent | SkippedPart:
    """What a customer sent by the form that asks for their name, phone and address. It is shown as
    a message of theirs, and its name and phone are those of the customer (C1)."""
    form = wire.info_of(body)
    info, user = form.info, str(form.sender.id)
    phone = None if info.phone is None else str(info.phone)
    address = _join(_address_of(info))
    text = "\n".join(filter(None, (info.name, phone, info.user_dob, info.gender, address)))
    if not text:
        return SkippedPart(SkipReason.EMPTY, source.name)
    customer = msgspec.structs.replace(
        source.build_customer(user),
        name=cut(info.name, NAME_CHARACTERS),
        phone=whole_or_none(phone, NAME_CHARACTERS),
        gender=_GENDERS.get((info.gender or "").strip().lower()),
        location=cut(address, DETAIL_CHARACTERS),
    )
    own_id = f"{source.name}:{user}:{form.timestamp}"
    event = MessageReceived(
        **source.build_fields(customer, form.timestamp),
        message_id=source.message_id(own_id),
        external_id=own_id,
        text=text,
    )
    return source.normalize(event, user, str(form.timestamp))


def _address_of(info: wire.ZaloInfo) -> Iterable[str | None]:
    match info.full_address:
        case wire.ZaloAddress() as whole:
            return (whole.user_address, whole.user_ward, whole.user_city)
        case str() as whole:
            return (whole,)
        case None:
            return (info.address, info.ward, info.district, info.city)


def _join(parts: Iterable[str | None]) -> str | None:
    return ", ".join(filter(None, parts)) or None


def _quoted(message: wire.ZaloMessage, source: ZaloSource) -> MessageId | None:
    if message.quote_msg_id is None:
        return None
    return source.message_id(str(message.quote_msg_id))


def _attachments(message: wire.ZaloMessage) -> tuple[Attachment, ...]:
    return tuple(_attachment(each) for each in (message.attachments or ())[:ATTACHMENTS])


def _attachment(attachment: wire.ZaloAttachment) -> Attachment:
    payload = _payload(attachment)
    url = payload.url or payload.link_url or payload.thumbnail
    title = payload.name or _caption(payload) or payload.text
    place = payload.coordinates or wire.ZaloCoordinates()
    return Attachment(
        kind=_KINDS.get(attachment.type, _OTHER_KIND),
        url=whole_or_none(url or None, MEDIA_URL_CHARACTERS),
        title=cut(title or None, DETAIL_CHARACTERS),
        latitude=degrees(place.latitude),
        longitude=degrees(place.longitude),
    )


def _payload(attachment: wire.ZaloAttachment) -> wire.ZaloPayload:
    """The description of an attachment. If its payload has an unknown shape, only the description
    is lost, and the message is accepted."""
    try:
        return wire.payload_of(attachment.payload) or wire.ZaloPayload()
    except msgspec.ValidationError:
        return wire.ZaloPayload()


def _caption(payload: wire.ZaloPayload) -> str | None:
    """The description; of a business card, which is a link with JSON in its description, the name
    and the phone number in it."""
    text = payload.description
    if text is None or not text.lstrip().startswith("{"):
        return text
    try:
        card = wire.card_of(text)
    except (msgspec.DecodeError, RecursionError):
        return text
    named = " ".join(filter(None, (card.name, card.phone)))
    return named if named and "\0" not in named else text
