"""Leads: people whom an integration sends, such as those who filled in a form."""

from typing import ClassVar

import msgspec

from tuyen_events.crm.records import ContactEvent, MergingCommand
from tuyen_events.custom_fields import CustomValue
from tuyen_events.ids import AgentId, IntegrationId, content_digest


class ReceiveLead(MergingCommand, frozen=True, kw_only=True):
    """Add the contact, or complete it if it was sent before. `contact_id` is derived from the
    integration and `external_id`. The same lead again changes nothing."""

    type: ClassVar[str] = "lead.receive.v1"
    integration_id: IntegrationId
    integration_name: str
    external_id: str
    name: str | None = None
    phones: tuple[str, ...] = ()
    """In E.164."""
    emails: tuple[str, ...] = ()
    """In lower case."""
    custom: dict[str, CustomValue] = msgspec.field(default_factory=dict)
    note: str | None = None
    warehouse_id: str | None = None
    """Where the integration puts new contacts; null for the warehouse of the source (W2)."""
    staff: tuple[AgentId, ...] = ()
    """The agents who can work in the CRM: the warehouse of a new contact may give it to one of them
    (W5)."""

    @property
    def content(self) -> str:
        """A hash of what was sent."""
        content = (self.name, self.phones, self.emails, sorted(self.custom.items()), self.note)
        return content_digest(msgspec.json.encode(content))


class LeadReceived(ContactEvent, frozen=True, kw_only=True):
    """An integration sent the contact, for the first time or with something else than before
    (C12)."""

    type: ClassVar[str] = "lead.received.v1"
    integration_id: IntegrationId
    integration_name: str
    """As it was called then."""
    external_id: str
    """Its id at the source."""
    content: str
    """A hash of what was sent, by which the same lead is recognized."""
