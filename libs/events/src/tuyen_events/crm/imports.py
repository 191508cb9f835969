"""Contacts from the rows of a file (C9)."""

from datetime import date
from typing import ClassVar

import msgspec

from tuyen_events.crm.contacts import Gender
from tuyen_events.crm.records import MergingCommand
from tuyen_events.crm.shares import CareStatus
from tuyen_events.custom_fields import CustomValue
from tuyen_events.ids import AgentId
from tuyen_events.vocabulary import Word


class Duplicates(Word):
    """What becomes of a row when a contact has one of its phone numbers or emails already."""

    SKIP = "skip"
    FILL = "fill"
    """The contact gets what it did not have."""
    OVERWRITE = "overwrite"
    """The contact gets what is in the row. Its phone numbers and emails stay."""


class ImportContact(MergingCommand, frozen=True, kw_only=True):
    """Add the contact in a row, or complete the one that has a phone number or email of it. A row
    that was imported before changes nothing.

    `contact_id` is derived from the import, which is the `source`, and the row. `row` is its
    number, from 1; 0 in commands of earlier versions. A contact outside the warehouses in `managed`
    is not changed, and nothing is said of it but that it has the number.
    """

    type: ClassVar[str] = "contact.import.v1"
    name: str | None = None
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    gender: Gender | None = None
    birthday: date | None = None
    address: str | None = None
    location: str | None = None
    custom: dict[str, CustomValue] = msgspec.field(default_factory=dict)
    tags: tuple[str, ...] = ()
    steps: dict[str, str] = msgspec.field(default_factory=dict)
    """By pipeline."""
    campaign_id: str | None = None
    care_status: CareStatus | None = None
    assignee: AgentId | None = None
    """A contact that exists already gets it only if the agent manages both its warehouse and
    `warehouse_id`."""
    source: str
    row: int = 0
    warehouse_id: str
    duplicates: Duplicates
    managed: tuple[str, ...] = ()
    staff: tuple[AgentId, ...] = ()
    """The members of the warehouse who can work in the CRM, if it distributes its new contacts
    (W5)."""
    by: AgentId
