"""The audit (O2): nothing in it is ever changed or removed."""

from typing import Protocol

from tuyen_events.audit import AuditRecorded
from tuyen_events.ids import OrganizationId
from tuyen_gateway.domain.audit import AuditEntry, AuditFilter
from tuyen_gateway.ports.views import ViewPage


class Audit(Protocol):
    """What people did and were refused, of all organizations. Changes of the directory, passwords
    and logins are recorded where they are stored. Reads may raise TooManyAttemptsError when the
    organization reads too much at once."""

    async def note_refusal(self, refused: AuditRecorded) -> None:
        """Records a refusal, unless more were recorded within the hour about the same
        agent than the audit takes. Never raises: a refusal that cannot be recorded is logged."""
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
