"""The filter and the order of lists of contacts.

Decides W3.
"""

from enum import StrEnum

import msgspec

from tuyen_events.contact_filter import ContactSelection
from tuyen_events.ids import ContactId


class ContactOrder(StrEnum):
    """The field by which contacts are ordered; contacts with the same value are in the order of
    their ids."""

    ID = "id"
    NAME = "name"
    CREATED_AT = "created_at"
    """The newest first."""
    UPDATED_AT = "updated_at"
    """The newest first."""


class ContactFilter(ContactSelection, frozen=True, kw_only=True):
    """Matches contacts that match everything that is set, in an order; only some `among` these, if
    they are given."""

    order: ContactOrder = ContactOrder.ID
    among: tuple[ContactId, ...] | None = None

    @property
    def needs_hidden_fields(self) -> bool:
        """Whether it asks for, or orders by, what a member does not see of a contact that they may
        claim: such contacts are left out then, because their place in a list would show it (W3)."""
        hidden = self.order in (ContactOrder.CREATED_AT, ContactOrder.UPDATED_AT)
        marked = self.tag or self.step or self.custom or self.campaign_id or self.care_status
        return hidden or bool(self.phone or self.email or marked)


def list_by_id(
    selection: ContactSelection, among: tuple[ContactId, ...] | None = None
) -> ContactFilter:
    """The filter for the contacts that match, in the order of their ids."""
    return ContactFilter(**msgspec.structs.asdict(selection), among=among)
