"""What a worker does that no input record causes: drain queues, report loads, log its progress."""

import asyncio
from typing import TypeVar

import structlog

from tuyen_events.ids import OrganizationId
from tuyen_events.topics import ASSIGNMENTS, CHOICES
from tuyen_platform.health import Health
from tuyen_platform.metrics import WAITING_CONVERSATIONS
from tuyen_router.domain.customer_state import CustomerState
from tuyen_router.domain.dispatch_state import DispatchState
from tuyen_router.stages import customers, organizations
from tuyen_router.stages.customers import CustomerStage
from tuyen_router.stages.organizations import OrganizationStage
from tuyen_router.stages.records import organization_partition
from tuyen_router.stages.tables import AssignmentsTable, ChoicesTable
from tuyen_stream import Batch, Outbox, StreamApp

_PROGRESS_S = 2.0
_STALLED_S = 60.0
_HUNG_S = 30.0

_TableT = TypeVar("_TableT")

_log = structlog.get_logger()


class DrainLoop:
    """Serves queues as soon as somebody may take a waiting conversation (R5.1): nothing polls.

    `stage` keeps the organizations whose queue may be served (`dirty`).
    """

    def __init__(self, stage: OrganizationStage) -> None:
        self._stage = stage
        self._woken = asyncio.Event()

    def mark_dirty(self, organization: OrganizationId) -> None:
        """Something changed by which somebody in the organization may have become a candidate."""
        self._stage.dirty.add(organization)
        self._woken.set()

    def handle(self, batch: Batch, outbox: Outbox) -> None:
        """The stage's handler. A report of loads in the batch may have freed somebody (R1.7)."""
        self._stage.handle(batch, outbox)
        if self._stage.dirty:
            self._woken.set()

    def on_recovered(self, app: StreamApp) -> None:
        """The partitions of this worker were recovered: every queue in them is looked at."""
        self._stage.mark_waiting_dirty(app.list_owned_partitions(organizations.NAME))
        self._woken.set()

    async def run(self, app: StreamApp) -> None:
        """Runs until cancelled."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            for organization in list(self._stage.dirty):
                partition = organization_partition(organization)
                step = self._stage.drain_step(organization)
                if not await app.run_step(organizations.NAME, partition, step):
                    self._stage.dirty.discard(organization)
                elif organization in self._stage.dirty:
                    self._woken.set()
                await asyncio.sleep(0)


class ReportLoop:
    """Has stage 1 report all loads where stage 2 may not know them (R1.7, R2.3).

    Stage 1 reports changes by itself. A full report is due from a partition that was recovered,
    since the last report may have been lost with its worker, and for an organization whose rules
    begin to need loads.
    """

    def __init__(self, stage: CustomerStage) -> None:
        self._stage = stage
        self._woken = asyncio.Event()
        self._begun: set[OrganizationId] = set()
        """Organizations whose rules began to need loads since the last reports."""

    def begin(self, organization: OrganizationId) -> None:
        """Notes that a rule of the organization needs loads from now on."""
        self._begun.add(organization)
        self._woken.set()

    def on_recovered(self) -> None:
        """The partitions of this worker were recovered."""
        self._woken.set()

    async def run(self, app: StreamApp) -> None:
        """Runs until cancelled."""
        reported: dict[int, CustomerState] = {}
        while True:
            await self._woken.wait()
            self._woken.clear()
            begun = frozenset(self._begun)
            self._begun.clear()
            reported_before, reported = reported, {}
            for number in sorted(app.list_owned_partitions(customers.NAME)):
                if number not in app.list_owned_partitions(customers.NAME):
                    continue  # the partition was revoked while an earlier report was written
                state = customer_state(app, number)
                is_known = reported_before.get(number) is state
                step = self._stage.report_step(number, begun if is_known else None)
                if (is_known and not begun) or await app.run_step(customers.NAME, number, step):
                    reported[number] = state


async def log_progress(app: StreamApp) -> None:
    """Logs the progress of a recovery, and updates the gauge of waiting conversations, until
    cancelled."""
    while True:
        await asyncio.sleep(_PROGRESS_S)
        seen = app.health()
        if not seen.is_ready:
            for name, table in seen.tables.items():
                _log.info("recovering", table=name, progress=str(table))
            continue
        waiting = 0
        for number in app.list_owned_partitions(organizations.NAME):
            waiting += sum(map(len, dispatch_state(app, number).queues.values()))
        WAITING_CONVERSATIONS.set(waiting)


def add_checks(health: Health, app: StreamApp) -> None:
    """The worker is live while it fetches or recovers, and ready once its tables are recovered."""

    def consuming() -> str | None:
        seen = app.health()
        if seen.seconds_since_poll > _HUNG_S:
            return f"nothing was fetched for {seen.seconds_since_poll:.0f} s"
        if seen.seconds_since_progress > _STALLED_S:
            return f"no progress in recovering for {seen.seconds_since_progress:.0f} s"
        return None

    health.live_when("consumer", consuming)
    health.ready_when("tables", lambda: None if app.health().is_ready else "tables are recovered")


def customer_state(app: StreamApp, number: int) -> CustomerState:
    """Stage 1's state of a partition. Raises KeyError when the partition is not here."""
    return _table(app, ASSIGNMENTS.name, number, AssignmentsTable).state


def dispatch_state(app: StreamApp, number: int) -> DispatchState:
    """Stage 2's state of a partition. Raises KeyError when the partition is not here."""
    return _table(app, CHOICES.name, number, ChoicesTable).state


def _table(app: StreamApp, name: str, number: int, kind: type[_TableT]) -> _TableT:
    table = app.state(name, number)
    if not isinstance(table, kind):
        raise TypeError(f"{table!r} is not a state of {name}")
    return table
