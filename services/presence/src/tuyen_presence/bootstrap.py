"""Builds the service: the worker, and the application that reports its health."""

from functools import partial

from starlette.applications import Starlette

from tuyen_platform.clock import Clock
from tuyen_platform.health import Health
from tuyen_platform.kafka.ports import Log
from tuyen_platform.service import Service
from tuyen_platform.settings import ServiceSettings
from tuyen_presence.adapters.staff import DirectoryStaff
from tuyen_presence.worker import PresenceWorker


def build(settings: ServiceSettings, log: Log, clock: Clock) -> Service:
    """Builds the service for a log. Nothing runs yet."""
    worker = PresenceWorker(log, clock, partial(DirectoryStaff, log))
    health = Health()
    health.live_when("worker", worker.status.live)
    health.ready_when("worker", worker.status.ready)
    app = Starlette(routes=health.routes())
    return Service(settings=settings, app=app, health=health, loops=[worker.run])
