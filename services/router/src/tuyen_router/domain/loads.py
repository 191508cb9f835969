"""How many open conversations agents have, for R1.7 and R2.3: told by stage 1, and reserved here.

Stage 1 counts what it has written down. What stage 2 chose in the meantime is on its way, so it is
held as a reservation from the choice until stage 1 says that the answer is in its counts or came to
nothing. An agent's load is both together; no conversation is in neither.

Decides R1.7.
"""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import msgspec

from tuyen_events.ids import AgentId, OrganizationId, RuleId
from tuyen_events.routing import LoadsReported


class LoadCounts(msgspec.Struct, frozen=True, array_like=True):
    """The latest word of one partition of stage 1; who is not named has none there."""

    sequence: int
    loads: dict[AgentId, int]


class Totals(dict[AgentId, int]):
    """Loads by agent, and who has as many as they may have, kept as loads change."""

    __slots__ = ("_full",)

    def __init__(self) -> None:
        super().__init__()
        self._full: dict[RuleId, tuple[Mapping[AgentId, int], set[AgentId]]] = {}

    def add(self, agent: AgentId, more: int) -> None:
        load = self.get(agent, 0) + more
        if load:
            self[agent] = load
        else:
            self.pop(agent, None)
        for capacities, full in self._full.values():
            if load >= capacities.get(agent, load + 1):
                full.add(agent)
            else:
                full.discard(agent)

    def full(self, rule: RuleId, capacities: Mapping[AgentId, int]) -> AbstractSet[AgentId]:
        """Who of a rule's members is full. Looked through once for each state of the rule."""
        kept = self._full.get(rule)
        if kept is None or kept[0] is not capacities:
            if len(self._full) >= _KEPT_RULES:
                self._full.clear()
            kept = self._full[rule] = (capacities, full_by(self, capacities))
        return kept[1]


_KEPT_RULES = 100


def full_by(loads: Mapping[AgentId, int], capacities: Mapping[AgentId, int]) -> set[AgentId]:
    """Who has as many open conversations as they may have (R1.7)."""
    return {agent for agent, bound in capacities.items() if loads.get(agent, 0) >= bound}


@dataclass(slots=True)
class Loads:
    """One organization's."""

    counted: dict[int, LoadCounts] = field(default_factory=dict)
    """By stage 1's partition."""
    reserved: dict[str, AgentId] = field(default_factory=dict)
    """By request."""
    totals: Totals = field(default_factory=Totals)
    """Both together, of all agents who have any."""


class LoadsCounted(msgspec.Struct, frozen=True):
    organization: OrganizationId
    partition: int
    counts: LoadCounts


class LoadReserved(msgspec.Struct, frozen=True):
    """An agent was chosen, and stage 1 has not yet heard of it."""

    organization: OrganizationId
    request_id: str
    agent: AgentId


class LoadReleased(msgspec.Struct, frozen=True):
    """The answer is in the counts, or came to nothing."""

    organization: OrganizationId
    request_id: str


LoadStep = LoadsCounted | LoadReserved | LoadReleased


def on_report(loads: Mapping[OrganizationId, Loads], report: LoadsReported) -> Iterator[LoadStep]:
    """Stage 1's word of one partition. The caller folds each step before it takes the next.

    One that is older than what was told before counts nothing, but what it calls settled is.
    """
    known = loads.get(report.organization) or Loads()
    before = known.counted.get(report.partition)
    if before is None or report.sequence >= before.sequence:
        named = dict(report.loads)
        if before is not None and not report.complete:
            named = {**before.loads, **named}
        counts = {agent: load for agent, load in named.items() if load}
        yield LoadsCounted(
            report.organization, report.partition, LoadCounts(report.sequence, counts)
        )
    for request in report.settled:
        if request in known.reserved:
            yield LoadReleased(report.organization, request)


def loads_in(loads: dict[OrganizationId, Loads], organization: OrganizationId) -> Loads:
    """The organization's, begun where there are none."""
    found = loads.get(organization)
    if found is None:
        found = loads[organization] = Loads()
    return found


def apply_load_step(loads: dict[OrganizationId, Loads], step: LoadStep) -> None:
    """Folds a step, live and in recovery alike; one that was folded before changes nothing."""
    known = loads_in(loads, step.organization)
    match step:
        case LoadsCounted():
            before = known.counted.get(step.partition)
            known.counted[step.partition] = step.counts
            earlier = {} if before is None else before.loads
            for agent in earlier.keys() - step.counts.loads.keys():
                known.totals.add(agent, -earlier[agent])
            for agent, load in step.counts.loads.items():
                if load != earlier.get(agent, 0):
                    known.totals.add(agent, load - earlier.get(agent, 0))
        case LoadReserved():
            if step.request_id not in known.reserved:
                known.reserved[step.request_id] = step.agent
                known.totals.add(step.agent, 1)
        case LoadReleased():
            if step.request_id in known.reserved:
                known.totals.add(known.reserved.pop(step.request_id), -1)


def has_fallen(before: Mapping[AgentId, int], after: Mapping[AgentId, int]) -> bool:
    """Whether somebody has fewer open conversations now, and may take another (R5.1)."""
    return any(after.get(agent, 0) < load for agent, load in before.items())
