"""Builds the service: the worker, and the application that reports its health."""

from dataclasses import dataclass

from starlette.applications import Starlette

from tuyen_platform.clock import Clock
from tuyen_platform.health import Health
from tuyen_platform.kafka.ports import Log
from tuyen_presence.worker import PresenceWorker


@dataclass(frozen=True, slots=True)
class PresenceService:
    """The service. The caller must run `worker`; it is ready once the worker is."""

    app: Starlette
    worker: PresenceWorker
    health: Health


def compose(log: Log, clock: Clock) -> PresenceService:
    """Builds the service for a log. Nothing runs yet."""
    worker, health = PresenceWorker(log, clock), Health()
    health.live_when("worker", worker.status.live)
    health.ready_when("worker", worker.status.ready)
    return PresenceService(Starlette(routes=health.routes()), worker, health)
