"""One entry of a body: the page that it concerns, and what the readers of its parts share.

Decides P5c.
"""

from datetime import datetime

import msgspec

from tuyen_channels.bounds import believable_epoch, cut
from tuyen_channels.live_posts import PostFactsDraft
from tuyen_channels.ports import Page, ParsedEvent
from tuyen_channels.roots import PageKey
from tuyen_events.ids import (
    EventId,
    MessageId,
    customer_id,
    customer_key,
    event_id,
    message_id,
)
from tuyen_events.inbound import Customer, InboundEvent
from tuyen_events.limits import NAME_CHARACTERS


class PartSource(msgspec.Struct):
    """The context of a part: its page, the time of the delivery, what is known of the page's
    posts."""

    page: Page
    page_external_id: str
    accepted_at: datetime
    delivered: int | None
    posts: PostFactsDraft

    @property
    def page_key(self) -> PageKey:
        return self.page.key

    def event_id(self, kind: str, *key: str) -> EventId:
        """The id for a deduplication key, which is unique for its kind within the page (P5c)."""
        return event_id("facebook", self.page_external_id, kind, *key)

    def message_id(self, external_id: str) -> MessageId:
        return message_id(self.page.organization, self.page.id, external_id)

    def customer(self, external_id: str, name: str | None = None) -> Customer:
        return Customer(
            id=customer_id(self.page.organization, self.page.id, external_id),
            external_id=external_id,
            name=cut(name, NAME_CHARACTERS),
        )

    def normalize(
        self, identifier: EventId, placed_by: str, subject: str, event: InboundEvent
    ) -> ParsedEvent:
        """The event for the log, in the partition of `placed_by`: a customer, or, for an event of
        the page itself, what it is about (`post:`, `video:` or `comment:` and an id)."""
        key = customer_key(self.page.organization, self.page.id, placed_by)
        return ParsedEvent(identifier, key, subject, self.page_external_id, event)

    def moment(self, value: int | None) -> datetime:
        """When something was done; without a time, that of the delivery. If the time cannot be
        right, it is that of acceptance."""
        clock = self.delivered if value is None else value
        return believable_epoch(clock, self.accepted_at)
