"""Who is the assignee of a conversation, and why: the public stream of the router.

Keyed by conversation, in the customer's partition. The record is both the decision, for other
services, and the router's own state, from which it recovers: with one write, the two cannot differ.
"""

from collections.abc import Collection, Sequence
from typing import ClassVar

import msgspec

from tuyen_events.event import Event
from tuyen_events.ids import AgentId, ConversationId, CustomerId, OrganizationId, PageId, RuleId
from tuyen_events.vocabulary import ConversationKind, Moment, Reason, Strategy


class InputOffsets(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The last handled offset of each of the router's three inputs, in the customer's partition.

    Offsets of different topics are independent; -1 means "none yet". Records at or before the
    offset were handled before this record was written, so handling them again changes nothing.
    """

    inbound: int = -1
    answers: int = -1
    commands: int = -1


class Choice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a rule made its choice: together with the recorded pool, enough to explain it later
    (R9.4)."""

    pool_id: str | None = None
    """The id of the `pool.recorded` event, which says who was a candidate and why the others were
    not. Null if no rule covered the page."""
    rule_version: int | None = None
    after: AgentId | None = None
    """Who was chosen last before: the rotation continued after that agent (R2.1)."""
    full: tuple[AgentId, ...] = ()
    """Candidates of the pool who were at capacity (R1.7), if they are few; see `full_bits`."""
    load: int | None = None
    """How many open conversations the chosen agent had, if the organization's rules count loads."""
    handed_over_by: AgentId | None = None
    """The agent whose conversation was returned to rotation, who must not be chosen again
    (R6.5)."""
    also_handed_over_by: tuple[AgentId, ...] = ()
    """Other agents whose threads of the same customer were returned to rotation."""
    full_bits: str | None = None
    """Used instead of `full` if they are many: a number in hexadecimal, whose bit n (0 is the
    lowest) says that the pool's candidate n was at capacity."""

    @property
    def leavers(self) -> tuple[AgentId, ...]:
        """All agents who must not be chosen again (R6.5)."""
        first = () if self.handed_over_by is None else (self.handed_over_by,)
        return (*first, *self.also_handed_over_by)


FULL_NAMED = 20
"""Up to so many agents are named; more, whose ids may be long, are stored as bits."""


def bits_of(full: Collection[AgentId], candidates: Sequence[AgentId]) -> str | None:
    """The candidates who are at capacity as `Choice.full_bits`; None if they are few enough to be
    named."""
    if len(full) <= FULL_NAMED:
        return None
    wanted = frozenset(full)
    digits = "".join("1" if each in wanted else "0" for each in reversed(candidates))
    return f"{int(digits, 2):x}"


def full_of(choice: Choice, candidates: Sequence[AgentId]) -> tuple[AgentId, ...]:
    """Which of the pool's candidates were at capacity, from either field."""
    if choice.full_bits is None:
        return choice.full
    bits = int(choice.full_bits, 16)
    return tuple(each for place, each in enumerate(candidates) if bits >> place & 1)


class AssignmentEvent(Event, frozen=True, kw_only=True):
    """One change of a conversation's assignee.

    `version` rises by one with every record of a conversation; of two records with the same version
    the first in the log counts. `agent_id` is null when the conversation is unassigned.
    """

    organization: OrganizationId
    page_id: PageId
    conversation_id: ConversationId
    customer_id: CustomerId
    kind: ConversationKind
    version: int
    agent_id: AgentId | None
    previous_agent_id: AgentId | None
    reason: Reason
    rule_id: RuleId | None
    mode: Strategy | None
    by: AgentId | None
    """The agent who decided manually; null when a rule decided."""
    caused_by: str
    """The id of the event or command that caused the decision."""
    at: Moment
    note: str | None = None
    candidates: tuple[AgentId, ...] = ()
    """In older records only, who could have been chosen; today `choice.pool_id` refers to them."""
    choice: Choice | None = None
    """How the rule `rule_id` made its choice; null if no rule was applied."""
    settings_version: int = 0
    """The version of the organization's settings at the decision; 0 if they were never set."""
    request_id: str | None = None
    """The router's request that this record settles, or the last one that was settled."""
    sources: InputOffsets = InputOffsets()


class AssignmentMade(AssignmentEvent, frozen=True, kw_only=True):
    """An unassigned conversation is assigned to an agent."""

    type: ClassVar[str] = "assignment.made.v1"


class AssignmentChanged(AssignmentEvent, frozen=True, kw_only=True):
    """The conversation went from one agent to another."""

    type: ClassVar[str] = "assignment.changed.v1"


class AssignmentRemoved(AssignmentEvent, frozen=True, kw_only=True):
    """The conversation is unassigned, and does not wait for anybody."""

    type: ClassVar[str] = "assignment.removed.v1"


class AssignmentQueued(AssignmentEvent, frozen=True, kw_only=True):
    """Nobody is a candidate: the conversation waits for the first agent who becomes one (R5.1)."""

    type: ClassVar[str] = "assignment.queued.v1"
