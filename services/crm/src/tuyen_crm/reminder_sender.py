"""Reminds agents of tasks and appointments once it is time (C5).

The views say when a reminder is due. Whether the task still asks for it, and whether it was sent
before, is decided in one order with all other commands of the organization. So each reminder is
sent once, also if workers restart or several of them look at the same time.
"""

import asyncio
from bisect import bisect_right
from collections import Counter
from datetime import datetime
from math import ceil
from typing import Any

import structlog

from tuyen_crm.identity import SOURCE
from tuyen_events.codec import encode
from tuyen_events.crm.appointments import AppointmentId, RemindOfAppointment
from tuyen_events.crm.records import CrmCommand
from tuyen_events.crm.reminders import Reminded, ReminderDue, ReminderKind
from tuyen_events.crm.tasks import RemindOfTask, TaskId
from tuyen_events.event import Envelope
from tuyen_events.ids import OrganizationId, derive_command_id, derive_event_id
from tuyen_events.reminder_topics import REMINDERS
from tuyen_events.topics import CRM_COMMANDS
from tuyen_platform.clock import Clock
from tuyen_platform.kafka.ports import Log, ProducerRecord
from tuyen_platform.mongodb import Database, Document
from tuyen_platform.retry import retry
from tuyen_views.appointments import APPOINTMENTS_VIEW, AppointmentDocument
from tuyen_views.reminders import RemindingChild, RemindingT
from tuyen_views.tasks import TASKS_VIEW, TaskDocument
from tuyen_views.view import View

_PAUSE_S = 1.0
"""The pause between two searches for reminders that are due: a reminder is late by this at most."""

_AT_ONCE = 500
"""How many reminders of one kind are sent at once. If more are due, those of all organizations that
have some are sent in turn, whoever has how many (R9.5)."""

EVERY_ONE: Document = {"organization": {"$gt": ""}}
"""Matches every organization. It makes the query a range of `by_organizations_reminder`."""

_log = structlog.get_logger()


def build_reminder_record(event: Reminded) -> ProducerRecord:
    """The record by which the gateways learn of a reminder."""
    due = ReminderDue(
        organization=event.organization,
        kind=event.kind,
        id=event.child_id,
        contact_id=event.contact_id,
        assignee=event.assignee,
        remind_at=event.remind_at,
    )
    envelope = Envelope(
        id=derive_event_id(event.caused_by, due.type),
        source=SOURCE,
        subject=event.contact_id,
        time=event.at,
        data=due,
    )
    return ProducerRecord(REMINDERS, event.organization, *encode(envelope))


class ReminderSender:
    """Looks for reminders that are due, and sends a command for each.

    The same command may be sent again, by this worker after a restart or by another one: then it
    has no effect.
    """

    def __init__(self, log: Log, database: Database, clock: Clock) -> None:
        self._log = log
        self._database = database
        self._clock = clock
        self._sent: dict[str, OrganizationId] = {}
        """The ids of the commands that the views do not show yet, each with its organization."""
        self._served: dict[str, OrganizationId] = {}
        """By view, the organization whose turn was the last."""

    async def run(self) -> None:
        """Works until cancelled; while a server is unavailable it waits."""
        while True:
            await retry(self.send_due, log_as="reminders_wait")
            await asyncio.sleep(_PAUSE_S)

    async def send_due(self) -> None:
        """Returns once the commands of everything that is due are in the log."""
        due = [
            *[_remind_of_task(each) for each in await self._find(TASKS_VIEW)],
            *[_remind_of_appointment(each) for each in await self._find(APPOINTMENTS_VIEW)],
        ]
        fresh = [command for command in due if command.command_id not in self._sent]
        await self._log.append_all([build_command_record(command) for command in fresh])
        self._sent = {command.command_id: command.organization for command in due}
        if fresh:
            _log.info("reminders_due", reminders=len(fresh))

    async def _find(self, view: View[RemindingT]) -> list[RemindingT]:
        """The reminders that are due, the oldest first."""
        collection, due = self._database[view.collection], build_due_query(self._clock.now())
        most = _AT_ONCE + len(self._sent)
        found = await collection.find(due).sort("reminds_at", 1).limit(most).to_list(None)
        if len(found) == most:
            found = await self._find_in_turn(view, due)
        return [view.read(stored) for stored in found]

    async def _find_in_turn(self, view: View[RemindingT], due: Document) -> list[Document]:
        """As many of each organization as of any other, the oldest first; beginning after the
        organization that was the last one, if there are more of them than fit."""
        collection, sent = self._database[view.collection], Counter(self._sent.values())
        organizations = sorted(await collection.distinct("organization", {**EVERY_ONE, **due}))
        place = bisect_right(organizations, self._served.get(view.collection, ""))
        in_turn = [*organizations[place:], *organizations[:place]]
        found: list[Document] = []
        left = _AT_ONCE
        for number, organization in enumerate(in_turn[:_AT_ONCE]):
            share = ceil(left / min(len(in_turn) - number, left))
            own = collection.find({"organization": organization, **due}).sort("reminds_at", 1)
            some = await own.limit(share + sent[organization]).to_list(None)
            found += some
            left -= max(0, min(share, len(some) - sent[organization]))
            self._served[view.collection] = organization
            if not left:
                break
        return found


def build_due_query(now: datetime) -> Document:
    """Matches the reminders that are due."""
    return {"reminds_at": {"$lte": now}}


def _remind_of_task(task: TaskDocument) -> RemindOfTask:
    return RemindOfTask(**_fields(task, ReminderKind.TASK), task_id=TaskId(task.id))


def _remind_of_appointment(appointment: AppointmentDocument) -> RemindOfAppointment:
    return RemindOfAppointment(
        **_fields(appointment, ReminderKind.APPOINTMENT),
        appointment_id=AppointmentId(appointment.id),
    )


def _fields(child: RemindingChild, kind: ReminderKind) -> dict[str, Any]:
    """The fields that both commands have. The command is the same whoever sends it, and when."""
    return {
        "command_id": derive_command_id(
            "reminder",
            child.organization,
            kind,
            child.id,
            str(child.sequence),
            str(child.reminds_at),
        ),
        "organization": child.organization,
        "contact_id": child.contact_id,
        "at": child.reminds_at,
        "version": child.sequence,
        "remind_at": child.reminds_at,
        "assignee": child.assignee,
    }


def build_command_record(command: CrmCommand) -> ProducerRecord:
    """The record of a command that the CRM sends itself."""
    envelope = Envelope(
        id=command.command_id,
        source=SOURCE,
        subject=command.subject,
        time=command.at,
        data=command,
    )
    return ProducerRecord(CRM_COMMANDS, command.organization, *encode(envelope))
