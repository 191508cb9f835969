"""What ingest needs beside the log (`tuyen_platform.kafka.ports`), a clock, and the channels
(`tuyen_channels.ports`)."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from tuyen_events.ids import AgentId, ConversationId, OrganizationId
from tuyen_events.outbound import AttachmentId
from tuyen_ingest.domain.threads import ThreadChange, VisitorThread
from tuyen_ingest.domain.visitors import SiteVisitor
from tuyen_platform.kafka.ports import ProducerRecord


class FollowedTopic(Protocol):
    """How much of a topic this process has applied."""

    @property
    def is_caught_up(self) -> bool:
        """Whether everything that was in the topic at the start is applied."""
        ...

    async def refresh(self, within_s: float, *, min_interval_s: float = 0.0) -> bool:
        """Waits until everything is applied that was in the topic at the call; returns whether that
        was within `within_s` seconds. The log is asked at most once in `min_interval_s` seconds.
        Raises LogUnavailableError."""
        ...


class TokenUses(Protocol):
    """Which page tokens were used to sign a call."""

    def first_use(self, account: str) -> Sequence[ProducerRecord]:
        """The records to write when a call that is signed with the account's present token arrives;
        none once they were applied."""
        ...


class VisitorThreads(Protocol):
    """The threads as visitors see them: a view that is folded from the log, of the last
    VISITOR_THREAD_KEPT_S. Raises what MongoDB raises while it is unavailable."""

    async def apply(self, changes: Sequence[ThreadChange]) -> None:
        """Returns once the threads show the changes. Repeating them, also later, changes
        nothing."""
        ...

    async def read(self, thread: ConversationId) -> VisitorThread:
        """The newest SHOWN_MESSAGES of a thread; an empty one if there is nothing of it."""
        ...


class OnlineAgents(Protocol):
    """Who is there to answer."""

    def is_online(self, organization: OrganizationId, agent: AgentId) -> bool:
        """Whether the agent's presence is `online` (R8)."""
        ...


class ThreadWatch(Protocol):
    """One request that waits for something new in a thread."""

    async def wait(self, within_s: float) -> bool:
        """Waits until something may be new; returns whether that was within so many seconds."""
        ...


class ThreadSignals(Protocol):
    """What happens in threads at this moment. A signal says that something may be new, and not
    what: the threads may show it some moments later."""

    def watch(self, thread: ConversationId) -> AbstractContextManager[ThreadWatch]:
        """Signals of the thread, as long as the block lasts."""
        ...

    def notify(self, thread: ConversationId) -> None:
        """Something may be new in the thread."""
        ...

    def is_typing(self, thread: ConversationId) -> bool:
        """Whether an agent is writing there (I14)."""
        ...

    @property
    def stopping(self) -> bool:
        """Whether the service stops: nothing is waited for any more."""
        ...


class VisitorCipher(Protocol):
    """What visitors store for us and return, so that they can neither read nor forge it."""

    def encrypt_visitor(self, visitor: SiteVisitor) -> str:
        """A token, by which the visitor is recognized for VISITOR_TOKEN_LASTS_S."""
        ...

    def decrypt_visitor(self, app_id: str, token: str) -> SiteVisitor | None:
        """The visitor of a token; None if it is none of this page's, or has ended."""
        ...

    def encrypt_link(self, app_id: str, attachment: AttachmentId) -> str:
        """The end of an address at which a file can be fetched, for FILE_LINK_LASTS_S."""
        ...

    def decrypt_link(self, app_id: str, link: str) -> AttachmentId | None:
        """The file of such an address; None if it is none of this page's, or has ended."""
        ...
