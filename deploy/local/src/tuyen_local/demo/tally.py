"""What the evening comes to, per agent."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tuyen_events.vocabulary import Reason
from tuyen_local.demo.why import STICKY


@dataclass(slots=True)
class Tally:
    """Counts events by the agent who got them and by why."""

    agents: Sequence[str]
    _counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    _among_all: Counter[str] = field(default_factory=Counter)

    def add(self, agent: str, reason: str, candidates: Sequence[str] = ()) -> None:
        self._counts[agent, reason] += 1
        if reason == Reason.ROTATION and set(candidates) == set(self.agents):
            self._among_all[agent] += 1

    def in_turn(self, agent: str) -> int:
        """How often the rotation chose the agent."""
        return self._counts[agent, Reason.ROTATION] + self._counts[agent, Reason.REASSIGNED_OFFLINE]

    def sticky(self, agent: str) -> int:
        """How often an event came to the agent because the conversation or customer was theirs."""
        return self._counts[agent, STICKY]

    def other(self, agent: str) -> int:
        """Manual assignments, the queue, and the rest."""
        total = sum(count for (who, _), count in self._counts.items() if who == agent)
        return total - self.in_turn(agent) - self.sticky(agent)

    @property
    def rotated(self) -> int:
        """Choices that the rotation made while all agents were online."""
        return self._among_all.total()

    @property
    def skew(self) -> int:
        """The most choices of one agent minus the fewest of another, of `rotated` (R2.1)."""
        counts = [self._among_all[agent] for agent in self.agents]
        return max(counts) - min(counts)
