"""Builds the router: one stream app with two stages, and the global tables that their decisions
depend on."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from starlette.applications import Starlette

from tuyen_directory.organization_state import OrganizationState
from tuyen_events.ids import OrganizationId
from tuyen_events.topic import Topic
from tuyen_events.topics import ASSIGNMENTS, CHOICES, CUSTOMERS
from tuyen_platform.clock import Clock
from tuyen_platform.health import Health
from tuyen_platform.kafka.ports import Log
from tuyen_platform.service import Service
from tuyen_router.adapters.organizations import OrganizationTables
from tuyen_router.loops import (
    DrainLoop,
    ReportLoop,
    add_checks,
    customer_state,
    dispatch_state,
    log_progress,
)
from tuyen_router.settings import RouterSettings
from tuyen_router.stages import customers, organizations
from tuyen_router.stages.customers import CustomerStage
from tuyen_router.stages.organizations import OrganizationStage
from tuyen_router.stages.records import DeadLetterWriter
from tuyen_router.stages.tables import ChoicesTable, CustomerPartitions
from tuyen_stream import PartitionState, StreamApp, StreamSettings, TableSpec, build_app

_MAX_UNACKNOWLEDGED_BYTES = 4 * 1024 * 1024
"""Some three thousand answers: far fewer than stage 2 remembers (REMEMBERED_ANSWERS)."""


def build(settings: RouterSettings, log: Log, clock: Clock) -> Service:
    """A worker, to be built in the event loop that runs it. Connects to nothing yet."""
    # The loops are built from the stages, and the stages call the loops.
    known: OrganizationTables
    app: StreamApp
    drain: DrainLoop
    report: ReportLoop

    def organization_now(organization: OrganizationId) -> OrganizationState:
        return known.get(organization)

    def on_recovered() -> None:
        drain.on_recovered(app)
        report.on_recovered()

    letters = DeadLetterWriter(settings.topic_prefix, clock)
    stage1 = CustomerStage(
        topic_prefix=settings.topic_prefix,
        state_of=lambda number: customer_state(app, number),
        organization=organization_now,
        dead_letters=letters,
    )
    stage2 = OrganizationStage(
        topic_prefix=settings.topic_prefix,
        state_of=lambda number: dispatch_state(app, number),
        organization=organization_now,
        dead_letters=letters,
        clock=clock,
    )
    drain, report = DrainLoop(stage2), ReportLoop(stage1)
    known = OrganizationTables(log, drain.mark_dirty, report.begin)
    app = _build_app(settings, stage1, drain, known, on_recovered)
    health = Health()
    add_checks(health, app)
    for table in known.tables:
        health.ready_when(table.topic.name, table.problem)
    return Service(
        settings=settings,
        app=Starlette(routes=health.routes()),
        health=health,
        loops=[
            *(table.run for table in known.tables),
            app.serve,
            *(partial(loop, app) for loop in (drain.run, report.run, log_progress)),
        ],
    )


def _build_app(
    settings: RouterSettings,
    stage1: CustomerStage,
    drain: DrainLoop,
    known: OrganizationTables,
    recovered: Callable[[], None],
) -> StreamApp:
    states = CustomerPartitions()
    return build_app(
        app_id=f"{settings.topic_prefix}router",
        bootstrap_servers=settings.kafka,
        inputs={
            customers.NAME: _names(settings, customers.INPUTS),
            organizations.NAME: _names(settings, organizations.INPUTS),
        },
        handlers={customers.NAME: stage1.handle, organizations.NAME: drain.handle},
        tables=[
            _table(settings, CUSTOMERS, customers.NAME, states.customers),
            replace(
                _table(settings, ASSIGNMENTS, customers.NAME, states.assignments),
                recover_after=CUSTOMERS.name,
            ),
            _table(settings, CHOICES, organizations.NAME, ChoicesTable),
        ],
        gate=known.wait_until_caught_up,
        on_recovered=recovered,
        settings=StreamSettings(
            session_timeout_s=settings.router_session_timeout_s,
            max_unacknowledged_bytes=_MAX_UNACKNOWLEDGED_BYTES,
        ),
    )


def _names(settings: RouterSettings, topics: Iterable[Topic]) -> list[str]:
    return [settings.topic_prefix + topic.name for topic in topics]


def _table(
    settings: RouterSettings,
    topic: Topic,
    stage: str,
    new_state: Callable[[int], PartitionState],
) -> TableSpec:
    return TableSpec(topic.name, settings.topic_prefix + topic.name, stage, new_state)
