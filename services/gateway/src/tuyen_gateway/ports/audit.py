"""The audit (O2): nothing in it is ever changed or removed."""

from typing import Protocol

from tuyen_events.audit import AuditRecorded
from tuyen_events.ids import OrganizationId
from tuyen_gateway.domain.audit import AuditEntry, AuditFilter
from tuyen_gateway.ports.views import ViewPage


class Audit(Protocol):
    """The entries of all organizations: what people did, and what they were refused. Changes of the
    directory, passwords, logins and whatever else is stored are recorded where they are stored.
    Reads may raise TooManyAttemptsError when the organization reads too much at once."""

    async def record(self, entry: AuditRecorded) -> None:
        """Returns once the entry is in the log, or is counted because it was repeated: then it is
        recorded later, with the number of times. Raises LogUnavailableError."""
        ...

    async def note_refusal(self, refused: AuditRecorded, what: str) -> None:
        """Records or counts a refusal, in the same way; refusals of the same `what` are counted
        together. Never raises: a refusal that cannot be recorded is logged."""
        ...

    async def run(self) -> None:
        """Records what was counted, until cancelled. What a process counted within the last minute
        is lost if it dies."""
        ...

    async def record_repeated(self) -> None:
        """Records what was counted long enough."""
        ...

    async def list_entries(
        self, wanted: AuditFilter, limit: int, after: str | None
    ) -> ViewPage[AuditEntry]:
        """The newest first, what was set up for the CRM among them; `after` is a `following` of the
        page before. A page ends early before it is longer than THREAD_PAGE_BYTES."""
        ...

    async def position(self, organization: OrganizationId) -> bytes:
        """Changes with every entry of the organization."""
        ...
