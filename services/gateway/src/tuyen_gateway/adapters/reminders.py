"""Reads the reminders that are due from the log."""

from collections.abc import Sequence
from datetime import datetime

from tuyen_events.codec import KeyedEvent, read_event
from tuyen_events.crm.reminders import ReminderDue, ReminderKind
from tuyen_events.crm_limits import REMINDERS_KEPT
from tuyen_events.ids import OrganizationId
from tuyen_events.reminder_topics import REMINDERS
from tuyen_gateway.adapters.awaited_table import AwaitedTable
from tuyen_gateway.domain.heads import Heads
from tuyen_gateway.ports.reminders import PlacedReminder
from tuyen_platform.kafka.ports import Log, RecordPosition

_Identity = tuple[ReminderKind, str, datetime]


class RemindersTable:
    """`Reminders`, of the last REMINDERS_KEPT of each organization."""

    def __init__(self, log: Log) -> None:
        self._placed: dict[OrganizationId, dict[_Identity, PlacedReminder]] = {}
        self.heads = Heads()
        self.table = AwaitedTable(log, REMINDERS, read_event, self._fold)

    def changed_after(self, organization: OrganizationId, head: bytes) -> Sequence[PlacedReminder]:
        placed = self._placed.get(organization, {}).values()
        return [each for each in placed if each.head > head]

    def _fold(self, record: KeyedEvent, position: RecordPosition) -> None:
        due = record.event
        if not isinstance(due, ReminderDue):
            return
        placed = self._placed.setdefault(due.organization, {})
        identity = (due.kind, due.id, due.remind_at)
        if identity in placed:
            return  # the CRM announced it again after a crash
        self.heads.advance(due.organization, position.partition, position.offset)
        placed[identity] = PlacedReminder(due, self.heads.of(due.organization))
        if len(placed) > REMINDERS_KEPT:
            del placed[next(iter(placed))]
