"""Who could be chosen, and why the others could not: the records that an assignment's `pool_id`
refers to.

There is one record for each pool that a choice was made from, however many choices: its id is a
digest of its content.
"""

from typing import ClassVar

import msgspec

from tuyen_events.event import Event
from tuyen_events.ids import AgentId, OrganizationId, RuleId
from tuyen_events.vocabulary import Exclusion, Strategy


class Excluded(msgspec.Struct, frozen=True, kw_only=True):
    """A member of the pool who was no candidate.

    A member who is disabled or removed has that reason; otherwise the first reason in the order of
    R1 counts.
    """

    agent_id: AgentId
    why: Exclusion


class PoolRecorded(Event, frozen=True, kw_only=True):
    """A rule's pool at one moment, for one kind of event."""

    type: ClassVar[str] = "pool.recorded.v1"
    id: str
    organization: OrganizationId
    rule_id: RuleId
    rule_version: int
    mode: Strategy
    order: tuple[AgentId, ...]
    """All members in the order of the rotation."""
    candidates: tuple[AgentId, ...]
    excluded: tuple[Excluded, ...] = ()
    department: str | None = None
    """The department that the visitor chose (R1.5); `?` if the organization has no such department.
    The same goes for `region`."""
    region: str | None = None
    group: str | None = None
    """The link group to which the choice was restricted (R1.6)."""
    left_out: int = 0
    """How many members, the last of the order, are left out of all three lists: a pool that is
    larger than a record is published in part. Its id is that of the whole pool."""
