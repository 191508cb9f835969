"""Turns one update of a message thread into one event."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any, TypedDict

import msgspec
from msgspec import Raw

from tuyen_channels.bounds import cut, degrees, whole_or_none
from tuyen_channels.facebook import wire
from tuyen_channels.facebook.source import PartSource
from tuyen_channels.ports import ParsedEvent, SkippedPart, SkipReason, UnreadablePartError
from tuyen_events.ids import ConversationId, MessageId, OrganizationId, PageId, message_thread_id
from tuyen_events.inbound import (
    Attachment,
    Customer,
    CustomerReferred,
    MessageDeleted,
    MessageEchoed,
    MessageEdited,
    MessageReacted,
    MessageReceived,
    MessagesDelivered,
    MessagesSeen,
    Referral,
)
from tuyen_events.limits import (
    ATTACHMENTS,
    DETAIL_CHARACTERS,
    MEDIA_URL_CHARACTERS,
    NAME_CHARACTERS,
    PAYLOAD_CHARACTERS,
)
from tuyen_events.vocabulary import Channel

_KINDS = {
    "image": "image",
    "video": "video",
    "audio": "audio",
    "file": "file",
    "sticker": "sticker",
    "location": "location",
    "template": "template",
    "reel": "video",
    "ig_reel": "video",
}
_OTHER_KIND = "link"
_WEB = ("https://", "http://")
_READ_KEYS = frozenset(wire.Messaging.__struct_fields__)


class _Common(TypedDict):
    organization: OrganizationId
    page_id: PageId
    channel: Channel
    customer: Customer
    conversation_id: ConversationId


def normalize(part: Raw | bytes, source: PartSource) -> ParsedEvent | SkippedPart:
    """Reads one update.

    Raises msgspec.MsgspecError or UnreadablePartError when its content does not match its type.
    """
    update = wire.messaging_of(part)
    message = update.message
    if message is not None:
        if message.is_deleted:
            return _normalize_deletion(update, message, source)
        sender = _id_of(update.sender, "sender")
        if message.is_echo or sender == source.page_external_id:
            return _echo(update, message, source)
        return _message(update, message, sender, source)
    if update.message_edit is not None:
        return _normalize_edit(update, update.message_edit, source)
    return _signal(update, part, source)


def _signal(
    update: wire.Messaging, part: Raw | bytes, source: PartSource
) -> ParsedEvent | SkippedPart:
    """An update without a message: buttons, reactions, receipts, referrals. Only those of customers
    are read."""
    for kind, read in _SIGNALS:
        content = getattr(update, kind)
        if content is not None:
            sender = _id_of(update.sender, "sender")
            if sender == source.page_external_id:
                return SkippedPart(SkipReason.BY_PAGE, kind)
            return read(update, content, sender, source)
    names = sorted(wire.keys_of(part).keys() - _READ_KEYS)
    return SkippedPart(SkipReason.UNKNOWN_EVENT, ", ".join(names))


def _message(
    update: wire.Messaging, message: wire.FacebookMessage, sender: str, source: PartSource
) -> ParsedEvent:
    common = _common(sender, source)
    event = MessageReceived(
        **common,
        occurred_at=source.moment(update.timestamp),
        accepted_at=source.accepted_at,
        message_id=source.message_id(message.mid),
        external_id=message.mid,
        text=message.text,
        attachments=_attachments(message),
        payload=None
        if message.quick_reply is None
        else cut(message.quick_reply.payload, PAYLOAD_CHARACTERS),
        reply_to=_reply_to(message, source),
        referral=None if message.referral is None else _referral(message.referral),
    )
    return source.normalize(
        source.event_id("message", message.mid), sender, event.conversation_id, event
    )


def _echo(update: wire.Messaging, message: wire.FacebookMessage, source: PartSource) -> ParsedEvent:
    """The page's own message (P5b): the customer is the one who received it."""
    recipient = _id_of(update.recipient, "recipient")
    app = None if message.app_id is None else str(message.app_id)
    event = MessageEchoed(
        **_common(recipient, source),
        occurred_at=source.moment(update.timestamp),
        accepted_at=source.accepted_at,
        message_id=source.message_id(message.mid),
        external_id=message.mid,
        text=message.text,
        attachments=_attachments(message),
        sender_app=app,
        client_id=whole_or_none(message.metadata, PAYLOAD_CHARACTERS),
        reply_to=_reply_to(message, source),
        automatic=app in source.page.automatic_apps,
    )
    return source.normalize(
        source.event_id("message", message.mid), recipient, event.conversation_id, event
    )


