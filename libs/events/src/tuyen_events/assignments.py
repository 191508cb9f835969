"""Who answers a conversation, and why: the public stream of the router.

Keyed by conversation, placed in the customer's partition. The record is at once the decision, for
others, and the router's own state, from which it recovers: one write cannot be torn in two.
"""

from collections.abc import Collection, Sequence
from typing import ClassVar

import msgspec

from tuyen_events.event import Event
from tuyen_events.ids import AgentId, ConversationId, CustomerId, OrganizationId, PageId, RuleId
from tuyen_events.vocabulary import ConversationKind, Moment, Reason, Strategy


class InputOffsets(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The last handled offset of the customer's partition, of each of the router's three inputs.

    An offset of one topic says nothing about another; -1 is "none yet". What stands at or below was
    handled before this record was written, so handling it again changes nothing.
    """

    inbound: int = -1
    answers: int = -1
    commands: int = -1


class Choice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a rule came to its choice: with the recorded pool, enough to explain it later (R9.4)."""

    pool_id: str | None = None
    """Names the `pool.recorded` event: who was a candidate, and why the others were not. Null where
    no rule covered the page."""
    rule_version: int | None = None
    after: AgentId | None = None
    """Who was chosen last before: the rotation went on behind them (R2.1)."""
    full: tuple[AgentId, ...] = ()
    """Candidates of the pool who had as many open conversations as they may have (R1.7), where they
    are few; see `full_bits`."""
    load: int | None = None
    """How many open conversations the chosen agent had, where the organization counts them."""
    handed_over_by: AgentId | None = None
    """Whose conversation went back to rotation: not to them again (R6.5)."""
    also_handed_over_by: tuple[AgentId, ...] = ()
    """Others who gave back a thread of the same customer."""
    full_bits: str | None = None
    """In place of `full`, where they are many: a number in hexadecimal, whose bit n from the lowest
    says that the pool's candidate n was full."""

    @property
    def leavers(self) -> tuple[AgentId, ...]:
        """All who were not to have it again (R6.5)."""
        first = () if self.handed_over_by is None else (self.handed_over_by,)
        return (*first, *self.also_handed_over_by)


FULL_NAMED = 20
"""So many are named; of more, with ids of any length, a bit each is told."""


def bits_of(full: Collection[AgentId], candidates: Sequence[AgentId]) -> str | None:
    """Who of the candidates is full, as `Choice.full_bits` has it; None where they are named."""
    if len(full) <= FULL_NAMED:
        return None
    wanted = frozenset(full)
    digits = "".join("1" if each in wanted else "0" for each in reversed(candidates))
    return f"{int(digits, 2):x}"


def full_of(choice: Choice, candidates: Sequence[AgentId]) -> tuple[AgentId, ...]:
    """Who of the pool's candidates was full, however it is written."""
    if choice.full_bits is None:
        return choice.full
    bits = int(choice.full_bits, 16)
    return tuple(each for place, each in enumerate(candidates) if bits >> place & 1)


class AssignmentEvent(Event, frozen=True, kw_only=True):
    """One change of a conversation's assignee.

    `version` rises by one with every record of a conversation; of two records with one version the
    first in the log counts. `agent_id` is null when nobody has the conversation.
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
    """The manager who decided by hand; null when a rule decided."""
    caused_by: str
    """The id of the event or command that caused the decision."""
    at: Moment
    note: str | None = None
    candidates: tuple[AgentId, ...] = ()
    """Of older records alone, who could have been chosen; today `choice.pool_id` names them."""
    choice: Choice | None = None
    """How the rule `rule_id` came to it; null where no rule was asked."""
    settings_version: int = 0
    """The version of the organization's settings at the decision; 0 when they were never set."""
    request_id: str | None = None
    """The router's request that this record settles, or the last one that was settled."""
    sources: InputOffsets = InputOffsets()


class AssignmentMade(AssignmentEvent, frozen=True, kw_only=True):
    """A conversation that nobody had is given to an agent."""

    type: ClassVar[str] = "assignment.made.v1"


class AssignmentChanged(AssignmentEvent, frozen=True, kw_only=True):
    """A conversation went from one agent to another."""

    type: ClassVar[str] = "assignment.changed.v1"


class AssignmentRemoved(AssignmentEvent, frozen=True, kw_only=True):
    """Nobody has the conversation, and it does not wait for anybody."""

    type: ClassVar[str] = "assignment.removed.v1"


class AssignmentQueued(AssignmentEvent, frozen=True, kw_only=True):
    """Nobody is a candidate: the conversation waits for the first who becomes one (R5.1)."""

    type: ClassVar[str] = "assignment.queued.v1"
