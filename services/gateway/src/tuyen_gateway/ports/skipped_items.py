"""What jobs skipped, beyond what their progress has room for (S3)."""

from collections.abc import Sequence
from typing import Protocol

from tuyen_events.ids import OrganizationId
from tuyen_events.jobs import JobProgressed, SkippedItem


class SkippedItems(Protocol):
    """They are kept for as long as the result of their job. One organization's do not exist for
    another."""

    async def keep(self, progress: JobProgressed, items: Sequence[SkippedItem]) -> None:
        """Adds items to those of the job, after a batch: `progress` is the one after it. A batch
        that is repeated adds nothing. Of all items of a job, only the first ones are kept."""
        ...

    async def of(self, organization: OrganizationId, job_id: str) -> Sequence[SkippedItem]:
        """In the order in which they were added."""
        ...
