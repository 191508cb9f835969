"""R1.7: who has as many open conversations as the rule allows them.

Decides R1.7.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from tuyen_events.ids import AgentId, RuleId


class Totals(dict[AgentId, int]):
    """Loads by agent, and who is at capacity, updated whenever a load changes."""

    __slots__ = ("_at_capacity",)

    def __init__(self) -> None:
        super().__init__()
        self._at_capacity: dict[RuleId, tuple[Mapping[AgentId, int], set[AgentId]]] = {}

    def add(self, agent: AgentId, more: int) -> None:
        load = self.get(agent, 0) + more
        if load:
            self[agent] = load
        else:
            self.pop(agent, None)
        for capacities, agents in self._at_capacity.values():
            if load >= capacities.get(agent, load + 1):
                agents.add(agent)
            else:
                agents.discard(agent)

    def at_capacity(self, rule: RuleId, capacities: Mapping[AgentId, int]) -> AbstractSet[AgentId]:
        """Which of a rule's members are at capacity. Computed once for each version of the rule and
        then updated."""
        kept = self._at_capacity.get(rule)
        if kept is None or kept[0] is not capacities:
            if len(self._at_capacity) >= _KEPT_RULES:
                self._at_capacity.clear()
            kept = self._at_capacity[rule] = (capacities, find_at_capacity(self, capacities))
        return kept[1]


_KEPT_RULES = 100


def find_at_capacity(
    loads: Mapping[AgentId, int], capacities: Mapping[AgentId, int]
) -> set[AgentId]:
    """Who has as many open conversations as they may have (R1.7)."""
    return {agent for agent, bound in capacities.items() if loads.get(agent, 0) >= bound}
