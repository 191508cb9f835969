"""Which contacts a list shows, and in which order.

Decides W3.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tuyen_events.conversation_filter import Holder
from tuyen_events.crm.shares import CareStatus


class ContactOrder(StrEnum):
    """What contacts are ordered by; contacts with the same value are in the order of their ids."""

    ID = "id"
    NAME = "name"
    CREATED_AT = "created_at"
    """The newest first."""
    UPDATED_AT = "updated_at"
    """The newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFilter:
    """Matches contacts that match all fields that are set; the default of each field matches
    everything."""

    words: str = ""
    """A part of the name, without regard to accents and case, of an email, or of a phone number."""
    phone: str = ""
    """The digits of a phone number, or its last ones."""
    email: str = ""
    """A whole email, in lower case."""
    tag: str = ""
    """A tag, as tags are compared."""
    step: str = ""
    """A pipeline and a step of it, as documents have them."""
    custom: Mapping[str, str] = field(default_factory=dict)
    """By the id of a custom field, a text with its value. Nothing matches a field that does not
    exist, and a text that is no value of the field."""
    campaign_id: str | None = None
    care_status: CareStatus | None = None
    warehouse_id: str | None = None
    held_by: Holder | None = None
    order: ContactOrder = ContactOrder.ID

    @property
    def needs_hidden_fields(self) -> bool:
        """Whether it asks for, or orders by, what a member does not see of a contact that they may
        claim: such contacts are left out then, because their place in a list would show it (W3)."""
        hidden = self.order in (ContactOrder.CREATED_AT, ContactOrder.UPDATED_AT)
        marked = self.tag or self.step or self.custom or self.campaign_id or self.care_status
        return hidden or bool(self.phone or self.email or marked)
