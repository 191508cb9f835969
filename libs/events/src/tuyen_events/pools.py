"""Who could be chosen, and why the others could not: what an assignment's `pool_id` stands for.

One record for each pool that a choice was made from, however many choices: its id is a digest of
its content.
"""

from typing import ClassVar

import msgspec

from tuyen_events.event import Event
from tuyen_events.ids import AgentId, OrganizationId, RuleId
from tuyen_events.vocabulary import Exclusion, Strategy


class Excluded(msgspec.Struct, frozen=True, kw_only=True):
    """A member of the pool who was no candidate.

    Who is disabled or removed is told to be so; else the first reason in the order of R1 counts.
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
    """What the visitor asked for (R1.5); `?` where the organization has no such department, and so
    for its regions."""
    region: str | None = None
    group: str | None = None
    """The link group that the choice was cut to (R1.6)."""
    left_out: int = 0
    """How many members, the last of the order, are left out of all three lists: a pool that no
    record holds is told in part. Its id stands for all of it."""
