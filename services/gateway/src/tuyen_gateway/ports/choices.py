"""What the gateway knows of the choices of rules, to say whom a rule chooses next."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tuyen_events.choosing import Cursor
from tuyen_events.ids import AgentId, OrganizationId, RuleId


@dataclass(frozen=True, slots=True, kw_only=True)
class LastChoice:
    """The place of a rule in its rotation, and since when it is there."""

    cursor: Cursor
    at: datetime


class RuleChoices(Protocol):
    """Of what the views have folded; they may be behind the log by some milliseconds. All reads
    raise TooManyAttemptsError when the organization reads too much at once."""

    async def last(self, organization: OrganizationId, rule_id: RuleId) -> LastChoice | None:
        """The last choice in turn (R2.1, R2.3); None if the rule has not made one."""
        ...

    async def loads(
        self, organization: OrganizationId, agents: Collection[AgentId]
    ) -> Mapping[AgentId, int]:
        """How many open conversations each of these agents has, if any (R1.7)."""
        ...
