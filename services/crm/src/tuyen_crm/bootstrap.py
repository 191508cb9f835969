"""Builds the service: its workers, the views, and the application that reports their health."""

from collections.abc import Coroutine
from dataclasses import dataclass

from starlette.applications import Starlette

from tuyen_crm.adapters.directory import OrganizationDirectory
from tuyen_crm.decider import CommandDecider
from tuyen_crm.identity import SERVICE
from tuyen_crm.observer import CustomerObserver
from tuyen_crm.ports import ContactViews
from tuyen_crm.projections.crm import VIEWS, CrmProjection
from tuyen_crm.reminder_sender import ReminderSender
from tuyen_crm.settings import CrmSettings
from tuyen_events.topics import CONTACTS
from tuyen_platform.clock import Clock
from tuyen_platform.earlier_views import EarlierViewsCleanup
from tuyen_platform.health import Health
from tuyen_platform.kafka.consumer import ConsumerStatus
from tuyen_platform.kafka.ports import Log
from tuyen_platform.mongodb import Database, connect
from tuyen_platform.projection import MongoPositions, Positions, run_projection
from tuyen_platform.service import Loop, Service
from tuyen_views.view import CRM_VIEWS

VIEW_GROUP = "crm-contacts"
_MIN_INTERVAL_S = 0.1
"""The least time between two batches while there is always something new."""


@dataclass(frozen=True, slots=True)
class Crm:
    """The parts of the service. The caller must run `loops`; it is ready once they are."""

    log: Log
    directory: OrganizationDirectory
    observer: CustomerObserver
    decider: CommandDecider
    view: ContactViews
    positions: Positions
    status: ConsumerStatus
    health: Health

    def loops(self) -> list[Loop]:
        return [
            self.directory.run,
            self.observer.run,
            self.observer.follow_removals,
            self.decider.run,
            self.project,
        ]

    def project(self) -> Coroutine[None, None, None]:
        """Keeps the views up to date until cancelled."""
        return run_projection(
            self.log,
            CONTACTS,
            service=SERVICE,
            view=CRM_VIEWS,
            group=VIEW_GROUP,
            positions=self.positions,
            fold=self.view.fold,
            min_interval_s=_MIN_INTERVAL_S,
            status=self.status,
        )


def compose(log: Log, database: Database) -> Crm:
    """Builds the workers and the views for a log and a database. Nothing runs yet."""
    directory = OrganizationDirectory(log)
    observer, decider = CustomerObserver(log, directory, directory, directory), CommandDecider(log)
    status, health = ConsumerStatus(), Health()
    for name, loop in (
        ("observer", observer.status),
        ("decider", decider.status),
        ("contacts", status),
    ):
        health.live_when(name, loop.live)
        health.ready_when(name, loop.ready)
    return Crm(
        log=log,
        directory=directory,
        observer=observer,
        decider=decider,
        view=CrmProjection(database),
        positions=MongoPositions(database, CRM_VIEWS),
        status=status,
        health=health,
    )


def build(settings: CrmSettings, log: Log, clock: Clock) -> Service:
    """Builds the service. Nothing runs yet. The clock is for reminders only: commands and events
    contain their times."""
    database = connect(settings.mongodb, settings.database)
    composed = compose(log, database)
    cleanup = EarlierViewsCleanup(
        log, database, CONTACTS, view=CRM_VIEWS, collections=[view.collection for view in VIEWS]
    )
    return Service(
        settings=settings,
        app=Starlette(routes=composed.health.routes()),
        health=composed.health,
        loops=[*composed.loops(), ReminderSender(log, database, clock).run, cleanup.run],
        close=database.client.close,
    )