def _normalize_deletion(
    update: wire.Messaging, message: wire.FacebookMessage, source: PartSource
) -> ParsedEvent:
    customer = _customer_of(update, source)
    event = MessageDeleted(
        **_common(customer, source),
        occurred_at=source.moment(update.timestamp),
        accepted_at=source.accepted_at,
        message_id=source.message_id(message.mid),
    )
    return source.normalize(
        source.event_id("message", message.mid, "deleted"), customer, event.conversation_id, event
    )


def _normalize_edit(
    update: wire.Messaging, edit: wire.MessageEdit, source: PartSource
) -> ParsedEvent:
    customer = _customer_of(update, source)
    event = MessageEdited(
        **_common(customer, source),
        occurred_at=source.moment(update.timestamp),
        accepted_at=source.accepted_at,
        message_id=source.message_id(edit.mid),
        text=edit.text,
        edit_number=edit.num_edit,
    )
    return source.normalize(
        source.event_id("message", edit.mid, "edit", str(edit.num_edit)),
        customer,
        event.conversation_id,
        event,
    )


def _postback(
    update: wire.Messaging, postback: wire.Postback, sender: str, source: PartSource
) -> ParsedEvent:
    """A pressed button: a message whose text is the button's title."""
    if postback.mid:
        external_id = postback.mid
        identifier = source.event_id("postback", postback.mid)
    else:
        pressed = sha256((postback.payload or "").encode()).hexdigest()
        external_id = f"postback:{sender}:{update.timestamp}:{pressed[:16]}"
        identifier = source.event_id("postback", sender, str(update.timestamp), pressed)
    event = MessageReceived(
        **_common(sender, source),
        occurred_at=source.moment(update.timestamp),
        accepted_at=source.accepted_at,
        message_id=source.message_id(external_id),
        external_id=external_id,
        text=postback.title,
        payload=cut(postback.payload, PAYLOAD_CHARACTERS),
        referral=None if postback.referral is None else _referral(postback.referral),
    )
    return source.normalize(identifier, sender, event.conversation_id, event)


def _reaction(
    update: wire.Messaging, reaction: wire.Reaction, sender: str, source: PartSource
) -> ParsedEvent:
    shown = reaction.emoji or reaction.reaction
    event = MessageReacted(
        **_common(sender, source),
        occurred_at=source.moment(update.timestamp),
        accepted_at=source.accepted_at,
        message_id=source.message_id(reaction.mid),
        emoji=cut(shown, NAME_CHARACTERS) if reaction.action == "react" else None,
    )
    identifier = source.event_id(
        "reaction", reaction.mid, sender, reaction.action, str(update.timestamp)
    )
    return source.normalize(identifier, sender, event.conversation_id, event)


def _normalize_read(
    update: wire.Messaging, read: wire.Watermark, sender: str, source: PartSource
) -> ParsedEvent:
    event = MessagesSeen(
        **_common(sender, source),
        occurred_at=source.moment(update.timestamp),
        accepted_at=source.accepted_at,
        watermark=source.moment(read.watermark),
    )
    identifier = source.event_id("receipt", sender, "read", str(read.watermark))
    return source.normalize(identifier, sender, event.conversation_id, event)


def _normalize_delivery(
    update: wire.Messaging, delivery: wire.Watermark, sender: str, source: PartSource
) -> ParsedEvent:
    event = MessagesDelivered(
        **_common(sender, source),
        occurred_at=source.moment(update.timestamp),
        accepted_at=source.accepted_at,
        watermark=source.moment(delivery.watermark),
    )
    identifier = source.event_id("receipt", sender, "delivery", str(delivery.watermark))
    return source.normalize(identifier, sender, event.conversation_id, event)


