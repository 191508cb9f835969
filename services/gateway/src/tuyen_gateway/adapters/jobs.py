"""Jobs as the log has them: what was asked, and how far each has come."""

from collections.abc import Collection, Sequence

from tuyen_events.codec import UnreadableEventError, decode_data
from tuyen_events.event import Envelope
from tuyen_events.ids import OrganizationId, caused_event_id
from tuyen_events.jobs import JobProgressed, JobRequested
from tuyen_events.topics import JOBS
from tuyen_gateway.adapters.copies import LogCopy
from tuyen_gateway.adapters.directory import SOURCE
from tuyen_gateway.domain.heads import Heads
from tuyen_gateway.domain.jobs import Job, evolve
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.ports import Appended, Log, Record


class Jobs:
    """The jobs of the last thirty days, of all organizations."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._jobs: dict[str, Job] = {}
        self.heads = Heads()
        self.copy = LogCopy(log, JOBS, self._fold)

    def job(self, job_id: str) -> Job | None:
        return self._jobs.get(job_id)

    def of(self, organization: OrganizationId) -> Sequence[Job]:
        """The newest first."""
        found = [job for job in self._jobs.values() if job.request.organization == organization]
        return sorted(found, key=lambda job: (job.request.at, job.id), reverse=True)

    def running(self, partitions: Collection[int]) -> Sequence[Job]:
        """Those of these partitions that have not ended, the oldest first."""
        found = [
            job
            for job in self._jobs.values()
            if not job.ended and partition_of(job.id, JOBS.partitions) in partitions
        ]
        return sorted(found, key=lambda job: (job.request.at, job.id))

    async def ask(self, request: JobRequested) -> None:
        """Returns once the job stands in the log, and in this copy."""
        await self.copy.folded(await self._append(request, request.job_id))

    async def report(self, progress: JobProgressed) -> None:
        """The same for how far a job has come."""
        appended = await self._append(progress, progress.job_id, str(progress.revision))
        await self.copy.folded(appended)

    async def ended(self, job_id: str, within_s: float) -> bool:
        """Whether the job came to its end within that many seconds."""
        return await self.copy.until(
            lambda: (job := self._jobs.get(job_id)) is not None and job.ended, within_s
        )

    async def _append(self, event: JobRequested | JobProgressed, *parts: str) -> Appended:
        envelope = Envelope(
            id=caused_event_id(event.job_id, event.type, *parts),
            source=SOURCE,
            subject=event.job_id,
            time=event.at,
            data=event,
        )
        return await self._log.append(JOBS, event.job_id, envelope)

    def _fold(self, record: Record) -> None:
        if record.value is None:
            return
        event = decode_data(record.headers, record.value)
        if not isinstance(event, JobRequested | JobProgressed):
            raise UnreadableEventError(f"{event.type} says nothing of a job")
        self.heads.saw(event.organization, record.partition, record.offset)
        job = evolve(self._jobs.get(event.job_id), event)
        if job is not None:
            self._jobs[job.id] = job
