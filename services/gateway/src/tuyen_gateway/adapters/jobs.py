"""Reads the requests and the progress of jobs from the log."""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from tuyen_events.codec import KeyedEvent, UnreadableEventError, encode, read_event
from tuyen_events.event import Envelope
from tuyen_events.ids import OrganizationId, derive_event_id
from tuyen_events.jobs import JobProgressed, JobRequested, JobState
from tuyen_events.limits import JOBS_KEPT
from tuyen_events.topics import JOBS
from tuyen_gateway.adapters.audit_records import audit_record
from tuyen_gateway.adapters.awaited_table import AwaitedTable
from tuyen_gateway.domain.audit import audit_job
from tuyen_gateway.domain.heads import Heads
from tuyen_gateway.domain.job_quotas import refuse_too_many
from tuyen_gateway.domain.jobs import Job, evolve, put_away, replaces, shorten_skipped
from tuyen_gateway.identity import SOURCE
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.ports import Log, ProducerRecord, RecordMetadata, RecordPosition

_TIDIED = 20
"""The most old jobs that are removed when a job ends."""

_PROGRESS = "/progress"
_ENDED = "ended"
"""Part of the id of the request that is kept after its job has ended."""


class JobsTable:
    """`Jobs`, from the log."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._jobs: dict[str, Job] = {}
        self._running: set[str] = set()
        self._of: dict[OrganizationId, set[str]] = {}
        self._early: dict[str, JobProgressed] = {}
        """Progress that comes before its request in the log, because the request was written again
        after it."""
        self._put_away: dict[str, JobRequested] = {}
        """Requests as `tidy` leaves them, until the last progress of their job is read as well.
        Such a job must not be run before that: it has ended, and without its selection it would
        change all conversations."""
        self._superseded: set[str] = set()
        """Jobs about which another gateway has written progress that does not count."""
        self._bare: set[str] = set()
        """Jobs whose request has the same key as progress of an older version."""
        self._ending: set[str] = set()
        self._locks: dict[OrganizationId, asyncio.Lock] = {}
        self._last: dict[str, tuple[int, int]] = {}
        """By job, the partition and offset of its last record."""
        self.heads = Heads()
        self.table = AwaitedTable(log, JOBS, read_event, self._fold)

    def job(self, job_id: str) -> Job | None:
        return self._jobs.get(job_id)

    def of(self, organization: OrganizationId) -> Sequence[Job]:
        found = [self._jobs[job_id] for job_id in self._of.get(organization, ())]
        return sorted(found, key=_age, reverse=True)

    def changed_after(
        self, organization: OrganizationId, heads: Mapping[int, int]
    ) -> Sequence[Job]:
        return [
            job
            for job in self.of(organization)
            if (last := self._last.get(job.id)) is not None and last[1] >= heads.get(last[0], 0)
        ]

    def running(self, partitions: Collection[int]) -> Sequence[Job]:
        found = [
            self._jobs[job_id]
            for job_id in self._running | self._ending
            if job_id in self._jobs and partition_of(job_id, JOBS.partitions) in partitions
        ]
        return sorted(found, key=_age)

    @contextmanager
    def ending(self, job_id: str) -> Iterator[None]:
        self._ending.add(job_id)
        try:
            yield
        finally:
            self._ending.discard(job_id)

    async def ask(self, request: JobRequested) -> None:
        async with self._locks.setdefault(request.organization, asyncio.Lock()):
            await self.table.require_current()
            refuse_too_many(self.of(request.organization), request)
            value, headers = encode(_envelope(request))
            partition = partition_of(request.job_id, JOBS.partitions)
            audited = audit_record(audit_job(request), derive_event_id(request.job_id, "audit"))
            await self.table.append(
                [ProducerRecord(JOBS, request.job_id, value, headers, partition), audited]
            )

    async def report(self, progress: JobProgressed) -> None:
        appended = await self._append(progress, progress.job_id + _PROGRESS, str(progress.revision))
        await self.table.wait_until_folded(appended)

    async def keep_request(self, job: Job) -> None:
        if job.id in self._bare:
            await self.table.wait_until_folded(await self._append(job.request, job.id))

    async def tidy(self, job: Job, forgotten: datetime) -> None:
        await self._append(put_away(job.request), job.id, _ENDED)
        kept = self.of(job.request.organization)
        old = [
            one
            for place, one in enumerate(kept)
            if one.ended and (place >= JOBS_KEPT or one.request.at < forgotten)
        ]
        for one in old[-_TIDIED:]:
            partition = partition_of(one.id, JOBS.partitions)
            # The request first: without progress, it would look like a job that nobody began.
            for key in (one.id, one.id + _PROGRESS):
                await self._log.append_bytes(JOBS, key, None, partition=partition)

    def find_superseded(self, partitions: Collection[int]) -> Sequence[Job]:
        found = [self._jobs[job_id] for job_id in self._superseded if job_id in self._jobs]
        return [
            job
            for job in found
            if job.ended and partition_of(job.id, JOBS.partitions) in partitions
        ]

    async def restate(self, job: Job) -> None:
        if job.progress is not None:
            await self.report(job.progress)
            await self._append(put_away(job.request), job.id, _ENDED)

    async def wait_until_ended(self, job_id: str, within_s: float) -> bool:
        return await self.table.wait_until(
            lambda: (job := self._jobs.get(job_id)) is not None and job.ended, within_s
        )

    async def _append(
        self, event: JobRequested | JobProgressed, key: str, *parts: str
    ) -> RecordMetadata:
        partition = partition_of(event.job_id, JOBS.partitions)
        return await self._log.append(JOBS, key, _envelope(event, *parts), partition=partition)

    def _fold(self, record: KeyedEvent, position: RecordPosition) -> None:
        key, event = record.key, record.event
        if event is None:
            self._forget(key, position)
            return
        if not isinstance(event, JobRequested | JobProgressed):
            raise UnreadableEventError(f"{event.type} is no event of a job")
        self.heads.advance(event.organization, position.partition, position.offset)
        self._last[event.job_id] = (position.partition, position.offset)
        if isinstance(event, JobProgressed):
            if key == event.job_id:
                self._bare.add(event.job_id)
            self._keep_progress(shorten_skipped(event))
            return
        self._bare.discard(event.job_id)
        if _is_put_away(event, record.id) and event.job_id not in self._jobs:
            self._put_away[event.job_id] = event
            self._join(event.job_id)
        else:
            self._keep(evolve(self._jobs.get(event.job_id), event))
            self._join(event.job_id)

    def _keep_progress(self, event: JobProgressed) -> None:
        known = self._jobs.get(event.job_id)
        job = None if known is None else evolve(known, event)
        if job is not None:
            self._keep(job)
            counts = job.progress
        else:
            early = self._early.get(event.job_id)
            counts = event if early is None or replaces(event, early) else early
            self._early[event.job_id] = counts
        if event == counts:
            self._superseded.discard(event.job_id)
        else:
            self._superseded.add(event.job_id)
        self._join(event.job_id)

    def _join(self, job_id: str) -> None:
        """Adds progress that was read before its request, and a job whose last progress is known
        together with what is left of its request."""
        early = self._early.get(job_id)
        if early is None:
            return
        job = self._jobs.get(job_id)
        if job is None and early.state is not JobState.RUNNING and job_id in self._put_away:
            job = Job(request=self._put_away.pop(job_id))
        if job is not None:
            del self._early[job_id]
            self._keep(evolve(job, early))

    def _keep(self, job: Job | None) -> None:
        if job is None:
            return
        self._jobs[job.id] = job
        self._of.setdefault(job.request.organization, set()).add(job.id)
        if job.ended:
            self._running.discard(job.id)
            self._bare.discard(job.id)
        else:
            self._running.add(job.id)

    def _forget(self, key: str, position: RecordPosition) -> None:
        job = self._jobs.pop(key, None)
        self._early.pop(key.removesuffix(_PROGRESS), None)
        self._put_away.pop(key, None)
        self._superseded.discard(key)
        self._last.pop(key, None)
        if job is not None:
            self.heads.advance(job.request.organization, position.partition, position.offset)
            self._of[job.request.organization].discard(job.id)
            self._running.discard(job.id)
            self._bare.discard(job.id)


def _envelope(event: JobRequested | JobProgressed, *parts: str) -> Envelope:
    return Envelope(
        id=derive_event_id(event.job_id, event.type, *parts),
        source=SOURCE,
        subject=event.job_id,
        time=event.at,
        data=event,
    )


def _is_put_away(request: JobRequested, event_id: str) -> bool:
    """Whether this is what `tidy` left of a request."""
    return event_id == derive_event_id(request.job_id, request.type, _ENDED)


def _age(job: Job) -> tuple[datetime, str]:
    return job.request.at, job.id
