"""Runs this gateway's share of the work: the jobs of its partitions, and what is checked from time
to time for the organizations that are assigned to it: their inactive conversations, the
subscriptions of their pages, and their sharing rules.

The consumer group of the topic `jobs` assigns the partitions; their content is known from the
global table that every gateway has. A gateway that loses a partition leaves its jobs as they are.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog

from tuyen_directory.organization import Organization
from tuyen_events.topics import JOBS
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.jobs.auto_close import close_inactive
from tuyen_gateway.jobs.retry import retry_while_unavailable
from tuyen_gateway.jobs.runner import fail_job, run_job
from tuyen_gateway.jobs.sharing import SharingSchedule
from tuyen_gateway.jobs.subscription_check import check_subscriptions
from tuyen_gateway.jobs.turns import Turns
from tuyen_platform.kafka.consumer import consume
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.ports import FetchedRecords

GROUP = "gateway-jobs"

_AT_ONCE = 8
"""How many organizations' jobs a gateway runs at a time; the others wait for their turn."""

_REFRESH_S = 5.0

_log = structlog.get_logger()


async def run_jobs(gateway: Gateway) -> None:
    """Does this gateway's share until cancelled. Waits while Kafka or MongoDB is unavailable. A job
    that raises an unexpected exception fails, and all others continue (R9.5)."""
    for table in gateway.tables():
        await table.wait_until(partial(getattr, table, "is_caught_up"), None)
    settings = gateway.settings
    checks = (
        _Check(close_inactive, timedelta(seconds=settings.done_check_s)),
        _Check(check_subscriptions, timedelta(seconds=settings.subscription_check_s)),
        _Check(
            SharingSchedule().share, timedelta(seconds=settings.sharing_check_s), overlapping=True
        ),
    )
    async with asyncio.TaskGroup() as tasks:
        scheduler = _Scheduler(gateway, tasks, checks)
        await retry_while_unavailable(scheduler.follow, share=GROUP)


@dataclass
class _Check:
    """Work that is repeated for organizations at intervals. It is begun while it is still running
    only if it is `overlapping`: then it leaves out the organizations that are under way, so that
    one with much work does not keep others waiting (R9.5)."""

    check: Callable[[Gateway, Iterable[Organization]], Coroutine[None, None, None]]
    every: timedelta
    overlapping: bool = False
    begun_at: datetime | None = None
    task: asyncio.Task[None] | None = None

    def is_due(self, now: datetime) -> bool:
        if self.task is not None and not self.task.done() and not self.overlapping:
            return False
        return self.begun_at is None or now - self.begun_at >= self.every


@dataclass
class _Scheduler:
    gateway: Gateway
    tasks: asyncio.TaskGroup
    checks: Collection[_Check]
    _jobs: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _turns: Turns = field(default_factory=lambda: Turns(_AT_ONCE))
    _given_up: set[str] = field(default_factory=set)
    """Jobs whose failure could not be written either; they are left to the next process."""
    _owned: frozenset[int] = frozenset()

    async def follow(self) -> None:
        self._owned = frozenset()
        try:
            await consume(self.gateway.log, JOBS, group=GROUP, handle=self._turn)
        finally:
            self._leave(set(self._jobs))

    async def _turn(self, batch: FetchedRecords, partitions: frozenset[tuple[str, int]]) -> bool:
        await self._update_share(
            frozenset(partition for _, partition in partitions), has_records=bool(batch)
        )
        return True

    async def _update_share(self, owned: frozenset[int], *, has_records: bool) -> None:
        """Starts the work of the partitions that this gateway owns, and stops the work of those
        that it lost."""
        if owned != self._owned:
            _log.info("job_partitions_assigned", partitions=sorted(owned))
        if (has_records or owned - self._owned) and not await self.gateway.jobs.table.refresh(
            _REFRESH_S
        ):
            return  # another gateway's progress may not be read yet: try at the next turn
        self._owned = owned
        self._jobs = {job: task for job, task in self._jobs.items() if not task.done()}
        running = {job.id for job in self.gateway.jobs.running(owned)}
        self._leave(self._jobs.keys() - running)
        for job in self.gateway.jobs.find_superseded(owned):
            await self.gateway.jobs.restate(job)
        for job_id in running - self._jobs.keys() - self._given_up:
            self._jobs[job_id] = self.tasks.create_task(self._supervise(job_id))
        self._begin_checks(owned)

    def _leave(self, jobs: Collection[str]) -> None:
        for job_id in jobs:
            self._jobs.pop(job_id).cancel()

    async def _supervise(self, job_id: str) -> None:
        """Runs a job, and is its one supervisor: an exception ends this job alone. Errors of the
        environment are retried and do not get here."""
        try:
            await run_job(self.gateway, job_id, self._turns)
        except Exception:
            _log.exception("job_raised", job_id=job_id)
            await self._fail(job_id)

    async def _fail(self, job_id: str) -> None:
        try:
            await fail_job(self.gateway, job_id)
        except Exception:
            _log.exception("job_given_up", job_id=job_id)
            self._given_up.add(job_id)

    def _begin_checks(self, owned: frozenset[int]) -> None:
        now = self.gateway.clock.now()
        due = [each for each in self.checks if each.is_due(now)]
        if not due:
            return
        mine = [
            organization
            for organization in self.gateway.directory.organizations()
            if partition_of(organization.id, JOBS.partitions) in owned
        ]
        for each in due:
            each.begun_at = now
            each.task = self.tasks.create_task(each.check(self.gateway, mine))
