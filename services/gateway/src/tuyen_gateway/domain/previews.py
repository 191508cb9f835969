"""What a row of the inbox shows of a customer and of a message: small enough for a list."""

from datetime import datetime

import msgspec

from tuyen_events.ids import CustomerId, MessageId
from tuyen_events.inbound import Attachment, Customer
from tuyen_events.limits import NAME_CHARACTERS, ROW_TEXT_CHARACTERS, URL_CHARACTERS
from tuyen_gateway.domain.threads import Message, shorten, shown_text

Order = tuple[datetime, datetime, int, str]
"""The position of a message in its thread: its moment, then its id."""


class RowCustomer(msgspec.Struct, frozen=True, kw_only=True):
    id: CustomerId
    external_id: str
    name: str | None
    picture: str | None


class CustomerDescription(msgspec.Struct, frozen=True, kw_only=True):
    """The channel's description of a customer, and when the channel gave it."""

    at: datetime
    name: str | None
    picture: str | None

    @property
    def order(self) -> tuple[bool, datetime, str, str]:
        """The description of the highest order counts."""
        return self.name is not None, self.at, self.name or "", self.picture or ""


class LastMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The newest message that is not absent, as the row shows it."""

    at: datetime
    accepted_at: datetime
    accepted_us: int = 0
    id: MessageId
    text: str | None

    @property
    def order(self) -> Order:
        return self.at, self.accepted_at, self.accepted_us, self.id


def build_preview(text: str | None, attachments: tuple[Attachment, ...]) -> str | None:
    """The text that a row shows of a message: its text, or the kind of its first attachment in
    brackets, for the console to translate (`[image]`). The thread has the rest."""
    if text:
        return shorten(text, ROW_TEXT_CHARACTERS)
    return f"[{attachments[0].kind}]" if attachments else None


def build_last_message(message: Message) -> LastMessage | None:
    """The message as a row shows it; null if it is in no thread or is absent."""
    moment = message.moment
    if moment is None or message.absent:
        return None
    return LastMessage(
        at=moment[0],
        accepted_at=moment[1],
        accepted_us=moment[2],
        id=message.id,
        text=build_preview(shown_text(message), message.attachments),
    )


def build_shown_customer(
    before: RowCustomer | None, customer: Customer, names: bool
) -> RowCustomer:
    if before is not None and not names:
        return before
    return RowCustomer(
        id=customer.id,
        external_id=customer.external_id,
        name=shorten(customer.name, NAME_CHARACTERS),
        picture=drop_too_long(customer.picture, URL_CHARACTERS),
    )


def drop_too_long(address: str | None, characters: int) -> str | None:
    """The address, or None if it is too long: a part of it is useless."""
    return None if address is None or len(address) > characters else address
