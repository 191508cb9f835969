"""The audit: who changed what an organization has set up, who logged in, and what was refused (O2).

Records are only ever added. What people set up for the CRM is in `contacts` instead, with its
author.
"""

from typing import ClassVar

import msgspec

from tuyen_events.event import Event
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.vocabulary import Moment, OpenWord


class AuditAction(OpenWord):
    CREATED = "created"
    CHANGED = "changed"
    REMOVED = "removed"
    LOGGED_IN = "logged_in"
    LOGGED_OUT = "logged_out"
    LOGIN_REFUSED = "login_refused"
    """The password was wrong, or the agent is disabled."""
    LOGIN_COPIED = "login_copied"
    """A refresh token that was out of use was used again, so that the login ended: one of the two
    who used it had copied it."""
    STARTED = "started"
    """Long work was requested."""
    STOPPED = "stopped"
    DOWNLOADED = "downloaded"
    REFUSED = "refused"
    """Somebody who is logged in was not allowed to do what they requested."""


class AuditChange(msgspec.Struct, frozen=True, kw_only=True):
    """The values of one field before and after, each as JSON; null for none."""

    field: str
    before: str | None
    after: str | None


class AuditRecorded(Event, frozen=True, kw_only=True):
    """One thing that somebody did.

    `entity` and `id` are the parts of a key of the directory, such as `rule` and the rule's id; of
    a login `login` and the agent's id (empty if there is no such agent), of a refusal `request` and
    its method and address.

    `times` is how often it happened: of what somebody repeats within a short time, the first is
    recorded at once, and all others as one, with the latest of them.
    """

    type: ClassVar[str] = "audit.recorded.v1"
    organization: OrganizationId
    by: AgentId | None = None
    """Null for the operator, and for somebody who is not logged in."""
    at: Moment
    action: AuditAction
    entity: str
    id: str = ""
    changes: tuple[AuditChange, ...] = ()
    times: int = 1
