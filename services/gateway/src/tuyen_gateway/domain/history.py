"""The history of a conversation's assignees, with the reasons: records of the router, each with the
pool to which it refers (R9.4).

Decides R9.4 and I10.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from tuyen_events.assignments import Choice, full_of
from tuyen_events.ids import AgentId, RuleId
from tuyen_events.pools import Excluded, PoolRecorded
from tuyen_events.vocabulary import ConversationKind, Exclusion, Reason, Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentEntry:
    """One record of a conversation's history."""

    version: int
    agent_id: AgentId | None
    previous_agent_id: AgentId | None
    reason: Reason
    mode: Strategy | None
    rule_id: RuleId | None
    by: AgentId | None
    note: str | None
    candidates: Sequence[AgentId]
    """In older records only; today the pool has them."""
    caused_by: str
    at: datetime
    kind: ConversationKind | None = None
    choice: Choice | None = None
    settings_version: int = 0
    pool: PoolRecorded | None = None
    """The pool with the id `choice.pool_id`, unless it is not folded yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """The chosen agent's position in the rule's order, from 1, and who was chosen before."""

    position: int
    of: int
    after: AgentId | None


def is_followed(entry: AssignmentEntry) -> bool:
    """Whether the conversation went to the customer's existing assignee (R3.2): no new choice was
    made, and the reason is the one by which the agent got the customer."""
    return entry.agent_id is not None and entry.mode is None and entry.by is None


def rule_version(entry: AssignmentEntry) -> int | None:
    return None if entry.choice is None else entry.choice.rule_version


def find_considered(entry: AssignmentEntry) -> Sequence[AgentId] | None:
    """The agents who could be chosen, in the pool's order; None while the pool is not folded
    yet."""
    if entry.choice is None:
        return entry.candidates
    if entry.pool is None:
        return None if entry.choice.pool_id is not None else ()
    full = full_of(entry.choice, entry.pool.candidates)
    absent = {*full, *entry.choice.leavers}
    return tuple(agent for agent in entry.pool.candidates if agent not in absent)


def find_left_out(entry: AssignmentEntry) -> Sequence[Excluded] | None:
    """All other members of the pool with their reasons, in the pool's order. None if they are not
    known: the pool is not folded yet, or the record is older than pools."""
    if entry.choice is None:
        return None if entry.candidates else ()
    if entry.pool is None:
        return None if entry.choice.pool_id is not None else ()
    why = {one.agent_id: one.why for one in entry.pool.excluded}
    why |= dict.fromkeys(full_of(entry.choice, entry.pool.candidates), Exclusion.CAPACITY)
    gave = [each for each in entry.choice.leavers if each in entry.pool.candidates]
    why |= dict.fromkeys(gave, Exclusion.HANDED_OVER)
    order = {agent: place for place, agent in enumerate(entry.pool.order)}
    return [
        Excluded(agent_id=agent, why=why[agent])
        for agent in sorted(why, key=lambda agent: (order.get(agent, len(order)), agent))
    ]


def rotation(entry: AssignmentEntry) -> Rotation | None:
    """None if no rule chose, or while its pool is not folded yet."""
    if entry.pool is None or entry.choice is None or entry.agent_id not in entry.pool.order:
        return None
    return Rotation(
        position=entry.pool.order.index(entry.agent_id) + 1,
        of=len(entry.pool.order) + entry.pool.left_out,
        after=entry.choice.after,
    )


def for_agents(entry: AssignmentEntry) -> AssignmentEntry:
    """The entry without what only managers may see: the work of others."""
    if entry.choice is None or entry.choice.load is None:
        return entry
    return replace(entry, choice=msgspec.structs.replace(entry.choice, load=None))
