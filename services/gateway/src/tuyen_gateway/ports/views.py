"""The views, as requests and jobs read them."""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from tuyen_events.conversation_filter import ConversationFilter
from tuyen_events.custom_fields import CustomFields
from tuyen_events.ids import (
    AgentId,
    CallId,
    ContactId,
    ConversationId,
    CustomerId,
    MessageId,
    OrganizationId,
    PageId,
)
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.domain.child_filter import ChildFilter
from tuyen_gateway.domain.contact_filter import ContactFilter
from tuyen_gateway.domain.contact_visibility import AccessLevel, ContactScope, Memberships
from tuyen_gateway.domain.history import AssignmentEntry
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.live import JournalPosition
from tuyen_gateway.domain.merge_proposals import ProposalFilter
from tuyen_gateway.domain.read_marks import ReadPosition
from tuyen_gateway.domain.threads import Message
from tuyen_gateway.domain.visibility import Scope
from tuyen_views.calls import CallDocument
from tuyen_views.contacts import ContactDocument
from tuyen_views.merge_proposals import ProposalOfContact
from tuyen_views.view import ChildDocumentT, OfContactT, SetupT, View


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationRef:
    """What a command about a conversation has to contain.

    `version` is that of the assignee, 0 for a conversation that the router never decided about. The
    customer and the partition are those of `InboxRow.command_target`, null while nobody is known.
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

    async def find(self, scope: Scope, conversation_id: ConversationId) -> ConversationRef | None:
        """One conversation, or None if it does not exist or `scope` does not cover it (R7.2)."""
        ...

    def problem(self) -> str | None:
        """Why the views cannot be read at the moment, or None. Does not block."""
        ...


RowT = TypeVar("RowT")


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewPage(Generic[RowT]):
    """A part of a list. `following` continues it; null at its end."""

    items: Sequence[RowT]
    following: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxCounts:
    """`total` conversations; `unread` of them have something unread for the viewer, by channel and
    by kind."""

    total: int
    unread: int
    unread_by_channel: Mapping[Channel, int]
    """The counts of all channels that this version knows, and of others that have any
    conversations."""
    unread_by_kind: Mapping[ConversationKind, int]


class InboxViews(Protocol):
    """The inbox as one viewer sees it. What `scope` does not cover is in no result (R7.2)."""

    async def wait_until_caught_up(self) -> None:
        """Returns once the views show everything that was in the log at the call. Raises
        UnavailableError after 5 s."""
        ...

    async def head(self, organization: OrganizationId) -> JournalPosition:
        """A time after all changes that were folded from the organization's own records: what is
        read after this call shows them. It never goes back, and changes only with records of the
        organization. It is not shown to callers as it is."""
        ...

    async def conversation(self, scope: Scope, conversation_id: ConversationId) -> InboxRow | None:
        """One row, or None if it does not exist or is not covered."""
        ...

    async def conversations(
        self, scope: Scope, wanted: ConversationFilter, limit: int, after: str | None
    ) -> ViewPage[InboxRow]:
        """Rows, newest activity first.

        A scan from the first part to the last lists them as they were ordered at its start: rows
        that move up meanwhile are neither omitted nor repeated, new ones are omitted. The content
        of a row, and whether it matches `wanted`, is as of each part. This holds while no more than
        10,000 conversations move during the scan.
        """
        ...

    async def counts(self, scope: Scope, wanted: ConversationFilter) -> InboxCounts: ...

    async def messages(self, row: InboxRow, limit: int, after: str | None) -> ViewPage[Message]:
        """A thread, oldest first; removed messages have no text. A page ends early if it contains
        many bytes. The caller has looked up `row` within a scope; no scope is applied here."""
        ...

    async def find_shown_until(self, row: InboxRow, message_id: MessageId) -> ReadPosition | None:
        """How far a viewer has seen the conversation whose thread was shown up to a message; null
        if it has no such message."""
        ...

    async def find_shown_but_last(self, row: InboxRow) -> ReadPosition:
        """How far a viewer has seen the conversation for whom only the newest of the customers'
        messages is unread."""
        ...

    async def history(
        self, row: InboxRow, limit: int, after: str | None
    ) -> ViewPage[AssignmentEntry]:
        """A conversation's assignments, newest first. The caller has looked up `row` within a
        scope; no scope is applied here.

        Waits at most a second for pools that are not folded yet.
        """
        ...


class ConversationScans(Protocol):
    """Conversations to be processed, in batches of limited size."""

    async def count(self, scope: Scope, wanted: ConversationFilter) -> int: ...

    async def ids(
        self, scope: Scope, wanted: ConversationFilter, limit: int, after: ConversationId | None
    ) -> Sequence[ConversationId]:
        """Those after `after`, in the order of their ids."""
        ...

    async def find_covered(
        self, scope: Scope, ids: Sequence[ConversationId]
    ) -> Collection[ConversationId]:
        """Those of `ids` that exist and are covered."""
        ...

    async def rows(
        self, scope: Scope, ids: Sequence[ConversationId]
    ) -> Mapping[ConversationId, InboxRow]:
        """The same, with everything that is known of them."""
        ...

    async def find_carried_out(
        self, commands: Mapping[ConversationId, Collection[str]]
    ) -> Collection[str]:
        """The command ids that made a record of their conversation's history."""
        ...

    async def inactive(
        self, organization: OrganizationId, since: datetime, limit: int, after: InboxRow | None
    ) -> Sequence[InboxRow]:
        """Open conversations in which nothing happened after `since`, the longest inactive first;
        those that follow `after` in this order."""
        ...


