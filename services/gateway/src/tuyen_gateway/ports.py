"""What the HTTP interface asks of the views."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from tuyen_events.ids import (
    AgentId,
    ContactId,
    ConversationId,
    CustomerId,
    MessageId,
    OrganizationId,
    PageId,
)
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.domain.history import AssignmentEntry
from tuyen_gateway.domain.inbox import Conversation
from tuyen_gateway.domain.reading import Shown
from tuyen_gateway.domain.threads import Message
from tuyen_gateway.domain.visibility import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationRow:
    """Whose a conversation is: what a command about it has to name.

    `version` is that of the assignee, 0 for a conversation that the router never decided about.
    The customer is the one whose events the conversation is keyed by, with the partition, as
    `Conversation.desk` has them. Null where nobody has been seen.
    """

    id: ConversationId
    organization: OrganizationId
    page_id: PageId
    kind: ConversationKind
    customer_id: CustomerId | None
    customer_external_id: str | None
    agent_id: AgentId | None
    version: int
    partition: int | None = None


class ConversationViews(Protocol):
    """Conversations as the views show them; they may be behind the log by some milliseconds."""

    async def find(self, scope: Scope, conversation_id: ConversationId) -> ConversationRow | None:
        """One conversation, or None when it does not exist or `scope` does not cover it (R7.2)."""
        ...

    def problem(self) -> str | None:
        """Why the views cannot be read at the moment, or None. Does not block."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """Conversations that `agent_id` has; null is nobody."""

    agent_id: AgentId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationFilter:
    """Which conversations are asked for (I4); what is null is not asked. All hold together."""

    kind: ConversationKind | None = None
    channel: Channel | None = None
    page: PageId | None = None
    unread: bool = False
    """Only those with something unread for the viewer."""
    assigned: Assigned | None = None
    tag: str | None = None
    name: str | None = None
    """A part of the customer's name; accents and case make no difference."""
    customers: frozenset[CustomerId] = frozenset()
    """Customers who are meant by `name`, although their conversations do not say it."""
    external_id: str | None = None
    done: bool | None = None


Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewPage(Generic[Row]):
    """A part of a list. `following` continues it; null at its end."""

    items: Sequence[Row]
    following: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """`total` conversations; `unread` of them have something unread for the viewer, by channel and
    by kind."""

    total: int
    unread: int
    unread_by_channel: Mapping[Channel, int]
    unread_by_kind: Mapping[ConversationKind, int]


class InboxViews(Protocol):
    """The inbox as one viewer sees it. What `scope` does not cover is in no answer (R7.2)."""

    async def caught_up(self) -> None:
        """Returns once the views show all that stood in the log at the call.

        Raises UnavailableError after 5 s.
        """
        ...

    async def position(self, organization: OrganizationId) -> bytes:
        """How far the views have come in the organization's own records; it never goes back. No
        caller is shown it as it is."""
        ...

    async def conversation(
        self, scope: Scope, conversation_id: ConversationId
    ) -> Conversation | None:
        """One row, or None when it does not exist or is not covered."""
        ...

    async def conversations(
        self, scope: Scope, wanted: ConversationFilter, limit: int, after: str | None
    ) -> ViewPage[Conversation]:
        """Rows, newest activity first.

        A walk from the first part to the last lists them as they were ordered at its start: what
        moves up meanwhile is neither left out nor given twice, what is new since then is left out.
        What a row says, and whether it fits `wanted`, is as of each part. The promise holds while
        no more than 10,000 conversations move during the walk.
        """
        ...

    async def counts(self, scope: Scope, wanted: ConversationFilter) -> Counts: ...

    async def messages(self, row: Conversation, limit: int, after: str | None) -> ViewPage[Message]:
        """A thread, oldest first, removed messages with their texts gone. A page ends early when it
        carries much. The row was asked for before: no scope cuts this."""
        ...

    async def shown_until(self, row: Conversation, message_id: MessageId) -> Shown | None:
        """How far a viewer has seen the conversation whose thread was shown up to a message; null
        when there is no such message in it."""
        ...

    async def shown_but_last(self, row: Conversation) -> Shown:
        """How far one has seen it for whom the newest of the customers' messages is unread."""
        ...

    async def history(
        self, row: Conversation, limit: int, after: str | None
    ) -> ViewPage[AssignmentEntry]:
        """A conversation's assignments, newest first. The row was asked for before: no scope cuts
        this.

        A pool that was not folded yet is waited for, at most a second.
        """
        ...


class ConversationWalks(Protocol):
    """Conversations to be worked through, in parts of bounded size."""

    async def count(self, scope: Scope, wanted: ConversationFilter) -> int: ...

    async def ids(
        self, scope: Scope, wanted: ConversationFilter, limit: int, after: ConversationId | None
    ) -> Sequence[ConversationId]:
        """Those behind `after`, in the order of their ids."""
        ...

    async def seen(self, scope: Scope, ids: Sequence[ConversationId]) -> Collection[ConversationId]:
        """Those of `ids` that exist and are covered."""
        ...

    async def rows(
        self, scope: Scope, ids: Sequence[ConversationId]
    ) -> Mapping[ConversationId, Conversation]:
        """The same, with all that is known of them."""
        ...

    async def carried_out(
        self, commands: Mapping[ConversationId, Collection[str]]
    ) -> Collection[str]:
        """Those command ids that made a record of their conversation's history."""
        ...

    async def quiet(
        self, organization: OrganizationId, since: datetime, limit: int, after: Conversation | None
    ) -> Sequence[Conversation]:
        """Open conversations in which nothing happened after `since`, the quietest first; those
        that follow `after` in this order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactEntry:
    """A contact as the CRM keeps it."""

    id: ContactId
    name: str | None
    phones: Sequence[str]
    emails: Sequence[str]
    customers: Sequence[Mapping[str, object]]
    warehouse_id: str
    assignee: AgentId | None
    created_at: datetime
    version: int


class ContactViews(Protocol):
    """The contacts of an organization, as the CRM's view shows them."""

    async def contact(
        self, organization: OrganizationId, contact_id: ContactId
    ) -> ContactEntry | None: ...

    async def contacts(
        self, organization: OrganizationId, name: str | None, limit: int, after: str | None
    ) -> ViewPage[ContactEntry]:
        """In the order of their ids; `name` as in `ConversationFilter`."""
        ...
