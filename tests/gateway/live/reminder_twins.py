"""What live streams read of reminders, in memory."""

from dataclasses import dataclass, field
from typing import Any

from tuyen_events.codec import KeyedEvent
from tuyen_events.crm.reminders import ReminderDue
from tuyen_events.reminder_topics import REMINDERS
from tuyen_gateway.adapters.reminders import RemindersTable
from tuyen_gateway.domain.contact_visibility import ContactScope, Memberships
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import RecordPosition
from tuyen_views.view import ChildDocument


class RemindersTwin(RemindersTable):
    """`Reminders`, without a log."""

    def __init__(self) -> None:
        super().__init__(InMemoryLog())
        self._count = 0

    def announce(self, due: ReminderDue) -> None:
        """As if it was in the log."""
        self._fold(
            KeyedEvent(due.organization, due, str(self._count)),
            RecordPosition(REMINDERS.name, 0, self._count, 0),
        )
        self._count += 1


@dataclass
class CrmTwin:
    """`CrmViews`: children of contacts that everybody may read."""

    shown: dict[str, ChildDocument] = field(default_factory=dict)

    async def memberships(self, _organization: object, _agent_id: object) -> Memberships:
        return Memberships()

    async def child(self, _view: object, _scope: ContactScope, child_id: str) -> Any:
        found = self.shown.get(child_id)
        return None if found is None else (None, found)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"no stream asks the CRM for {name}")
