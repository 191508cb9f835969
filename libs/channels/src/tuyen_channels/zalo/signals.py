"""Events without a message: receipts, reactions, who follows an account, and a pressed button."""

from tuyen_channels.bounds import cut
from tuyen_channels.ports import ParsedEvent, SkippedPart, SkipReason
from tuyen_channels.zalo import wire
from tuyen_channels.zalo.source import ZaloSource
from tuyen_events.inbound import (
    CustomerFollowed,
    CustomerReferred,
    CustomerUnfollowed,
    MessageReacted,
    MessagesDelivered,
    MessagesSeen,
    Referral,
)
from tuyen_events.limits import NAME_CHARACTERS

_EMOJI = {
    "/-heart": "❤",
    "/-strong": "👍",
    ":>": "😆",
    ":o": "😮",
    ":-((": "😭",
    ":-h": "😡",
}
"""How Zalo writes the reactions that its apps offer. Another one is kept as it is."""
_NO_REACTION = frozenset({"", "/-remove"})


def read_seen(body: bytes, source: ZaloSource) -> ParsedEvent | SkippedPart:
    """The customer saw messages. What was sent before them was seen as well, so the time of the
    receipt is the watermark."""
    receipt = wire.receipt_of(body)
    if receipt.message.tracking_id is not None:
        return _skip_notification(source)
    user = _customer_of(receipt, source)
    fields = source.build_fields(source.build_customer(user), receipt.timestamp)
    event = MessagesSeen(**fields, watermark=fields["occurred_at"])
    return source.normalize(event, user, *_list_messages(receipt))


def read_received(body: bytes, source: ZaloSource) -> ParsedEvent | SkippedPart:
    """A message reached the customer's device."""
    receipt = wire.receipt_of(body)
    if receipt.message.tracking_id is not None:
        return _skip_notification(source)
    fields = source.build_fields(
        source.build_customer(_customer_of(receipt, source)), receipt.timestamp
    )
    event = MessagesDelivered(**fields, watermark=fields["occurred_at"])
    return source.normalize(event, *_list_messages(receipt))


def read_reaction(body: bytes, source: ZaloSource) -> ParsedEvent:
    """A customer reacted to a message, whose id the event contains: the same message has several of
    them."""
    reacted = wire.reaction_of(body)
    user, message = str(reacted.sender.id), str(reacted.message.msg_id)
    icon = cut(reacted.message.react_icon, NAME_CHARACTERS) or ""
    event = MessageReacted(
        **source.build_fields(source.build_customer(user), reacted.timestamp),
        message_id=source.message_id(message),
        emoji=None if icon in _NO_REACTION else _EMOJI.get(icon, icon),
    )
    return source.normalize(event, message, user, icon, str(reacted.timestamp))


def read_follow(body: bytes, source: ZaloSource) -> ParsedEvent:
    follow = wire.follow_of(body)
    user = str(follow.follower.id)
    event = CustomerFollowed(
        **source.build_fields(source.build_customer(user), follow.timestamp),
        followed_from=cut(follow.source, NAME_CHARACTERS),
    )
    return source.normalize(event, user, str(follow.timestamp))


def read_unfollow(body: bytes, source: ZaloSource) -> ParsedEvent:
    follow = wire.follow_of(body)
    user = str(follow.follower.id)
    event = CustomerUnfollowed(
        **source.build_fields(source.build_customer(user), follow.timestamp),
        unfollowed_from=cut(follow.source, NAME_CHARACTERS),
    )
    return source.normalize(event, user, str(follow.timestamp))


def read_click(body: bytes, source: ZaloSource) -> ParsedEvent:
    """A customer pressed the button that opens the chat, and has written nothing yet."""
    click = wire.click_of(body)
    user = str(click.user_id)
    event = CustomerReferred(
        **source.build_fields(source.build_customer(user), click.timestamp),
        referral=Referral(source="chatnow"),
    )
    return source.normalize(event, user, str(click.timestamp))


def _customer_of(receipt: wire.ZaloReceiptEvent, source: ZaloSource) -> str:
    """The party of a receipt that is not the account."""
    sender = str(receipt.sender.id)
    return str(receipt.recipient.id) if sender == source.account else sender


def _list_messages(receipt: wire.ZaloReceiptEvent) -> list[str]:
    """The messages of a receipt, in an order of their own; its time if it names none."""
    named = {str(each) for each in receipt.message.msg_ids or ()}
    if receipt.message.msg_id is not None:
        named.add(str(receipt.message.msg_id))
    return sorted(named) or [str(receipt.timestamp)]


def _skip_notification(source: ZaloSource) -> SkippedPart:
    return SkippedPart(SkipReason.UNKNOWN_EVENT, f"{source.name} of ZNS")
