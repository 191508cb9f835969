"""With whom a contact is shared: a part of its document."""

from datetime import datetime

import msgspec

from tuyen_events.ids import AgentId


class Share(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One reason for which an agent may read a contact: a sharing rule gave it, or `by` did by
    hand. `version` is that of the contact."""

    agent_id: AgentId
    rule_id: str | None = None
    by: AgentId | None = None
    at: datetime
    version: int


class AppliedRule(msgspec.Struct, frozen=True, kw_only=True):
    """A sharing rule that was applied to a contact, and the revision that it had."""

    id: str
    revision: int