@dataclass(frozen=True, slots=True)
class VisibleContact:
    """A contact that a scope covers. Only the views make these, from a scope: whoever has one may
    show what `access` allows, and read what belongs to the contact from `AccessLevel.READ` on."""

    document: ContactDocument
    access: AccessLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeProposal:
    """A proposal, as the document of one of its contacts, `contact_id`, has it."""

    contact_id: ContactId
    shown: ProposalOfContact

    @property
    def contact_ids(self) -> tuple[ContactId, ContactId]:
        """The same in both documents."""
        one, another = sorted((self.contact_id, self.shown.other))
        return one, another


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalSide:
    """What one of its contacts shows of a proposal; `shown` is None once it is listed no more, and
    `warehouse_id` is that of the contact then."""

    id: str
    version: int
    warehouse_id: str
    shown: MergeProposal | None


class CrmViews(Protocol):
    """The CRM's views as one viewer sees them. What `scope` does not cover is in no result (W6)."""

    async def contact(self, scope: ContactScope, contact_id: ContactId) -> VisibleContact | None:
        """One contact, or the one into which it was merged (C2); None if there is none, or it is
        not covered."""
        ...

    async def memberships(self, organization: OrganizationId, agent_id: AgentId) -> Memberships:
        """The memberships of the agent, which decide what they see."""
        ...

    async def contact_fields(self, organization: OrganizationId) -> CustomFields:
        """The custom fields that the organization defines. The values of others are in no
        contact that this port returns, and neither are those that do not have the type of their
        field."""
        ...

    async def contacts(
        self, scope: ContactScope, wanted: ContactFilter, limit: int, after: str | None
    ) -> ViewPage[VisibleContact]:
        """In the order of `wanted`. A contact that changes its place meanwhile may be omitted or
        repeated. Contacts whose access is `AccessLevel.CLAIMABLE` match by what is shown of them
        only (W3)."""
        ...

    async def find_readable_ids(
        self, scope: ContactScope, wanted: ContactFilter, limit: int, after: ContactId | None
    ) -> Sequence[ContactId]:
        """The ids, in their order, of the first contacts after one that match and that the viewer
        may read; none at the end."""
        ...

    async def find_contacts(
        self, scope: ContactScope, ids: Collection[ContactId]
    ) -> Sequence[VisibleContact]:
        """Those of these contacts that are covered, in no order."""
        ...

    async def find_known_values(
        self, organization: OrganizationId, values: Collection[str]
    ) -> Set[str]:
        """Those of these phone numbers, in E.164, and emails, in lower case, that any contact has:
        also one that nobody here sees, of whom nothing else is said (C2)."""
        ...

    async def children(
        self, view: View[OfContactT], contact: VisibleContact, limit: int, after: str | None
    ) -> ViewPage[OfContactT]:
        """Everything of one kind that belongs to a contact, newest first. A page ends early if it
        contains many bytes."""
        ...

    async def child(
        self, view: View[ChildDocumentT], scope: ContactScope, child_id: str
    ) -> tuple[VisibleContact, ChildDocumentT] | None:
        """A child entity and its contact, or None if the viewer may not read the contact."""
        ...

    async def reported_call(
        self, organization: OrganizationId, call: CallId
    ) -> CallDocument | None:
        """A call, for the integration that reported it: no scope is applied."""

    async def access_to_removed(
        self, view: View[Any], scope: ContactScope, entity_id: str
    ) -> AccessLevel:
        """The access level of the viewer to the contact of a child entity that was removed within
        the last day, or to a contact that was; `AccessLevel.NOTHING` if there was none."""
        ...

    async def find_children(
        self,
        view: View[ChildDocumentT],
        scope: ContactScope,
        wanted: ChildFilter,
        limit: int,
        after: str | None,
    ) -> ViewPage[ChildDocumentT]:
        """The child entities of one kind of all contacts that the viewer may read. A page ends
        early if it contains many bytes, or if the viewer may read few of many; it may be empty and
        not the last."""
        ...

    async def proposals(
        self, wanted: ProposalFilter, limit: int, after: str | None
    ) -> ViewPage[MergeProposal]:
        """The proposals to merge contacts, newest first, each once."""
        ...

    async def proposal_sides(
        self, organization: OrganizationId, keys: Collection[str]
    ) -> Sequence[ProposalSide]:
        """What contacts show of proposals, by the keys of the documents, whoever sees them; also of
        those that ended lately."""
        ...

    async def tags(
        self, scope: ContactScope, name: str | None, limit: int, after: str | None
    ) -> ViewPage[str]:
        """The tags of the contacts that the viewer may read, in the order in which they are
        compared; with `name`, those that contain it, whatever its accents and case."""
        ...

    async def setup(
        self, view: View[SetupT], organization: OrganizationId, entity_id: str
    ) -> SetupT | None: ...

    async def setup_among(
        self, view: View[SetupT], organization: OrganizationId, ids: Collection[str]
    ) -> Sequence[SetupT]:
        """Those with these ids, in the order of their ids."""
        ...

    async def setup_ids(self, view: View[SetupT], organization: OrganizationId) -> Sequence[str]:
        """All ids of this kind, ascending."""
        ...

    async def list_setup(
        self, view: View[SetupT], organization: OrganizationId, limit: int, after: str | None
    ) -> ViewPage[SetupT]:
        """In the order of their ids."""
        ...

    async def wait_for_contact(self, contact_id: ContactId, version: int) -> None:
        """Returns once the views contain this version of the contact and of what belongs to it, or
        after a short time: a caller who reads what they have just changed finds it."""
        ...

    async def wait_for_setup(
        self, view: View[SetupT], organization: OrganizationId, entity_id: str, version: int
    ) -> None:
        """Waits as `wait_for_contact` does, for an entity of the setup."""
        ...

    async def wait_for_proposal(
        self, proposal: MergeProposal, version: int, *, merged: bool
    ) -> None:
        """The same for a proposal, whose version is its own: both of its contacts show it, or, if
        it was accepted, that they are merged."""
        ...
