"""Writing the files of exports (C9)."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from tuyen_events.ids import OrganizationId


class ExportTurns(Protocol):
    """Organizations take turns in having files of exports written (R9.5)."""

    def turn(
        self, organization: OrganizationId, now: datetime
    ) -> AbstractAsyncContextManager[object]:
        """Lasts while a file is written, and begins when no other one of the organization lasts.
        Raises TooManyAttemptsError if the organization has had as many written within an hour as it
        may, and TimeoutError in the block if that lasts too long."""
        ...
