"""One entry of a body: the page that it speaks of, and what the readers of its parts share."""

from datetime import UTC, datetime, timedelta

import msgspec

from tuyen_channels.live_posts import Draft, PageKey
from tuyen_channels.ports import Normalized, Page
from tuyen_events.ids import (
    EventId,
    MessageId,
    customer_id,
    customer_key,
    event_id,
    message_id,
)
from tuyen_events.inbound import Customer, InboundEvent

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLIS_FROM = 100_000_000_000
"""Seconds reach this in the year 5138; milliseconds passed it in 1973."""


class UnreadablePartError(ValueError):
    """A part that decodes but lacks what its kind needs."""


class Source(msgspec.Struct):
    """Where a part stands: its page, the time of the delivery, what is known of its posts."""

    page: Page
    page_external_id: str
    accepted_at: datetime
    delivered: int | None
    posts: Draft

    @property
    def page_key(self) -> PageKey:
        return (self.page.organization, self.page.id)

    def event_id(self, kind: str, *key: str) -> EventId:
        """The id by a deduplication key, which every kind has for itself within the page (P5c)."""
        return event_id("facebook", self.page_external_id, kind, *key)

    def message_id(self, external_id: str) -> MessageId:
        return message_id(self.page.organization, self.page.id, external_id)

    def customer(self, external_id: str, name: str | None = None) -> Customer:
        return Customer(
            id=customer_id(self.page.organization, self.page.id, external_id),
            external_id=external_id,
            name=name,
        )

    def normalized(
        self, identifier: EventId, placed_by: str, subject: str, event: InboundEvent
    ) -> Normalized:
        """The event for the log, in the partition of `placed_by`: a customer, or (`post:`, `video:`
        or `comment:` and an id) what a page-level event is about."""
        key = customer_key(self.page.organization, self.page.id, placed_by)
        return Normalized(identifier, key, subject, event)

    def seconds(self, value: int | None) -> datetime:
        """The time of an action in seconds; without one, the time of the delivery."""
        return self._delivered_at() if value is None else _EPOCH + timedelta(seconds=value)

    def millis(self, value: int | None) -> datetime:
        """The same in milliseconds."""
        return self._delivered_at() if value is None else millis(value)

    def _delivered_at(self) -> datetime:
        if self.delivered is None:
            return self.accepted_at
        if self.delivered >= _MILLIS_FROM:
            return millis(self.delivered)
        return _EPOCH + timedelta(seconds=self.delivered)


def millis(value: int) -> datetime:
    """A time in milliseconds since 1970, in UTC."""
    return _EPOCH + timedelta(milliseconds=value)
