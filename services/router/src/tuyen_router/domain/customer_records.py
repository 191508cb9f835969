"""What stage 1 stores of a customer and of a conversation, as values."""

import msgspec

from tuyen_events.commands import Outcome
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
from tuyen_events.routing import Position, Purpose
from tuyen_events.vocabulary import Channel, ConversationKind, Reason

REMOVED_AT_CHANNEL = 2**40 - 1
"""Stored in place of the last seen offset: a thread that was removed at the channel is done for
ever (R4.6)."""

RequestedDepartment = tuple[str, str | None]
"""A department, and perhaps a region of it, that a visitor named."""


class ConversationState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The state of a conversation after its latest assignment record."""

    organization: OrganizationId
    version: int
    agent_id: AgentId | None
    reason: Reason
    request_id: str | None
    """For a comment thread only; a customer's other threads share one request, which is stored with
    the customer."""
    inbound: int
    command: int
    """The offset of the command that made the record; -1 when a rule did."""
    day: int = 0
    """The day of the record, in days since 1970."""
    customer: CustomerId | None = None
    """For a comment thread only: the customer in its records. Unknown after the thread was at rest.
    """

    @property
    def waiting(self) -> bool:
        """Whether the conversation is in the queue."""
        return self.reason is Reason.QUEUED


class Request(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A customer's open request to stage 2, and the conversations that will get its answer.

    `cause` is the inbound record or the command that made stage 1 send the request; the request's
    id is derived from it.
    """

    id: str
    organization: OrganizationId
    page_id: PageId
    channel: Channel
    conversations: tuple[tuple[ConversationId, ConversationKind], ...]
    purpose: Purpose
    seed: EventId
    cause: Position
    instead_of: str | None = None
    """The request that was withdrawn in favour of this one."""
    leavers: tuple[AgentId, ...] = ()
    """The agents whose conversations were returned to rotation: they must not be chosen again
    (R6.5)."""
    keeps_place: bool = False
    """Whether it replaces another request, whose place in the queue it takes."""
    comments: tuple[tuple[ConversationId, MessageId], ...] = ()
    """The messages or comments for which threads wait (R4.6), with their threads; none for a thread
    of which not all are known."""


class Refusal(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A command that was refused: its offset, and the outcome that its caller got."""

    command: int
    outcome: Outcome


class AssignmentSummary(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What assignment records had led to for a customer: the stickiness, and the states of their
    threads."""

    agent_id: AgentId | None
    reason: Reason | None
    rule_id: RuleId | None
    settled: int
    settled_command: int
    settled_before: bool
    conversations: tuple[tuple[ConversationId, ConversationState], ...]
    """The message thread first, if there is one, then the livestream threads that are not at
    rest."""
    has_message_thread: bool


class CustomerRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A customer as `router-customers` has it.

    A request that an assignment record settled is known by that record, and is left out at the next
    opportunity. `seen` is the ring of recent events. `refused` is the last refusal of a command
    about one of the customer's conversations. `requested` is the department that a visitor chose
    last; `removed` identifies the messages and comments that the customer removed last
    (`seen.was_removed`).
    """

    request: Request | None
    seen: bytes
    refused: Refusal | None = None
    requested: RequestedDepartment | None = None
    summary: AssignmentSummary | None = None
    """None in a record of an earlier version, whose state comes from assignments alone."""
    removed: bytes = b""
