"""The reminders of an organization's agents, as live events (C5, I11)."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from tuyen_events.crm.reminders import ReminderDue, ReminderKind
from tuyen_events.ids import OrganizationId
from tuyen_gateway.domain.contact_visibility import contact_scope_of
from tuyen_gateway.domain.live import LivePosition
from tuyen_gateway.live.frames import encode_live_event
from tuyen_gateway.live.positions import encrypt_position
from tuyen_gateway.live.sources import Sources
from tuyen_gateway.live.stream import LiveStream
from tuyen_gateway.ports.live import Watch
from tuyen_views.appointments import APPOINTMENTS_VIEW
from tuyen_views.tasks import TASKS_VIEW
from tuyen_views.view import View

_VIEWS: Mapping[ReminderKind, View[Any]] = MappingProxyType(
    {ReminderKind.TASK: TASKS_VIEW, ReminderKind.APPOINTMENT: APPOINTMENTS_VIEW}
)


class ReminderEvents:
    """What the streams of an organization were sent of its reminders: each stream of the agent who
    is reminded gets it once, if the agent may read the contact at that moment (W6)."""

    def __init__(self, sources: Sources, organization: OrganizationId) -> None:
        self._sources = sources
        self._organization = organization
        self.sent = self._present
        """The heads after the last one that was sent."""

    @property
    def _present(self) -> bytes:
        return self._sources.reminders.heads.of(self._organization)

    def have_changed(self) -> bool:
        return self._present != self.sent

    async def send(self, streams: Sequence[LiveStream], get_position: Callable[[], str]) -> None:
        """Sends what is new; `get_position` returns the position of everything that is in
        `sent`."""
        for due, head in self._sources.reminders.changed_after(self._organization, self.sent):
            wanting = [each for each in streams if each.after.reminders < head]
            bodies = [(each, await self._read(due, each.watch)) for each in wanting]
            self.sent = head
            for stream, body in bodies:
                if body is not None:
                    stream.send(encode_live_event("reminder.due", get_position(), body))

    async def catch_up(self, stream: LiveStream, after: LivePosition) -> None:
        """Sends one stream those of `sent` that it has missed."""
        missed = self._sources.reminders.changed_after(self._organization, after.reminders)
        for due, head in missed:
            body = await self._read(due, stream.watch) if head <= self.sent else None
            if body is not None:
                reached = msgspec.structs.replace(after, reminders=head)
                position = encrypt_position(self._sources.cipher, self._organization, reached)
                stream.send(encode_live_event("reminder.due", position, body))

    async def _read(self, due: ReminderDue, watch: Watch) -> Mapping[str, bytes] | None:
        """What the event says; None if the watcher is not reminded."""
        viewer, crm = watch.viewer, self._sources.crm
        if viewer.agent_id != due.assignee or not viewer.crm.access:
            return None
        memberships = await crm.memberships(viewer.organization, viewer.agent_id)
        scope = contact_scope_of(viewer, memberships)
        found = await crm.child(_VIEWS[due.kind], scope, due.id)
        if found is None:
            return None
        shown = {
            "kind": due.kind,
            "id": due.id,
            "contact_id": found[1].contact_id,
            "title": found[1].title,
        }
        return {name: msgspec.json.encode(value) for name, value in shown.items()}
