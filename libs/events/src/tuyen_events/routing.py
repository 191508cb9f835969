"""The messages between the router's two stages. Private: no other service reads these.

Stage 1 (keyed by customer) makes requests, stage 2 (keyed by organization) chooses and answers. The
id of a request is derived from the record that caused it, so a request that is made again after a
crash has the same id.
"""

from typing import ClassVar

import msgspec

from tuyen_events.assignments import Choice
from tuyen_events.event import Event
from tuyen_events.ids import (
    AgentId,
    ConversationId,
    CustomerId,
    EventId,
    MessageId,
    OrganizationId,
    PageId,
    RuleId,
)
from tuyen_events.vocabulary import Channel, ConversationKind, Moment, Reason, Strategy, Word


class Purpose(Word):
    """Why stage 1 makes a request."""

    FIRST = "first"
    """Nobody has the conversation yet (R3.1, R4.1)."""
    STICKY_LOST = "sticky_lost"
    """The assignee is no longer allowed (R3.4)."""
    OFFLINE = "offline"
    """The assignee is offline and will be replaced if there is a candidate (R3.3)."""
    HANDOVER = "handover"
    """A manager returned the conversation to rotation (R6.5)."""


class Position(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """The position of a record in the log: topic (without the prefix), partition, offset."""

    topic: str
    partition: int
    offset: int


class ChoiceRequested(Event, frozen=True, kw_only=True):
    """Stage 1 requests an agent."""

    type: ClassVar[str] = "choice.requested.v1"
    request_id: str
    organization: OrganizationId
    page_id: PageId
    conversation_id: ConversationId
    customer_id: CustomerId
    kind: ConversationKind
    channel: Channel
    purpose: Purpose
    seed: EventId
    """The id of the event that caused it, from which a random choice is computed (R2.2)."""
    cause: Position
    at: Moment
    department: str | None = None
    """The department that a website's visitor chose (R1.5); `page_url` is where they were
    (R1.6)."""
    region: str | None = None
    page_url: str | None = None
    handed_over_by: AgentId | None = None
    """The agent whose conversation is handed over, who must not be chosen again (R6.5)."""
    also_handed_over_by: tuple[AgentId, ...] = ()
    """Other agents whose threads of the same customer were handed over and wait for the same
    answer."""
    reply: bool = False
    """For a comment thread: true for a reply whose root may be unassigned (R4.5), and for a root
    that arrived after a reply to it."""
    comments: tuple[MessageId, ...] = ()
    """The reply that makes the request; while its thread waits, all replies that it waits for
    (R4.6). Empty if these are not all known, or if the thread waits for its root as well."""
    instead_of: str | None = None
    """Set by stage 2 alone: the thread's earlier request, which was withdrawn because all replies
    that it waited for were removed; empty if that request is not remembered."""
    keeps_place: bool = False
    """It replaces the request with which the customer's threads wait, and takes its place (R3.7,
    R6.5)."""
    directory: int = -1
    """The offset of the last directory record that stage 1 had read about the organization."""

    @property
    def leavers(self) -> tuple[AgentId, ...]:
        """All agents who must not be chosen again (R6.5)."""
        first = () if self.handed_over_by is None else (self.handed_over_by,)
        return (*first, *self.also_handed_over_by)


class ChoiceWithdrawn(Event, frozen=True, kw_only=True):
    """The conversation no longer needs an agent: the request leaves the queue (R5.3, I12)."""

    type: ClassVar[str] = "choice.withdrawn.v1"
    request_id: str
    organization: OrganizationId
    cause: Position
    customer_id: CustomerId | None = None
    """The customer whose threads share the request (R3.6): earlier requests of the customer leave
    too."""


class Verdict(Word):
    CHOSEN = "chosen"
    QUEUED = "queued"
    NOBODY = "nobody"
    """No candidate, and the conversation does not wait (R3.3, R5.2)."""
    OFF = "off"
    """Automatic assignment was off at the time of the decision: nothing changes."""


class ChoiceMade(Event, frozen=True, kw_only=True):
    """Stage 2 answers, in the partition of the customer. A queued request is answered twice: first
    `queued`, later `chosen`."""

    type: ClassVar[str] = "choice.made.v1"
    request_id: str
    organization: OrganizationId
    page_id: PageId
    conversation_id: ConversationId
    customer_id: CustomerId
    kind: ConversationKind
    purpose: Purpose
    verdict: Verdict
    agent_id: AgentId | None
    rule_id: RuleId | None
    mode: Strategy | None
    candidates: tuple[AgentId, ...] = ()
    """In older records only: see `choice`."""
    choice: Choice | None = None
    settings_version: int = 0
    drained: bool = False
    """The conversation had waited in the queue (R5.1)."""
    instead_of: str | None = None
    """As in the request."""
    seed: EventId
    at: Moment


class ThreadState(Word):
    TAKEN = "taken"
    """A partition of stage 1 has it."""
    REMOVED = "removed"
    """Its root was removed at the channel (R4.6)."""
    BEGUN_BY_PAGE = "ours"
    """The page began it: it is assigned to nobody until a customer replies (R4.5)."""
    NOT_WAITING = "vacant"
    """A partition of stage 1 has it, and all replies that it waited for were removed (R4.6). The
    next reply makes a request as the first one did."""


class ThreadGiven(Event, frozen=True, kw_only=True):
    """A thread was assigned manually in a partition of stage 1 that does not have it. Stage 2
    informs the partition that has it, which publishes the assignment with a higher version."""

    type: ClassVar[str] = "thread.given.v1"
    organization: OrganizationId
    page_id: PageId
    conversation_id: ConversationId
    version: int
    """The version of the record in that partition."""
    agent_id: AgentId | None
    reason: Reason
    by: AgentId | None
    note: str | None
    seed: EventId
    """The command's id."""
    at: Moment


class ThreadReported(Event, frozen=True, kw_only=True):
    """Stage 1 reports an event of a comment's thread that another partition may have."""

    type: ClassVar[str] = "thread.reported.v1"
    organization: OrganizationId
    page_id: PageId
    conversation_id: ConversationId
    state: ThreadState
    seed: EventId
    """The id of that event."""
    cause: Position
    at: Moment
    comment: MessageId | None = None
    """The reply that was removed; null if the root was."""
    given: ThreadGiven | None = None
    """The manual assignment, if that is how the partition got the thread."""


class ThreadRemoved(Event, frozen=True, kw_only=True):
    """Stage 2 informs the partition that has a thread that its root was removed (R4.6). Or it
    informs a partition that does not have the thread and assigned it all the same that it counts
    towards no load there."""

    type: ClassVar[str] = "thread.removed.v1"
    organization: OrganizationId
    page_id: PageId
    conversation_id: ConversationId
    customer_id: CustomerId | None
    """The customer of the request with which the thread waited in the queue, if it waited."""
    seed: EventId
    at: Moment
    request_id: str | None = None
    """If set, the root was not removed, but all replies that this request waited for."""


class LoadsReported(Event, frozen=True, kw_only=True):
    """Stage 1 reports how many open conversations agents have in one of its partitions (R1.7,
    R2.3).

    Counts are absolute. `sequence` never falls; of two reports of a partition the higher one
    counts. Until an answer is named in `settled`, stage 2 counts its own choice; from then on the
    counts include it, or it had no effect. Only organizations whose rules count loads are reported.
    """

    type: ClassVar[str] = "loads.reported.v1"
    organization: OrganizationId
    partition: int
    """The partition of stage 1, which is the customers'."""
    sequence: int
    loads: dict[AgentId, int]
    complete: bool = False
    """Whether agents who are missing have none in this partition; otherwise their counts are
    unchanged."""
    settled: tuple[str, ...] = ()
    """The requests whose answers are included in the counts now, or had no effect. Every answer
    with a `choice.load` must be named once it was handled: until then stage 2 counts it itself."""
