"""What agents and managers request of the router, and the results.

Commands are imperative; they are keyed by customer, so that they have one order with the customer's
events. Every command is answered by one `command.settled` with the command's id.
"""

from typing import ClassVar

from tuyen_events.event import Event
from tuyen_events.ids import AgentId, ConversationId, CustomerId, OrganizationId, PageId
from tuyen_events.vocabulary import Channel, ConversationKind, Moment, Word


class AssignConversation(Event, frozen=True, kw_only=True):
    """Assign the conversation to `agent_id`, or to nobody (null), whoever is the assignee now
    (R6)."""

    type: ClassVar[str] = "conversation.assign.v1"
    command_id: str
    organization: OrganizationId
    page_id: PageId
    conversation_id: ConversationId
    customer_id: CustomerId
    customer_external_id: str
    """Empty if the caller knew only the customer's id."""
    kind: ConversationKind
    agent_id: AgentId | None
    by: AgentId
    note: str | None = None
    expected_version: int | None = None
    """Refuse if the conversation has another version by then (R6.4)."""
    take: bool = False
    """The agent takes an unassigned conversation for themselves (R6.6)."""
    bulk: bool = False
    """One of many commands (R6.5): the reason is then `bulk`."""
    only_from: AgentId | None = None
    """Change nothing unless this agent has the conversation by then (R6.5)."""
    known_version: int = 0
    """The conversation's version as the caller saw it, and in `known_agent_id` its assignee; 0
    means none. The router continues from there if it has forgotten the conversation (R9.6)."""
    known_agent_id: AgentId | None = None
    at: Moment


class ReturnToRotation(Event, frozen=True, kw_only=True):
    """Take the conversation from `only_from` and let its rule choose somebody else (R6.5).

    Changes nothing if another agent has the conversation by then. For a livechat conversation, the
    gateway adds what the visitor chose, since R1.5 and R1.6 limit this choice too.
    """

    type: ClassVar[str] = "conversation.return_to_rotation.v1"
    command_id: str
    organization: OrganizationId
    page_id: PageId
    conversation_id: ConversationId
    customer_id: CustomerId
    customer_external_id: str
    """As in `AssignConversation`."""
    kind: ConversationKind
    channel: Channel
    only_from: AgentId
    by: AgentId
    note: str | None = None
    department: str | None = None
    region: str | None = None
    page_url: str | None = None
    known_version: int = 0
    """As in `AssignConversation`."""
    known_agent_id: AgentId | None = None
    at: Moment


class MarkConversationDone(Event, frozen=True, kw_only=True):
    """Close (`done` true) or reopen a conversation (I12). A waiting one leaves the queue."""

    type: ClassVar[str] = "conversation.mark_done.v1"
    command_id: str
    organization: OrganizationId
    page_id: PageId
    conversation_id: ConversationId
    customer_id: CustomerId
    customer_external_id: str
    """As in `AssignConversation`."""
    kind: ConversationKind
    done: bool
    seen_events: int
    """How many of its inbound events the caller had seen: one more reopens it."""
    seen_offset: int = -1
    """The offset of the last of those in the customer's partition of `inbound`: later events are
    new."""
    by: AgentId | None
    """Null if the setting `done_after_hours` did it."""
    known_version: int = 0
    """As in `AssignConversation`."""
    known_agent_id: AgentId | None = None
    at: Moment


Command = AssignConversation | ReturnToRotation | MarkConversationDone
"""What a gateway requests the router to do with a conversation."""


class Outcome(Word):
    APPLIED = "applied"
    UNCHANGED = "unchanged"
    VERSION_PASSED = "version_passed"
    """Another change came first (R6.4)."""
    NOT_ALLOWED = "not_allowed"
    """The agent is disabled, removed, or was not given the page (R6.2)."""
    ASSIGNMENT_OFF = "assignment_off"
    TAKING_OFF = "taking_off"
    """The setting `take_unassigned` is off (R6.6)."""
    ALREADY_TAKEN = "already_taken"
    """Somebody has the conversation: `agent_id` says who (R6.6)."""


class CommandSettled(Event, frozen=True, kw_only=True):
    """The result of a command. `version` and `agent_id` are the conversation's after it."""

    type: ClassVar[str] = "command.settled.v1"
    command_id: str
    organization: OrganizationId
    conversation_id: ConversationId
    outcome: Outcome
    version: int
    agent_id: AgentId | None
