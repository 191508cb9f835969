"""The router, put together: one Faust app of two stages, the copies that they decide with."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import structlog
from starlette.applications import Starlette

from tuyen_events.ids import OrganizationId
from tuyen_events.topics import ASSIGNMENTS, CHOICES, CUSTOMERS, Topic
from tuyen_platform.clock import Clock, SystemClock
from tuyen_platform.health import Health
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.ports import Log
from tuyen_platform.metrics import WAITING_CONVERSATIONS
from tuyen_platform.process import serve_service
from tuyen_router.adapters.organizations import OrganizationCopies
from tuyen_router.chunks import (
    Chunk,
    ChunkApp,
    ChunkSettings,
    Outbox,
    PartitionState,
    TableSpec,
    build_app,
)
from tuyen_router.domain.rotations import Rotations
from tuyen_router.domain.state import Partition
from tuyen_router.settings import RouterSettings
from tuyen_router.stages import customers, organizations
from tuyen_router.stages.customers import CustomerStage
from tuyen_router.stages.organizations import OrganizationStage
from tuyen_router.stages.records import DeadLetterOffice, organization_partition
from tuyen_router.stages.tables import AssignmentsTable, ChoicesTable, CustomerPartitions

_MAX_UNACKNOWLEDGED_BYTES = 4 * 1024 * 1024
"""Some three thousand answers: well within what stage 2 remembers (REMEMBERED_ANSWERS)."""
_PROGRESS_S = 2.0
_STALLED_S = 60.0
_HUNG_S = 30.0

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Router:
    """All parts of a worker."""

    app: ChunkApp
    copies: OrganizationCopies
    stage1: CustomerStage
    stage2: OrganizationStage
    woken: asyncio.Event
    """Stage 2 may have something to hand out."""
    reports: "DueReports"


@dataclass(slots=True)
class DueReports:
    """Whose loads stage 1 owes to stage 2, beyond the changes that it tells by itself."""

    woken: asyncio.Event = field(default_factory=asyncio.Event)
    begun: set[OrganizationId] = field(default_factory=set)
    """Organizations whose rules ask for loads since the last reports."""

    def begin(self, organization: OrganizationId) -> None:
        self.begun.add(organization)
        self.woken.set()


def build(settings: RouterSettings, log: Log, clock: Clock) -> Router:
    """Puts a worker together; to be called in the loop that runs it. Connects to nothing yet."""
    woken = asyncio.Event()
    reports = DueReports()

    def stir(changed: OrganizationId) -> None:
        stage2.stirred.add(changed)
        woken.set()

    def recovered() -> None:
        stage2.stir_waiting(app.owned_partitions(organizations.NAME))
        woken.set()
        reports.woken.set()

    def handle_requests(chunk: Chunk, outbox: Outbox) -> None:
        stage2.handle(chunk, outbox)
        if stage2.stirred:  # R1.7: a report of loads may have freed somebody
            woken.set()

    copies = OrganizationCopies(log, stir, reports.begin)
    letters = DeadLetterOffice(settings.topic_prefix, clock)
    stage1 = CustomerStage(
        topic_prefix=settings.topic_prefix,
        partition=lambda number: _partition(app, number),
        organization=copies.get,
        dead_letters=letters,
    )
    stage2 = OrganizationStage(
        topic_prefix=settings.topic_prefix,
        rotations=lambda number: _rotations(app, number),
        organization=copies.get,
        dead_letters=letters,
        clock=clock,
    )
    partitions = CustomerPartitions()
    app = build_app(
        app_id=f"{settings.topic_prefix}router",
        bootstrap_servers=settings.kafka,
        inputs={
            customers.NAME: _names(settings, customers.INPUTS),
            organizations.NAME: _names(settings, organizations.INPUTS),
        },
        handlers={customers.NAME: stage1.handle, organizations.NAME: handle_requests},
        tables=[
            _table(settings, CUSTOMERS, customers.NAME, partitions.customers),
            replace(
                _table(settings, ASSIGNMENTS, customers.NAME, partitions.assignments),
                behind=CUSTOMERS.name,
            ),
            _table(settings, CHOICES, organizations.NAME, ChoicesTable),
        ],
        gate=copies.caught_up,
        on_recovered=recovered,
        settings=ChunkSettings(
            session_timeout_s=settings.router_session_timeout_s,
            max_unacknowledged_bytes=_MAX_UNACKNOWLEDGED_BYTES,
        ),
    )
    return Router(app, copies, stage1, stage2, woken, reports)


async def run(settings: RouterSettings, stopping: asyncio.Event) -> None:
    """Runs a worker until `stopping` is set. Anything that goes wrong escapes and ends it."""
    async with KafkaLog(settings.kafka, settings.topic_prefix) as log, asyncio.TaskGroup() as tasks:
        router = build(settings, log, SystemClock())
        running = [
            *(tasks.create_task(copy.run()) for copy in router.copies.copies),
            tasks.create_task(router.app.serve()),
            tasks.create_task(_drain_when_woken(router)),
            tasks.create_task(_report_when_due(router)),
            tasks.create_task(_tell_progress(router)),
        ]
        health = _health(router)
        await serve_service(Starlette(routes=health.routes()), health, settings, stopping)
        for task in running:
            task.cancel()


async def _drain_when_woken(router: Router) -> None:
    """Hands out what waits as soon as somebody may take it (R5.1): nothing polls."""
    while True:
        await router.woken.wait()
        router.woken.clear()
        for organization in list(router.stage2.stirred):
            partition = organization_partition(organization)
            step = router.stage2.drain_step(organization)
            if not await router.app.run_step(organizations.NAME, partition, step):
                router.stage2.stirred.discard(organization)
            elif organization in router.stage2.stirred:
                router.woken.set()
            await asyncio.sleep(0)


async def _report_when_due(router: Router) -> None:
    """Has stage 1 tell all loads where stage 2 may not know them (R1.7, R2.3).

    That is of a partition that was recovered, since a report may have been lost with its worker;
    and of an organization whose rules begin to ask for loads.
    """
    app, reports = router.app, router.reports
    told: dict[int, Partition] = {}
    while True:
        await reports.woken.wait()
        reports.woken.clear()
        begun = frozenset(reports.begun)
        reports.begun.clear()
        told_before, told = told, {}
        for number in sorted(app.owned_partitions(customers.NAME)):
            if number not in app.owned_partitions(customers.NAME):
                continue  # it left while another one's report waited for its turn
            partition = _partition(app, number)
            is_known = told_before.get(number) is partition
            step = router.stage1.report_step(number, begun if is_known else None)
            if (is_known and not begun) or await app.run_step(customers.NAME, number, step):
                told[number] = partition


async def _tell_progress(router: Router) -> None:
    """Logs how far a recovery is, and keeps the gauge of what waits."""
    while True:
        await asyncio.sleep(_PROGRESS_S)
        seen = router.app.health()
        if not seen.is_ready:
            for name, table in seen.tables.items():
                _log.info("recovering", table=name, progress=str(table))
            continue
        waiting = 0
        for number in router.app.owned_partitions(organizations.NAME):
            waiting += sum(map(len, _rotations(router.app, number).queues.values()))
        WAITING_CONVERSATIONS.set(waiting)


def _health(router: Router) -> Health:
    health = Health()

    def consuming() -> str | None:
        seen = router.app.health()
        if seen.seconds_since_turn > _HUNG_S:
            return f"nothing was fetched for {seen.seconds_since_turn:.0f} s"
        if seen.seconds_since_progress > _STALLED_S:
            return f"no progress in recovering for {seen.seconds_since_progress:.0f} s"
        return None

    health.live_when("consumer", consuming)
    for copy in router.copies.copies:
        health.ready_when(copy.topic.name, copy.problem)
    health.ready_when(
        "tables", lambda: None if router.app.health().is_ready else "tables are recovered"
    )
    return health


def _partition(app: ChunkApp, number: int) -> Partition:
    table = app.state(ASSIGNMENTS.name, number)
    if not isinstance(table, AssignmentsTable):
        raise TypeError(f"{table!r} is not the state of assignments")
    return table.partition


def _rotations(app: ChunkApp, number: int) -> Rotations:
    table = app.state(CHOICES.name, number)
    if not isinstance(table, ChoicesTable):
        raise TypeError(f"{table!r} is not the state of choices")
    return table.rotations


def _names(settings: RouterSettings, topics: Iterable[Topic]) -> list[str]:
    return [settings.topic_prefix + topic.name for topic in topics]


def _table(
    settings: RouterSettings,
    topic: Topic,
    stage: str,
    new_state: Callable[[int], PartitionState],
) -> TableSpec:
    return TableSpec(topic.name, settings.topic_prefix + topic.name, stage, new_state)
