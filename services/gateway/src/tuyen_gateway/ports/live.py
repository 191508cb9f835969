"""Live streams: where their changes come from, who watches, and how one is opened."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from tuyen_directory.organization import Organization
from tuyen_events.ids import AgentId, ConversationId, MessageId, OrganizationId
from tuyen_events.viewing import ConversationViewed
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.jobs import Job
from tuyen_gateway.domain.live import Changes, JournalPosition
from tuyen_gateway.domain.threads import Message
from tuyen_gateway.domain.visibility import Scope, Viewer
from tuyen_gateway.ports.dead_letters import Replay
from tuyen_gateway.ports.tables import TableBacked
from tuyen_gateway.ports.views import InboxCounts, MergeProposal


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """Changes that were committed together. `place` is null for an entry that was looked up: then
    only the time of its transaction's beginning is known."""

    id: str
    organization: OrganizationId
    place: JournalPosition | None
    changes: Changes


class ChangeFeed(Protocol):
    """The changes of all organizations in the order of their commits, from one place on."""

    @property
    def begin(self) -> JournalPosition:
        """All changes that were committed at or after this are in `entries`."""
        ...

    def entries(self) -> AsyncIterator[JournalEntry | None]:
        """Entries as they are committed; None shows that there is none at the moment. Ends if the
        feed cannot go on; raises PyMongoError while the database is unavailable."""
        ...


class CountsAtEntry(NamedTuple):
    """A viewer's counts, and the ids of the recent journal entries that they include."""

    counts: InboxCounts
    included: frozenset[str]


class OurMessages(NamedTuple):
    """Our messages of a conversation, written after one time and not after another."""

    conversation_id: ConversationId
    after: datetime | None
    until: datetime


class LiveViews(Protocol):
    """The views, as live streams read them: for many viewers at once, so no scope limits it. Raises
    PyMongoError while the database is unavailable."""

    async def follow(self, after: JournalPosition | None) -> ChangeFeed:
        """The changes after a place, or from now on. If the database has forgotten that place, they
        begin later."""
        ...

    async def entries(
        self, organization: OrganizationId, since: datetime, limit: int
    ) -> Sequence[JournalEntry]:
        """The last entries that were begun at or after `since`, at most `limit`, oldest first."""
        ...

    async def head(self, organization: OrganizationId) -> JournalPosition:
        """A time after all changes that were folded for the organization (`LivePosition`)."""
        ...

    async def rows(
        self, ids: Collection[ConversationId], at: JournalPosition | None
    ) -> Mapping[ConversationId, InboxRow]:
        """Those that exist, with all marks and with the known names of their customers. As of the
        commit `at`, here and below; as of now with None, or if that is no longer kept."""
        ...

    async def messages(
        self, ids: Collection[MessageId], at: JournalPosition | None
    ) -> Sequence[Message]:
        """Those that exist, with the known names of their authors."""
        ...

    async def ours(
        self, messages: OurMessages, limit: int, at: JournalPosition | None
    ) -> Sequence[Message]:
        """Our messages of a thread in a range of time; the newest."""
        ...

    async def count_newer(
        self,
        conversation_id: ConversationId,
        joined: Collection[datetime],
        at: JournalPosition | None,
    ) -> Mapping[datetime, int]:
        """The number of the customers' messages that came after each of these times and were not
        removed."""
        ...

    async def counts(self, scope: Scope) -> CountsAtEntry: ...


class ViewerOfConversation(NamedTuple):
    agent_id: AgentId
    typing: bool


class ViewingBoard(TableBacked, Protocol):
    """Knows who has which conversation open at this moment (I14)."""

    async def note(self, viewed: ConversationViewed) -> None:
        """Shows it at every gateway for VIEWING_LASTS_S. Raises TooManyAttemptsError if the agent
        says so too often."""
        ...

    def of(
        self, organization: OrganizationId
    ) -> Mapping[ConversationId, tuple[ViewerOfConversation, ...]]:
        """The conversations that somebody has open, with the agents in the order of their ids."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The viewer of a stream, as of now: after a change of rights there is another one (R7.4)."""

    viewer: Viewer
    scope: Scope
    organization: Organization


Recheck = Callable[[], Awaitable[Watch]]
"""Identifies the watcher again. Raises UnauthenticatedError or ForbiddenError once the stream has
to end."""


class Renderer(Protocol):
    """Turns entities into JSON, exactly as other routes return them."""

    def row(self, row: InboxRow, unread: int, watch: Watch) -> bytes:
        """A row of a list. Depends on the watcher only by `unread`."""
        ...

    def message(self, message: Message, row: InboxRow, watch: Watch) -> bytes:
        """A message of a thread, the same for every watcher who sees it."""
        ...

    def counts(self, counts: InboxCounts) -> bytes: ...

    def job(self, job: Job | Replay) -> bytes: ...

    def proposal(self, proposal: MergeProposal) -> bytes: ...

    def sees_job(self, job: Job | Replay, watch: Watch) -> bool: ...


class OpenStream(Protocol):
    """One open stream."""

    async def take(self) -> bytes:
        """What is to be sent next; waits until there is something. Empty once the stream has
        ended."""
        ...


class LiveStreams(Protocol):
    """The live streams of this gateway."""

    async def run(self) -> None:
        """Sends live events until cancelled. Waits while the database is unavailable."""
        ...

    async def open(self, watch: Watch, recheck: Recheck, after: str | None) -> OpenStream:
        """A stream of everything after a position, or from now on. A position that cannot be
        continued begins with `reset`.

        Raises TooManyAttemptsError if the agent, the organization or the gateway has too many
        streams, UnavailableError while this gateway is starting.
        """
        ...

    def close(self, stream: OpenStream) -> None:
        """Forgets a stream. Must be called for each that was opened; may be repeated."""
        ...

    def stop(self) -> None:
        """Ends all streams, because the process is stopping."""
        ...
