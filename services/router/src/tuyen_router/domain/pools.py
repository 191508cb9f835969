"""Whom a rule chooses from, and why not from the others (R1, R9.4), as values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b

import msgspec

from tuyen_events.directory import RuleChanged
from tuyen_events.ids import AgentId, GroupId, OrganizationId
from tuyen_events.pools import Excluded, PoolRecorded

UNKNOWN = "?"
"""Stands for every department or region that the organization does not have: nobody's id."""


POOL_BYTES = 384 * 1024
"""The largest record of a pool: more than an organization within its limits comes to."""


@dataclass(frozen=True, eq=False)
class Pool:
    """The agents that a rule chooses from for one kind of event.

    `order` is the whole pool, which the rotation goes round; `candidates` are those of it who may
    be chosen at this moment, in the same order. `rule` is None where no rule covers the page. A
    pool is never changed, so what is worked out from it is kept with it.
    """

    organization: OrganizationId
    rule: RuleChanged | None
    order: tuple[AgentId, ...]
    candidates: tuple[AgentId, ...]
    excluded: tuple[Excluded, ...] = ()
    capacities: Mapping[AgentId, int] = field(default_factory=dict)
    """Of the members who have one (R1.7)."""
    department: str | None = None
    region: str | None = None
    group: GroupId | None = None
    beyond: "Pool | None" = None
    """The pool without regard to the group, for when nobody of the group may be chosen (R1.6)."""

    @cached_property
    def id(self) -> str:
        """The record's id."""
        return self.record.id

    @cached_property
    def record(self) -> PoolRecorded:
        """The pool for others to read. Its id is a digest of all the rest, also of what a record
        cannot hold."""
        if self.rule is None:
            raise ValueError("where no rule covers the page there is no pool to tell of")
        record = PoolRecorded(
            id="",
            organization=self.organization,
            rule_id=self.rule.id,
            rule_version=self.rule.version,
            mode=self.rule.mode,
            order=self.order,
            candidates=self.candidates,
            excluded=self.excluded,
            department=self.department,
            region=self.region,
            group=self.group,
        )
        written = msgspec.json.encode(record)
        digest = blake2b(written, digest_size=12).hexdigest()
        if len(written) > POOL_BYTES:
            record = _shortened(record)
        return msgspec.structs.replace(record, id=f"pool_{digest}")

    @cached_property
    def places(self) -> Mapping[AgentId, int]:
        """Where each member stands in the order."""
        return {agent: place for place, agent in enumerate(self.order)}

    @cached_property
    def offer(self) -> "Offer":
        """All candidates, for an event that cuts none of them off."""
        return Offer(self, self.candidates, self.turns_of(self.candidates))

    def turns_of(self, agents: Iterable[AgentId]) -> tuple[int, ...]:
        """Their places in the order, ascending."""
        wanted = set(agents)
        return tuple(place for place, agent in enumerate(self.order) if agent in wanted)


def _shortened(record: PoolRecorded) -> PoolRecorded:
    """As many of the first members as a record holds, by halves."""
    members = len(record.order)
    while True:
        members //= 2
        told = frozenset(record.order[:members])
        part = msgspec.structs.replace(
            record,
            order=record.order[:members],
            candidates=tuple(each for each in record.candidates if each in told),
            excluded=tuple(each for each in record.excluded if each.agent_id in told),
            left_out=len(record.order) - members,
        )
        if not members or len(msgspec.json.encode(part)) <= POOL_BYTES:
            return part


@dataclass(frozen=True, slots=True)
class Offer:
    """Those of a pool who may be chosen for one conversation, in the order of the pool.

    `turns` are their places in it. `full` are candidates who have as many conversations as they
    may have (R1.7).
    """

    pool: Pool
    agents: tuple[AgentId, ...]
    turns: tuple[int, ...]
    full: tuple[AgentId, ...] = ()
