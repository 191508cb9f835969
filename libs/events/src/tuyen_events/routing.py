"""What the router's two stages say to each other. Private: no other service reads these.

Stage 1 (keyed by customer) asks, stage 2 (keyed by organization) chooses and answers. A request is
named for the record that caused it, so that asking again after a crash is the same request.
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
from tuyen_events.vocabulary import Channel, ConversationKind, Mode, Moment, Reason, Word


class Purpose(Word):
    """Why stage 1 asks."""

    FIRST = "first"
    """Nobody has the conversation yet (R3.1, R4.1)."""
    STICKY_LOST = "sticky_lost"
    """The assignee is no longer allowed (R3.4)."""
    OFFLINE = "offline"
    """The assignee is offline and is to be replaced if somebody is there (R3.3)."""
    HANDOVER = "handover"
    """A manager gave the conversation back to rotation (R6.5)."""


class Position(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A record's place in the log: topic (without the prefix), partition, offset."""

    topic: str
    partition: int
    offset: int


class ChoiceRequested(Event, frozen=True, kw_only=True):
    """Stage 1 asks for an agent."""

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
    """The id of the event that caused it, from which a random choice is drawn (R2.2)."""
    cause: Position
    at: Moment
    department: str | None = None
    """What the visitor of a website chose (R1.5), and where they were (R1.6)."""
    region: str | None = None
    page_url: str | None = None
    handed_over_by: AgentId | None = None
    """Whose conversation it was: not to them again (R6.5)."""
    also_handed_over_by: tuple[AgentId, ...] = ()
    """Others who gave back a thread of the same customer, which waits for the same answer."""
    reply: bool = False
    """Of a comment: a reply, below a root that may be nobody's to answer (R4.5); or a root that
    somebody replied to before it came."""
    comments: tuple[MessageId, ...] = ()
    """The reply itself; while its thread waits, all for which it does (R4.6). None where not all
    are known, or the root is one of them."""
    instead_of: str | None = None
    """Stage 2 alone says so: with that request the comment's thread waited until all of it was
    taken back; empty where it is not remembered which that was."""
    keeps_place: bool = False
    """It stands for what the customer's threads waited with, in the same place (R3.7, R6.5)."""
    directory: int = -1
    """The last record of the directory that stage 1 had read about the organization: its offset."""

    @property
    def leavers(self) -> tuple[AgentId, ...]:
        """All who are not to have it again (R6.5)."""
        first = () if self.handed_over_by is None else (self.handed_over_by,)
        return (*first, *self.also_handed_over_by)


class ChoiceWithdrawn(Event, frozen=True, kw_only=True):
    """The conversation needs nobody any more: it leaves the queue (R5.3, I12)."""

    type: ClassVar[str] = "choice.withdrawn.v1"
    request_id: str
    organization: OrganizationId
    cause: Position
    customer_id: CustomerId | None = None
    """Whose threads share the request (R3.6): what the customer waited with before leaves too."""


class Verdict(Word):
    CHOSEN = "chosen"
    QUEUED = "queued"
    NOBODY = "nobody"
    """No candidate, and the conversation does not wait (R3.3, R5.2)."""
    OFF = "off"
    """Automatic assignment was off by the time of the decision: nothing changes."""


class ChoiceMade(Event, frozen=True, kw_only=True):
    """Stage 2 answers, in the partition of the customer. A queued request is answered twice: once
    `queued`, once `chosen`."""

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
    mode: Mode | None
    candidates: tuple[AgentId, ...] = ()
    """Of older records alone: see `choice`."""
    choice: Choice | None = None
    settings_version: int = 0
    drained: bool = False
    """The conversation had waited in the queue (R5.1)."""
    instead_of: str | None = None
    """As the request says."""
    seed: EventId
    at: Moment


class ThreadState(Word):
    TAKEN = "taken"
    """A partition of stage 1 has it."""
    REMOVED = "removed"
    """Its root is gone at the channel (R4.6)."""
    OURS = "ours"
    """The page began it: nobody's to answer, until a customer replies (R4.5)."""
    VACANT = "vacant"
    """A partition of stage 1 has it and waits for nobody: the replies were taken back (R4.6). The
    next one asks like the first."""


class ThreadGiven(Event, frozen=True, kw_only=True):
    """A thread was given by hand in a partition of stage 1 that does not have it: stage 2 tells the
    one that has it, which says with a higher version whose it is."""

    type: ClassVar[str] = "thread.given.v1"
    organization: OrganizationId
    page_id: PageId
    conversation_id: ConversationId
    version: int
    """Of the record there."""
    agent_id: AgentId | None
    reason: Reason
    by: AgentId | None
    note: str | None
    seed: EventId
    """The command's id."""
    at: Moment


class ThreadReported(Event, frozen=True, kw_only=True):
    """Stage 1 tells what it heard of a comment's thread that another partition may have."""

    type: ClassVar[str] = "thread.reported.v1"
    organization: OrganizationId
    page_id: PageId
    conversation_id: ConversationId
    state: ThreadState
    seed: EventId
    """The id of the event that said so."""
    cause: Position
    at: Moment
    comment: MessageId | None = None
    """This reply is removed, and not the root."""
    given: ThreadGiven | None = None
    """What was decided by hand, where that is how it was taken."""


class ThreadRemoved(Event, frozen=True, kw_only=True):
    """Stage 2 tells the partition that has a thread that its root is gone (R4.6); or one that does
    not, and gave it to somebody all the same, that it counts for nobody there."""

    type: ClassVar[str] = "thread.removed.v1"
    organization: OrganizationId
    page_id: PageId
    conversation_id: ConversationId
    customer_id: CustomerId | None
    """In whose name it waited in the queue, where it did."""
    seed: EventId
    at: Moment
    request_id: str | None = None
    """Not the root is gone, but all replies for which this request waited."""


class LoadsReported(Event, frozen=True, kw_only=True):
    """Stage 1 tells how many open conversations agents have in one of its partitions (R1.7, R2.3).

    Counts are absolute. `sequence` never falls; of two reports of a partition the higher counts.
    Until an answer is named in `settled`, stage 2 counts what it chose itself; from then on the
    counts hold it, or it came to nothing. Only organizations whose rules ask for loads report.
    """

    type: ClassVar[str] = "loads.reported.v1"
    organization: OrganizationId
    partition: int
    """Stage 1's, which is the customers'."""
    sequence: int
    loads: dict[AgentId, int]
    complete: bool = False
    """Agents who are not named have none in this partition; otherwise theirs are as before."""
    settled: tuple[str, ...] = ()
    """The requests whose answers are in the counts now, or came to nothing. Every answer with a
    `choice.load` has to be named once it was handled: so long stage 2 counts it on its own."""
