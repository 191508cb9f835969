"""Why an agent has a conversation, in a sentence for somebody who sees it for the first time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from tuyen_events.vocabulary import Reason

STICKY = "sticky"
"""What the table says where nothing had to be decided: the customer has an agent (R3.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentRecord:
    """One entry of a conversation's history of assignments."""

    reason: Reason
    agent_id: str | None
    previous_agent_id: str | None
    candidates: Sequence[str]
    by: str | None
    note: str | None

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> Self:
        """From the gateway's answer."""
        return cls(
            reason=Reason(item["reason"]),
            agent_id=item["agent_id"],
            previous_agent_id=item["previous_agent_id"],
            candidates=item["candidates"] or (),
            by=item["by"],
            note=item["note"],
        )


_SENTENCES: Mapping[Reason, str] = {
    Reason.ROTATION: "next in turn of {candidates} (R2.1)",
    Reason.RANDOM: "drawn from {candidates} (R2.2)",
    Reason.LEAST_LOADED: "has the fewest open ones of {candidates} (R2.3)",
    Reason.STICKY_LOST: "{former} may not answer here any more; now one of {candidates} (R3.4)",
    Reason.REASSIGNED_OFFLINE: "{former} is offline; next in turn of {candidates} (R3.3)",
    Reason.QUEUE_DRAINED: "it waited until somebody came online (R5.1)",
    Reason.MANUAL: "{by} gave it to them{note} (R6.1)",
    Reason.TAKEN: "they took what nobody had (R6.6)",
    Reason.UNASSIGNED: "{by} took it from {former} (R6.1)",
    Reason.BULK: "{by} handed over everything that {former} had (R6.5)",
    Reason.QUEUED: "nobody is online: it waits for the first who comes (R5.1)",
    Reason.NO_CANDIDATE: "nobody is online, and nothing waits here (R5.2)",
}


def explain(record: AssignmentRecord) -> str:
    """What the record means, with the rule's number."""
    return _SENTENCES.get(record.reason, record.reason.value).format(
        candidates=join_names(record.candidates),
        former=name(record.previous_agent_id),
        by=record.by,
        note=f", “{record.note}”" if record.note else "",
    )


def join_names(agents: Sequence[str]) -> str:
    return ", ".join(name(agent) for agent in agents)


def name(agent: str | None) -> str:
    """The demo's agents are called like their ids."""
    return "nobody" if agent is None else agent.capitalize()