def _normalize_referral(
    update: wire.Messaging, referral: wire.FacebookReferral, sender: str, source: PartSource
) -> ParsedEvent:
    event = CustomerReferred(
        **_common(sender, source),
        occurred_at=source.moment(update.timestamp),
        accepted_at=source.accepted_at,
        referral=_referral(referral),
    )
    identifier = source.event_id("referral", sender, str(update.timestamp), referral.ref or "")
    return source.normalize(identifier, sender, event.conversation_id, event)


def _common(customer: str, source: PartSource) -> _Common:
    who = source.customer(customer)
    return _Common(
        organization=source.page.organization,
        page_id=source.page.id,
        channel=Channel.FACEBOOK,
        customer=who,
        conversation_id=message_thread_id(who.id),
    )


def _customer_of(update: wire.Messaging, source: PartSource) -> str:
    """The customer of a thread, whichever side acted."""
    sender = _id_of(update.sender, "sender")
    if sender != source.page_external_id:
        return sender
    return _id_of(update.recipient, "recipient")


def _id_of(party: wire.Party | None, role: str) -> str:
    if party is None:
        raise UnreadablePartError(f"the update names no {role}")
    return str(party.id)


def _attachments(message: wire.FacebookMessage) -> tuple[Attachment, ...]:
    """A message has at most one sticker, which may be sent as a sticker and as an image at once."""
    sent = (message.attachments or ())[:ATTACHMENTS]
    sticker = message.sticker_id is not None
    found = [_attachment(attachment, sticker) for attachment in sent]
    stickers = [one for one in found if one.kind == "sticker"]
    if not stickers:
        return tuple(found) or ((Attachment(kind="sticker"),) if sticker else ())
    shown = next((one for one in stickers if one.url is not None), stickers[0])
    same = {one.url for one in stickers if one.url is not None}
    return tuple(
        one
        for one in found
        if one is shown or (one.kind != "sticker" and not (one.kind == "image" and one.url in same))
    )


def _attachment(attachment: wire.FacebookAttachment, sticker: bool) -> Attachment:
    """A sticker is sent as an image with a sticker's id, or with a type of its own."""
    payload = _payload(attachment)
    kind = _KINDS.get(attachment.type, _OTHER_KIND)
    if kind == "image" and (sticker or payload.sticker_id is not None):
        kind = "sticker"
    place = payload.coordinates or wire.Coordinates()
    return Attachment(
        kind=kind,
        url=whole_or_none(payload.url or attachment.url, MEDIA_URL_CHARACTERS),
        title=cut(payload.title or attachment.title, DETAIL_CHARACTERS),
        latitude=degrees(place.lat),
        longitude=degrees(place.long),
    )


def _payload(attachment: wire.FacebookAttachment) -> wire.Payload:
    """The description of an attachment. If its payload has an unknown shape, only the description
    is lost, and the message is accepted."""
    try:
        return wire.payload_of(attachment.payload) or wire.Payload()
    except msgspec.ValidationError:
        pass
    try:
        text = wire.text_of(attachment.payload)
    except msgspec.ValidationError:
        return wire.Payload()
    return wire.Payload(url=text) if text.startswith(_WEB) else wire.Payload(title=text)


def _reply_to(message: wire.FacebookMessage, source: PartSource) -> MessageId | None:
    mid = None if message.reply_to is None else message.reply_to.mid
    return source.message_id(mid) if mid else None


def _referral(referral: wire.FacebookReferral) -> Referral:
    return Referral(
        ref=cut(referral.ref, PAYLOAD_CHARACTERS),
        source=cut(referral.source, NAME_CHARACTERS),
        kind=cut(referral.type, NAME_CHARACTERS),
        ad_id=None if referral.ad_id is None else str(referral.ad_id),
    )


_SIGNALS: tuple[tuple[str, Callable[[wire.Messaging, Any, str, PartSource], ParsedEvent]], ...] = (
    ("postback", _postback),
    ("reaction", _reaction),
    ("read", _normalize_read),
    ("delivery", _normalize_delivery),
    ("referral", _normalize_referral),
)
"""The reader for each key of an update, in the order in which the keys are searched."""
