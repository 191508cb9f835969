"""Jobs, from the log: their requests and their progress."""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from tuyen_events.codec import KeyedEvent, UnreadableEventError, read_event
from tuyen_events.event import Envelope
from tuyen_events.ids import OrganizationId, caused_event_id
from tuyen_events.jobs import JobProgressed, JobRequested
from tuyen_events.limits import JOBS_KEPT
from tuyen_events.topics import JOBS
from tuyen_gateway.adapters.awaited_table import AwaitedTable
from tuyen_gateway.domain.heads import Heads
from tuyen_gateway.domain.job_quotas import refuse_too_many
from tuyen_gateway.domain.jobs import Job, evolve, put_away
from tuyen_gateway.identity import SOURCE
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.ports import Log, RecordMetadata, RecordPosition

_TIDIED = 20
"""How many old jobs are forgotten at most when one has ended."""

_PROGRESS = "/progress"
_ENDED = "ended"
"""Part of the id of the request that is kept after its job has ended."""


class Jobs:
    """The jobs of all organizations: those that run or wait, and the results of the last thirty
    days. The conversations that a job names are kept until it has ended."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._jobs: dict[str, Job] = {}
        self._running: set[str] = set()
        self._of: dict[OrganizationId, set[str]] = {}
        self._early: dict[str, JobProgressed] = {}
        """Progress that comes before its request in the log, because the request was written again
        after it."""
        self._bare: set[str] = set()
        """Jobs whose request has the same key as progress of an older version."""
        self._ending: set[str] = set()
        self._locks: dict[OrganizationId, asyncio.Lock] = {}
        self.heads = Heads()
        self.copy = AwaitedTable(log, JOBS, read_event, self._fold)

    def job(self, job_id: str) -> Job | None:
        return self._jobs.get(job_id)

    def of(self, organization: OrganizationId) -> Sequence[Job]:
        """The newest first."""
        found = [self._jobs[job_id] for job_id in self._of.get(organization, ())]
        return sorted(found, key=_age, reverse=True)

    def running(self, partitions: Collection[int]) -> Sequence[Job]:
        """Those of these partitions that have not ended, or are just being ended here, the oldest
        first."""
        found = [
            self._jobs[job_id]
            for job_id in self._running | self._ending
            if job_id in self._jobs and partition_of(job_id, JOBS.partitions) in partitions
        ]
        return sorted(found, key=_age)

    @contextmanager
    def ending(self, job_id: str) -> Iterator[None]:
        """For the block in which a job's end is reported and tidied up: until then `running` still
        contains it."""
        self._ending.add(job_id)
        try:
            yield
        finally:
            self._ending.discard(job_id)

    async def ask(self, request: JobRequested) -> None:
        """Returns once the job is in the log, and in this table. Raises TooManyAttemptsError if its
        agent or organization has too many."""
        async with self._locks.setdefault(request.organization, asyncio.Lock()):
            await self.copy.current()
            refuse_too_many(self.of(request.organization), request)
            await self.copy.folded(await self._append(request, request.job_id))

    async def report(self, progress: JobProgressed) -> None:
        """The same for a job's progress."""
        appended = await self._append(progress, progress.job_id + _PROGRESS, str(progress.revision))
        await self.copy.folded(appended)

    async def keep_request(self, job: Job) -> None:
        """Writes the request again if compaction would treat it as superseded: an older version
        wrote progress under the same key."""
        if job.id in self._bare:
            await self.copy.folded(await self._append(job.request, job.id))

    async def tidy(self, job: Job, forgotten: datetime) -> None:
        """After a job has ended: leaves in the log only what is kept of it, and removes jobs that
        its organization has beyond the limit, or that are from before `forgotten`. The request is
        removed before its progress: without progress, it would look like a job that nobody
        began."""
        await self._append(put_away(job.request), job.id, _ENDED)
        kept = self.of(job.request.organization)
        old = [
            one
            for place, one in enumerate(kept)
            if one.ended and (place >= JOBS_KEPT or one.request.at < forgotten)
        ]
        for one in old[-_TIDIED:]:
            partition = partition_of(one.id, JOBS.partitions)
            for key in (one.id, one.id + _PROGRESS):
                await self._log.append_bytes(JOBS, key, None, partition=partition)

    async def ended(self, job_id: str, within_s: float) -> bool:
        """Whether the job ended within that many seconds."""
        return await self.copy.until(
            lambda: (job := self._jobs.get(job_id)) is not None and job.ended, within_s
        )

    async def _append(
        self, event: JobRequested | JobProgressed, key: str, *parts: str
    ) -> RecordMetadata:
        envelope = Envelope(
            id=caused_event_id(event.job_id, event.type, *parts),
            source=SOURCE,
            subject=event.job_id,
            time=event.at,
            data=event,
        )
        partition = partition_of(event.job_id, JOBS.partitions)
        return await self._log.append(JOBS, key, envelope, partition=partition)

    def _fold(self, record: KeyedEvent, position: RecordPosition) -> None:
        key, event = record.key, record.event
        if event is None:
            self._forget(key, position)
            return
        if not isinstance(event, JobRequested | JobProgressed):
            raise UnreadableEventError(f"{event.type} says nothing of a job")
        self.heads.saw(event.organization, position.partition, position.offset)
        if isinstance(event, JobRequested):
            if self._is_rest(event, record.id):
                return
            self._bare.discard(event.job_id)
        elif key == event.job_id:
            self._bare.add(event.job_id)
        self._keep(event)

    def _is_rest(self, event: JobRequested, event_id: str) -> bool:
        """Whether this request is all that is left of a job that has ended: its result was deleted
        earlier, with the older part of the log. Beginning the job again would do it twice, and for
        all conversations, since what it selected is not known any more."""
        if event.job_id in self._jobs or event.job_id in self._early:
            return False
        return event_id == caused_event_id(event.job_id, event.type, _ENDED)

    def _keep(self, event: JobRequested | JobProgressed) -> None:
        job = evolve(self._jobs.get(event.job_id), event)
        if job is None and isinstance(event, JobProgressed):
            self._early[event.job_id] = event
            return
        if (early := self._early.pop(event.job_id, None)) is not None:
            job = evolve(job, early)
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
        if job is not None:
            self.heads.saw(job.request.organization, position.partition, position.offset)
            self._of[job.request.organization].discard(job.id)
            self._running.discard(job.id)
            self._bare.discard(job.id)


def _age(job: Job) -> tuple[datetime, str]:
    return job.request.at, job.id
