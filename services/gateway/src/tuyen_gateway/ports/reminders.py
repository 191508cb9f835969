"""Reminders that are due, for live streams."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from tuyen_events.crm.reminders import ReminderDue
from tuyen_events.ids import OrganizationId
from tuyen_gateway.domain.heads import Heads
from tuyen_gateway.ports.tables import TableBacked


class PlacedReminder(NamedTuple):
    due: ReminderDue
    head: bytes
    """The organization's heads after it. They are ordered: all reminders are in one partition."""


class Reminders(TableBacked, Protocol):
    """The reminders of the last day."""

    @property
    def heads(self) -> Heads: ...

    def changed_after(self, organization: OrganizationId, head: bytes) -> Sequence[PlacedReminder]:
        """Those after these heads, each once, in the order of the log."""
        ...
