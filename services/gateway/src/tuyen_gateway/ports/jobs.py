"""Jobs: their requests and their progress."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from tuyen_events.ids import OrganizationId
from tuyen_events.jobs import JobProgressed, JobRequested
from tuyen_gateway.domain.heads import Heads
from tuyen_gateway.domain.jobs import Job
from tuyen_gateway.ports.tables import TableBacked


class Jobs(TableBacked, Protocol):
    """The jobs of all organizations: those that run or wait, and the results of the last thirty
    days. The conversations that a job names are kept until it has ended."""

    @property
    def heads(self) -> Heads: ...

    def job(self, job_id: str) -> Job | None: ...

    def of(self, organization: OrganizationId) -> Sequence[Job]:
        """The newest first."""
        ...

    def changed_after(
        self, organization: OrganizationId, heads: Mapping[int, int]
    ) -> Sequence[Job]:
        """The jobs of which there is a record that is not among `heads`: the offsets after the last
        records that are known, by partition."""
        ...

    def running(self, partitions: Collection[int]) -> Sequence[Job]:
        """Those of these partitions that have not ended, or are just being ended here, the oldest
        first."""
        ...

    def ending(self, job_id: str) -> AbstractContextManager[None]:
        """For the block in which a job's end is reported and tidied up: until then `running` still
        contains it."""
        ...

    async def ask(self, request: JobRequested) -> None:
        """Returns once the job is in the log, and shown here. Raises TooManyAttemptsError if its
        agent or organization has too many."""
        ...

    async def report(self, progress: JobProgressed) -> None:
        """Returns once a job's progress is in the log, and shown here."""
        ...

    async def keep_request(self, job: Job) -> None:
        """Writes the request again if compaction would treat it as superseded: an older version
        wrote progress under the same key."""
        ...

    async def tidy(self, job: Job, forgotten: datetime) -> None:
        """After a job has ended: leaves in the log only what is kept of it, and removes jobs that
        its organization has beyond the limit, or that are from before `forgotten`."""
        ...

    def find_superseded(self, partitions: Collection[int]) -> Sequence[Job]:
        """Jobs of these partitions whose end counts, and is not what compaction will keep: a
        gateway that had lost the job without knowing it wrote older progress after it."""
        ...

    async def restate(self, job: Job) -> None:
        """Writes the end of the job again, and then what is kept of its request."""
        ...

    async def wait_until_ended(self, job_id: str, within_s: float) -> bool:
        """Whether the job ended within that many seconds."""
        ...
