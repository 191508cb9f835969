"""The account of one webhook, and what the readers of all events share."""

from datetime import datetime
from typing import TypedDict

import msgspec

from tuyen_channels.bounds import believable_epoch
from tuyen_channels.ports import Page, ParsedEvent
from tuyen_events.ids import (
    ConversationId,
    MessageId,
    OrganizationId,
    PageId,
    customer_id,
    customer_key,
    event_id,
    message_id,
    message_thread_id,
)
from tuyen_events.inbound import Customer, CustomerEvent
from tuyen_events.vocabulary import Channel


class ThreadFields(TypedDict):
    """The fields of every event in a customer's thread."""

    organization: OrganizationId
    page_id: PageId
    channel: Channel
    occurred_at: datetime
    accepted_at: datetime
    customer: Customer
    conversation_id: ConversationId


class ZaloSource(msgspec.Struct, frozen=True):
    """The context of an event: its account, which is the page, and its name at Zalo."""

    page: Page
    account: str
    name: str
    accepted_at: datetime

    def message_id(self, external_id: str) -> MessageId:
        return message_id(self.page.organization, self.page.id, external_id)

    def build_fields(self, customer: Customer, timestamp: int | None) -> ThreadFields:
        return ThreadFields(
            organization=self.page.organization,
            page_id=self.page.id,
            channel=Channel.ZALO,
            occurred_at=believable_epoch(timestamp, self.accepted_at),
            accepted_at=self.accepted_at,
            customer=customer,
            conversation_id=message_thread_id(customer.id),
        )

    def build_customer(self, external_id: str) -> Customer:
        return Customer(
            id=customer_id(self.page.organization, self.page.id, external_id),
            external_id=external_id,
        )

    def normalize(self, event: CustomerEvent, *key: str) -> ParsedEvent:
        """The event for the log. `key` recognizes it among those of its name and account (P5c): by
        the message if it is about one, otherwise by the user and the time, which a retry keeps."""
        return ParsedEvent(
            event_id("zalo", self.account, self.name, *key),
            customer_key(self.page.organization, self.page.id, event.customer.external_id),
            event.conversation_id,
            self.account,
            event,
        )
