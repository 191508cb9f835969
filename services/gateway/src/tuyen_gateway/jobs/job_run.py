"""What every job has in common: it runs in batches, each stored in the log before it is begun and
counted after it was carried out.

A gateway that takes a job over begins with the batch that was under way. Two gateways that both
believe they own a job do the same, which is harmless.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import ClassVar, TypeVar

import structlog
from pymongo.errors import ExecutionTimeout

from tuyen_directory.organization import Organization
from tuyen_events.crm_limits import SKIPPED_LISTED
from tuyen_events.directory import AgentChanged
from tuyen_events.jobs import JobProgressed, JobState
from tuyen_events.limits import JOB_RESULTS_KEPT_S
from tuyen_gateway.domain.contact_visibility import ContactScope, contact_scope_of
from tuyen_gateway.domain.jobs import (
    ItemResult,
    Job,
    begin_job,
    complete_job,
    count_results,
    list_skipped,
    take_up,
)
from tuyen_gateway.domain.visibility import viewer_of
from tuyen_gateway.errors import UnavailableError
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.jobs.retry import retry_while_unavailable
from tuyen_gateway.jobs.turns import Turn, Turns
from tuyen_gateway.ports.tables import WAIT_S

SLICE = 100
"""How many items of a job are under way at once."""

_ATTEMPTS = 3
"""How often a query that times out is tried."""

_REMEMBERED = timedelta(seconds=JOB_RESULTS_KEPT_S)

T = TypeVar("T")

_log = structlog.get_logger()


class StoppedError(Exception):
    """The job cannot continue; `detail` says why, for users."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class JobRun(ABC):
    """One job, while this gateway runs it."""

    lists_skipped: ClassVar[bool] = False
    """Whether items that were skipped are listed, with the reason."""

    def __init__(self, gateway: Gateway, job: Job, turns: Turns) -> None:
        self.gateway = gateway
        self.job = job
        self._turns = turns
        self._listed: list[str] = []
        """The next items, as far as they were looked up."""

    async def prepare(self) -> None:
        """What has to be done before the first slice, and may take long: no turn is held
        meanwhile. Raises StoppedError."""
        return

    @abstractmethod
    async def count(self) -> int:
        """The number of items, as far as it is known. Raises StoppedError."""

    @abstractmethod
    async def look_up(self, after: str | None) -> Sequence[str]:
        """The next items after one, in their order; none at the end. Raises StoppedError."""

    @abstractmethod
    async def run_batch(
        self, ids: Sequence[str], turn: Turn, *, again: bool
    ) -> Mapping[str, ItemResult]:
        """Carries the work out; returns the result of each item. With `again`, another gateway may
        have done some of it already."""

    def complete(self, progress: JobProgressed) -> JobProgressed:
        """The progress after the last item."""
        return progress

    async def run(self) -> None:
        progress = self.job.progress
        again = progress is not None
        await self.retry(self._directory_is_current)
        await self.retry(lambda: self.gateway.jobs.keep_request(self.job))
        try:
            await self.prepare()
            if self._has_ended():
                return
            if progress is None:
                async with self._turn():
                    progress = await self._begin()
            while progress.under_way:
                if self._has_ended():
                    return
                async with self._turn() as turn:
                    results = await self.run_batch(progress.under_way, turn, again=again)
                    progress = await self._take_batch(await self._note(progress, results))
                again = False
            if self._has_ended():
                return
            await self._end(self.complete(progress), JobState.DONE, None)
        except StoppedError as stopped:
            await self.stop(stopped.detail)

    async def _note(
        self, progress: JobProgressed, results: Mapping[str, ItemResult]
    ) -> JobProgressed:
        """The next progress, after a batch."""
        counted = count_results(progress, results, self.now())
        if not self.lists_skipped:
            return counted
        shown, others = list_skipped(counted, results)
        if others and sum(progress.refused.values()) < SKIPPED_LISTED:
            keep = self.gateway.skipped_items.keep
            await self.retry(lambda: keep(counted, others))
        return shown

    async def stop(self, detail: str | None, state: JobState = JobState.FAILED) -> None:
        """Ends the job, with what it has achieved."""
        latest = self.gateway.jobs.job(self.job.id) or self.job
        reached = latest.progress or begin_job(self.job.request, 0, self.now())
        await self._end(reached, state, detail)

    def _turn(self) -> AbstractAsyncContextManager[Turn]:
        return self._turns.turn(self.job.request.organization)

    async def _begin(self) -> JobProgressed:
        return await self._take_batch(begin_job(self.job.request, await self.count(), self.now()))

    async def _take_batch(self, progress: JobProgressed) -> JobProgressed:
        """Puts the next batch under way, and returns the new progress once it is in the log;
        returns `progress` if no items are left."""
        if not self._listed:
            self._listed = list(await self.look_up(progress.cursor))
        batch, self._listed = self._listed[:SLICE], self._listed[SLICE:]
        if not batch:
            return progress
        taken = take_up(progress, tuple(batch))
        await self.retry(lambda: self.gateway.jobs.report(taken))
        return taken

    async def _end(self, progress: JobProgressed, state: JobState, detail: str | None) -> None:
        last = complete_job(progress, state, self.now(), detail)
        forgotten = self.now() - _REMEMBERED
        with self.gateway.jobs.ending(self.job.id):
            await self.retry(lambda: self.gateway.jobs.report(last))
            if not self._has_ended():
                return  # another gateway has come further: it still needs the request
            await self.retry(lambda: self.gateway.jobs.tidy(self.job, forgotten))
        _log.info(
            "job_ended",
            job_id=self.job.id,
            organization=last.organization,
            state=state,
            changed=last.changed,
            unchanged=last.unchanged,
            refused=sum(last.refused.values()),
            detail=detail,
        )

    async def _directory_is_current(self) -> None:
        """Waits until this gateway knows all that is in the directory: another gateway may have
        added the requester a moment ago."""
        if not await self.gateway.directory.table.refresh(WAIT_S):
            raise UnavailableError("This gateway has not folded the directory yet.")

    def _has_ended(self) -> bool:
        """Whether the job has ended, here or at another gateway."""
        job = self.gateway.jobs.job(self.job.id)
        return job is not None and job.ended

    def find_requester(self) -> tuple[Organization, AgentChanged]:
        """The agent whose present rights the job uses. Raises StoppedError."""
        request = self.job.request
        organization = self.gateway.directory.organization(request.organization)
        agent = None if organization is None else organization.active_agent(request.by)
        if organization is None or agent is None:
            raise StoppedError(f"{request.by} requested it, and was disabled or removed since.")
        if organization.profile is None or organization.profile.value.suspended:
            raise StoppedError("The organization was suspended.")
        return organization, agent

    async def load_contact_scope(self) -> ContactScope:
        """The contacts that the requester may see and change now. Raises StoppedError."""
        viewer = viewer_of(*self.find_requester())
        memberships = await self.retry(
            lambda: self.gateway.crm.memberships(viewer.organization, viewer.agent_id)
        )
        return contact_scope_of(viewer, memberships)

    async def retry(self, step: Callable[[], Awaitable[T]]) -> T:
        for _ in range(_ATTEMPTS):
            try:
                return await retry_while_unavailable(step, job_id=self.job.id)
            except ExecutionTimeout as error:
                _log.warning("job_asks_too_much", job_id=self.job.id, error=str(error))
        raise StoppedError("The database took too long to look these up: select fewer at a time.")

    def now(self) -> datetime:
        return self.gateway.clock.now()
