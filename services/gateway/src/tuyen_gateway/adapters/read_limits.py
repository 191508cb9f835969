"""Wraps the reads of the views, so that organizations take turns in them (R9.5)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence, Set
from collections.abc import Collection as Ids
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

from tuyen_events.conversation_filter import ConversationFilter
from tuyen_events.custom_fields import CustomFields
from tuyen_events.ids import (
    AgentId,
    CallId,
    ContactId,
    ConversationId,
    MessageId,
    OrganizationId,
)
from tuyen_events.limits import (
    READ_WITHIN_S,
    READS_AT_ONCE,
    READS_AT_ONCE_OF_ORGANIZATION,
    READS_WAITING_OF_ORGANIZATION,
)
from tuyen_events.outbound import OutboundEvent
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
from tuyen_gateway.errors import TooManyAttemptsError, UnavailableError
from tuyen_gateway.jobs.turns import Turns
from tuyen_gateway.ports.replies import Replies, Sender
from tuyen_gateway.ports.views import (
    ConversationRef,
    ConversationViews,
    CrmViews,
    InboxCounts,
    InboxViews,
    MergeProposal,
    ProposalSide,
    ViewPage,
    VisibleContact,
)
from tuyen_views.calls import CallDocument
from tuyen_views.view import ChildDocumentT, OfContactT, SetupT, View

_TOO_MANY = "Your organization reads too much at this moment: try again in a second."
_TOO_BUSY = "Other organizations read very much at this moment: try again in a second."

_NOBODYS = OrganizationId("")
"""Rows without an organization, which no query of a caller finds, take turns as if they were of one
organization."""


class ReadLimiter:
    """Limits the reads that run at the same time, in total and for each organization: they use the
    same few threads as the folding of the views."""

    def __init__(self) -> None:
        self._turns = Turns(READS_AT_ONCE, READS_AT_ONCE_OF_ORGANIZATION)
        self._waiting: Counter[OrganizationId] = Counter()

    @asynccontextmanager
    async def turn(self, organization: OrganizationId) -> AsyncIterator[None]:
        """Waits for the organization's turn, and holds it for as long as the block lasts. A block
        must not wait for another turn.

        Raises TooManyAttemptsError if too many reads of the organization wait already, or if it
        waited too long for its own reads; UnavailableError if it waited too long for others.
        """
        if self._waiting[organization] >= READS_WAITING_OF_ORGANIZATION:
            raise TooManyAttemptsError(_TOO_MANY, 1)
        async with AsyncExitStack() as stack:
            self._waiting[organization] += 1
            try:
                async with asyncio.timeout(READ_WITHIN_S):
                    await stack.enter_async_context(self._turns.turn(organization))
            except TimeoutError:
                if self._turns.count_at_work(organization) < READS_AT_ONCE_OF_ORGANIZATION:
                    raise UnavailableError(_TOO_BUSY) from None
                raise TooManyAttemptsError(_TOO_MANY, 1) from None
            finally:
                self._waiting[organization] -= 1
                if not self._waiting[organization]:
                    del self._waiting[organization]
            yield


class ConversationsInTurn:
    """ConversationViews."""

    def __init__(self, views: ConversationViews, reads: ReadLimiter) -> None:
        self._views = views
        self._reads = reads

    async def find(self, scope: Scope, conversation_id: ConversationId) -> ConversationRef | None:
        async with self._reads.turn(scope.organization):
            return await self._views.find(scope, conversation_id)

    def problem(self) -> str | None:
        return self._views.problem()


class InboxInTurn:
    """InboxViews."""

    def __init__(self, inbox: InboxViews, reads: ReadLimiter) -> None:
        self._inbox = inbox
        self._reads = reads

    async def wait_until_caught_up(self) -> None:
        await self._inbox.wait_until_caught_up()

    async def head(self, organization: OrganizationId) -> JournalPosition:
        async with self._reads.turn(organization):
            return await self._inbox.head(organization)

    async def conversation(self, scope: Scope, conversation_id: ConversationId) -> InboxRow | None:
        async with self._reads.turn(scope.organization):
            return await self._inbox.conversation(scope, conversation_id)

    async def conversations(
        self, scope: Scope, wanted: ConversationFilter, limit: int, after: str | None
    ) -> ViewPage[InboxRow]:
        async with self._reads.turn(scope.organization):
            return await self._inbox.conversations(scope, wanted, limit, after)

    async def counts(self, scope: Scope, wanted: ConversationFilter) -> InboxCounts:
        async with self._reads.turn(scope.organization):
            return await self._inbox.counts(scope, wanted)

    async def messages(self, row: InboxRow, limit: int, after: str | None) -> ViewPage[Message]:
        async with self._turn_of(row):
            return await self._inbox.messages(row, limit, after)

    async def find_shown_until(self, row: InboxRow, message_id: MessageId) -> ReadPosition | None:
        async with self._turn_of(row):
            return await self._inbox.find_shown_until(row, message_id)

    async def find_shown_but_last(self, row: InboxRow) -> ReadPosition:
        async with self._turn_of(row):
            return await self._inbox.find_shown_but_last(row)

    async def history(
        self, row: InboxRow, limit: int, after: str | None
    ) -> ViewPage[AssignmentEntry]:
        async with self._turn_of(row):
            return await self._inbox.history(row, limit, after)

    def _turn_of(self, row: InboxRow) -> AbstractAsyncContextManager[None]:
        return self._reads.turn(row.organization or _NOBODYS)


class CrmInTurn:
    """CrmViews."""

    def __init__(self, crm: CrmViews, reads: ReadLimiter) -> None:
        self._crm = crm
        self._reads = reads

    async def contact(self, scope: ContactScope, contact_id: ContactId) -> VisibleContact | None:
        async with self._reads.turn(scope.organization):
            return await self._crm.contact(scope, contact_id)

    async def memberships(self, organization: OrganizationId, agent_id: AgentId) -> Memberships:
        async with self._reads.turn(organization):
            return await self._crm.memberships(organization, agent_id)

    async def contact_fields(self, organization: OrganizationId) -> CustomFields:
        async with self._reads.turn(organization):
            return await self._crm.contact_fields(organization)

    async def contacts(
        self, scope: ContactScope, wanted: ContactFilter, limit: int, after: str | None
    ) -> ViewPage[VisibleContact]:
        async with self._reads.turn(scope.organization):
            return await self._crm.contacts(scope, wanted, limit, after)

    async def find_readable_ids(
        self, scope: ContactScope, wanted: ContactFilter, limit: int, after: ContactId | None
    ) -> Sequence[ContactId]:
        async with self._reads.turn(scope.organization):
            return await self._crm.find_readable_ids(scope, wanted, limit, after)

    async def find_contacts(
        self, scope: ContactScope, ids: Ids[ContactId]
    ) -> Sequence[VisibleContact]:
        async with self._reads.turn(scope.organization):
            return await self._crm.find_contacts(scope, ids)

    async def find_known_values(self, organization: OrganizationId, values: Ids[str]) -> Set[str]:
        async with self._reads.turn(organization):
            return await self._crm.find_known_values(organization, values)

    async def children(
        self, view: View[OfContactT], contact: VisibleContact, limit: int, after: str | None
    ) -> ViewPage[OfContactT]:
        async with self._reads.turn(contact.document.organization):
            return await self._crm.children(view, contact, limit, after)

    async def child(
        self, view: View[ChildDocumentT], scope: ContactScope, child_id: str
    ) -> tuple[VisibleContact, ChildDocumentT] | None:
        async with self._reads.turn(scope.organization):
            return await self._crm.child(view, scope, child_id)

    async def reported_call(
        self, organization: OrganizationId, call: CallId
    ) -> CallDocument | None:
        async with self._reads.turn(organization):
            return await self._crm.reported_call(organization, call)

    async def access_to_removed(
        self, view: View[Any], scope: ContactScope, entity_id: str
    ) -> AccessLevel:
        async with self._reads.turn(scope.organization):
            return await self._crm.access_to_removed(view, scope, entity_id)

    async def find_children(
        self,
        view: View[ChildDocumentT],
        scope: ContactScope,
        wanted: ChildFilter,
        limit: int,
        after: str | None,
    ) -> ViewPage[ChildDocumentT]:
        async with self._reads.turn(scope.organization):
            return await self._crm.find_children(view, scope, wanted, limit, after)

    async def proposals(
        self, wanted: ProposalFilter, limit: int, after: str | None
    ) -> ViewPage[MergeProposal]:
        async with self._reads.turn(wanted.organization):
            return await self._crm.proposals(wanted, limit, after)

    async def proposal_sides(
        self, organization: OrganizationId, keys: Ids[str]
    ) -> Sequence[ProposalSide]:
        async with self._reads.turn(organization):
            return await self._crm.proposal_sides(organization, keys)

    async def tags(
        self, scope: ContactScope, name: str | None, limit: int, after: str | None
    ) -> ViewPage[str]:
        async with self._reads.turn(scope.organization):
            return await self._crm.tags(scope, name, limit, after)

    async def setup(
        self, view: View[SetupT], organization: OrganizationId, entity_id: str
    ) -> SetupT | None:
        async with self._reads.turn(organization):
            return await self._crm.setup(view, organization, entity_id)

    async def setup_among(
        self, view: View[SetupT], organization: OrganizationId, ids: Ids[str]
    ) -> Sequence[SetupT]:
        async with self._reads.turn(organization):
            return await self._crm.setup_among(view, organization, ids)

    async def setup_ids(self, view: View[SetupT], organization: OrganizationId) -> Sequence[str]:
        async with self._reads.turn(organization):
            return await self._crm.setup_ids(view, organization)

    async def list_setup(
        self, view: View[SetupT], organization: OrganizationId, limit: int, after: str | None
    ) -> ViewPage[SetupT]:
        async with self._reads.turn(organization):
            return await self._crm.list_setup(view, organization, limit, after)

    async def wait_for_contact(self, contact_id: ContactId, version: int) -> None:
        """Takes no turn, which it would keep while it waits: it reads single documents, for as many
        callers as an organization may have commands."""
        await self._crm.wait_for_contact(contact_id, version)

    async def wait_for_setup(
        self, view: View[SetupT], organization: OrganizationId, entity_id: str, version: int
    ) -> None:
        """As `wait_for_contact`."""
        await self._crm.wait_for_setup(view, organization, entity_id, version)

    async def wait_for_proposal(
        self, proposal: MergeProposal, version: int, *, merged: bool
    ) -> None:
        """As `wait_for_contact`."""
        await self._crm.wait_for_proposal(proposal, version, merged=merged)


class RepliesInTurn:
    """Replies."""

    def __init__(self, replies: Replies, reads: ReadLimiter) -> None:
        self._replies = replies
        self._reads = reads

    async def find(
        self, organization: OrganizationId, ids: Ids[MessageId]
    ) -> Mapping[MessageId, Message]:
        async with self._reads.turn(organization):
            return await self._replies.find(organization, ids)

    async def find_last_comment(self, row: InboxRow) -> Message | None:
        async with self._reads.turn(row.organization or _NOBODYS):
            return await self._replies.find_last_comment(row)

    def take_room(self, sender: Sender) -> bool:
        return self._replies.take_room(sender)

    async def check_pending(self, sender: Sender) -> None:
        if self.take_room(sender):
            return
        async with self._reads.turn(sender.organization):
            await self._replies.check_pending(sender)

    async def request(
        self, sender: Sender, events: Sequence[OutboundEvent], partition: int
    ) -> None:
        await self._replies.request(sender, events, partition)
