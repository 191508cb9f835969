"""The agents that a rule chooses from, and why each of the others is excluded (R1, R9.4), as
values."""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b

import msgspec

from tuyen_events.directory import RuleChanged
from tuyen_events.ids import AgentId, GroupId, OrganizationId
from tuyen_events.pools import Excluded, PoolRecorded

UNKNOWN = "?"
"""Stands for every department or region that the organization does not have. No agent belongs to
it."""


POOL_BYTES = 384 * 1024
"""The largest record of a pool: more than an organization within its limits needs."""


@dataclass(frozen=True, eq=False)
class Pool:
    """The agents that a rule chooses from for one kind of event.

    `order` is the whole pool in the order of the rotation; `candidates` are its members who may be
    chosen at this moment, in the same order. `rule` is None where no rule covers the page. A pool
    is immutable, so what is computed from it is cached with it.
    """

    organization: OrganizationId
    rule: RuleChanged | None
    order: tuple[AgentId, ...]
    candidates: tuple[AgentId, ...]
    reasons: Callable[[], tuple[Excluded, ...]] = tuple
    """Computes why each of the other members is excluded; called only when the pool is
    published."""
    capacities: Mapping[AgentId, int] = field(default_factory=dict)
    """Of the members who have a capacity (R1.7); shared by all pools of one rule."""
    department: str | None = None
    region: str | None = None
    group: GroupId | None = None
    without_group: "Pool | None" = None
    """The pool without the restriction to the group, used when nobody of the group may be chosen
    (R1.6)."""

    @cached_property
    def excluded(self) -> tuple[Excluded, ...]:
        """All other members in the order of the pool, with the reason of each."""
        return self.reasons()

    @cached_property
    def id(self) -> str:
        """The record's id."""
        return self.record.id

    @cached_property
    def record(self) -> PoolRecorded:
        """The pool as a record for other services. Its id is a digest of the whole content,
        including members that the record has no room for."""
        if self.rule is None:
            raise ValueError("no rule covers the page, so there is no pool to publish")
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
            record = _shorten(record)
        return msgspec.structs.replace(record, id=f"pool_{digest}")

    @cached_property
    def places(self) -> Mapping[AgentId, int]:
        """The index of each member in the order."""
        return {agent: place for place, agent in enumerate(self.order)}

    @cached_property
    def candidate_set(self) -> frozenset[AgentId]:
        """The candidates."""
        return frozenset(self.candidates)

    @cached_property
    def candidate_indexes(self) -> tuple[int, ...]:
        """The candidates' indexes in the order, ascending."""
        return tuple(place for place, agent in enumerate(self.order) if agent in self.candidate_set)

    @cached_property
    def offer(self) -> "Offer":
        """All candidates, for an event that excludes none of them."""
        return Offer(self)


def _shorten(record: PoolRecorded) -> PoolRecorded:
    """The record cut to its first members, halving their number until it fits."""
    members = len(record.order)
    while True:
        members //= 2
        named = frozenset(record.order[:members])
        part = msgspec.structs.replace(
            record,
            order=record.order[:members],
            candidates=tuple(each for each in record.candidates if each in named),
            excluded=tuple(each for each in record.excluded if each.agent_id in named),
            left_out=len(record.order) - members,
        )
        if not members or len(msgspec.json.encode(part)) <= POOL_BYTES:
            return part


_NOBODY: frozenset[AgentId] = frozenset()


@dataclass(frozen=True, slots=True)
class Offer:
    """The members of a pool who may be chosen for one conversation, as long as no load changes.

    `at_capacity` are agents, of this pool or not, who are at capacity (R1.7); `leavers` are the
    agents whom the conversation was handed over from (R6.5). The frequent queries do not iterate
    over the pool.
    """

    pool: Pool
    at_capacity: AbstractSet[AgentId] = _NOBODY
    leavers: AbstractSet[AgentId] = _NOBODY

    @property
    def is_whole(self) -> bool:
        """Whether no candidate is excluded."""
        return not self.at_capacity and not self.leavers

    def has_any(self) -> bool:
        """Whether anybody is on offer."""
        if self.leavers:
            return bool(self.pool.candidate_set - self.at_capacity - self.leavers)
        return (
            not self.pool.candidate_set <= self.at_capacity
            if self.at_capacity
            else bool(self.pool.candidates)
        )

    def has(self, agent: AgentId) -> bool:
        return (
            agent in self.pool.candidate_set
            and agent not in self.at_capacity
            and agent not in self.leavers
        )

    def shares(self, other: "Offer") -> bool:
        """Whether somebody is on both offers."""
        if self.pool.candidate_set.isdisjoint(other.pool.candidate_set):
            return False
        return any(map(other.has, self.agents))

    @property
    def agents(self) -> tuple[AgentId, ...]:
        """In the order of the pool."""
        return self.pool.candidates if self.is_whole else tuple(filter(self.has, self.pool.order))

    @property
    def candidates_at_capacity(self) -> tuple[AgentId, ...]:
        """The candidates who are at capacity, in the order of the pool."""
        if not self.at_capacity or self.at_capacity.isdisjoint(self.pool.candidate_set):
            return ()
        return tuple(agent for agent in self.pool.candidates if agent in self.at_capacity)

    def first_from(self, place: int) -> AgentId:
        """The first agent on offer at or after that index of the order, wrapping round (R2.1).

        Raises ValueError when nobody is on offer.
        """
        order = self.pool.order
        if self.is_whole and self.pool.candidate_indexes:
            turns = self.pool.candidate_indexes
            return order[turns[bisect_left(turns, place) % len(turns)]]
        for agent in (*order[place:], *order[:place]):
            if self.has(agent):
                return agent
        raise ValueError("nobody is on offer")

    def all_from(self, place: int) -> list[AgentId]:
        """All agents on offer, in rotation order from that index on."""
        order = self.pool.order
        return [agent for agent in (*order[place:], *order[:place]) if self.has(agent)]
