"""Builds the service: the worker, the view, and the application that reports their health."""

from collections.abc import Coroutine
from dataclasses import dataclass

from starlette.applications import Starlette

from tuyen_crm.projections import contacts
from tuyen_crm.projections.contacts import ContactsView
from tuyen_crm.settings import CrmSettings
from tuyen_crm.worker import APART_S, SERVICE, ContactWorker
from tuyen_events.topics import CONTACTS
from tuyen_platform.clock import Clock
from tuyen_platform.health import Health
from tuyen_platform.kafka.ports import Log
from tuyen_platform.mongodb import Database, connect
from tuyen_platform.projection import MongoPositions, ProjectionStatus, run_projection
from tuyen_platform.service import Service

VIEW_GROUP = "crm-contacts"


@dataclass(frozen=True, slots=True)
class Crm:
    """The parts of the service. `worker` and `project` must run; it is ready once they are."""

    app: Starlette
    log: Log
    worker: ContactWorker
    view: ContactsView
    positions: MongoPositions
    status: ProjectionStatus
    health: Health

    def project(self) -> Coroutine[None, None, None]:
        """Keeps the view up to date until cancelled."""
        return run_projection(
            self.log,
            CONTACTS,
            service=SERVICE,
            view=contacts.VIEW,
            group=VIEW_GROUP,
            positions=self.positions,
            fold=self.view.fold,
            apart_s=APART_S,
            status=self.status,
        )


def build(settings: CrmSettings, log: Log, clock: Clock) -> Service:
    """Builds the service. Nothing runs yet."""
    database = connect(settings.mongodb, settings.database)
    crm = compose(log, database)
    return Service(
        settings=settings,
        app=crm.app,
        health=crm.health,
        loops=[crm.worker.run, crm.project],
        close=database.client.close,
    )


def compose(log: Log, database: Database) -> Crm:
    """Builds the service for a log and a database. Nothing runs yet."""
    worker, status, health = ContactWorker(log), ProjectionStatus(), Health()
    for name, loop in (("worker", worker.status), ("contacts", status)):
        health.live_when(name, loop.live)
        health.ready_when(name, loop.ready)
    return Crm(
        app=Starlette(routes=health.routes()),
        log=log,
        worker=worker,
        view=ContactsView(database),
        positions=MongoPositions(database, contacts.VIEW),
        status=status,
        health=health,
    )
