"""The composition root: the worker, and the application that tells how it is."""

from dataclasses import dataclass

from starlette.applications import Starlette

from tuyen_platform.clock import Clock
from tuyen_platform.health import Health
from tuyen_platform.kafka.ports import Log
from tuyen_presence.worker import PresenceWorker


@dataclass(frozen=True, slots=True)
class PresenceService:
    """The service. `worker` has to run for it to become ready."""

    app: Starlette
    worker: PresenceWorker
    health: Health


def compose(log: Log, clock: Clock) -> PresenceService:
    """The service over a log. Nothing runs yet."""
    worker, health = PresenceWorker(log, clock), Health()
    health.live_when("worker", worker.status.live)
    health.ready_when("worker", worker.status.ready)
    return PresenceService(Starlette(routes=health.routes()), worker, health)
