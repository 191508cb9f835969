"""Dead letters, and replays of what was stored (P3, P4)."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from tuyen_events.dead_letters import LetterOutcome
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.replays import ReplayProgressed, ReplayRequested
from tuyen_events.vocabulary import Moment
from tuyen_gateway.domain.dead_letters import DeadLetter
from tuyen_gateway.domain.heads import Heads
from tuyen_gateway.ports.tables import TableBacked
from tuyen_gateway.ports.views import ViewPage


class DeadLetters(Protocol):
    """The dead letters of all organizations; each method is about those of one. Both reads may
    raise TooManyAttemptsError when the organization reads too much at once."""

    async def find(self, organization: OrganizationId, letter_id: str) -> DeadLetter | None: ...

    async def list_letters(
        self,
        organization: OrganizationId,
        outcome: LetterOutcome | None,
        limit: int,
        after: str | None,
    ) -> ViewPage[DeadLetter]:
        """Those with this outcome, the newest first; None is those that were not settled. Their
        payloads are cut."""
        ...

    async def position(self, organization: OrganizationId) -> bytes:
        """Changes with every change of one of the organization's letters, and at no other time."""
        ...

    async def dismiss(self, letter: DeadLetter, by: AgentId, at: Moment) -> None:
        """Notes that the letter is not needed; on return, reads show it. Raises UnavailableError if
        that takes longer than 5 s."""
        ...

    async def publish_again(self, letter: DeadLetter, by: AgentId, at: Moment) -> bool:
        """Appends the event at `letter.event_place` once more, and notes that the letter was sent;
        on return, reads show it. False if the event is not stored any more. Raises
        UnavailableError if that takes longer than 5 s."""
        ...

    async def wait_until_caught_up(self) -> None:
        """Returns once reads show everything that was in the log at the call; else raises
        UnavailableError after 5 s."""
        ...


class Replay(NamedTuple):
    """A request to read something again, and how far it has come; no progress before it began."""

    request: ReplayRequested
    progress: ReplayProgressed | None


class Replays(TableBacked, Protocol):
    """The replays that ingest was asked for within the last thirty days."""

    @property
    def heads(self) -> Heads: ...

    async def ask(self, request: ReplayRequested) -> None:
        """Returns once the request is in the log, and shown here. Raises TooManyAttemptsError if
        the organization has too many that have not ended, or requested too many within an hour."""
        ...

    def find(self, organization: OrganizationId, replay_id: str) -> Replay | None: ...

    def of(self, organization: OrganizationId) -> Sequence[Replay]:
        """Those of stretches, the newest first."""
        ...

    def changed_after(
        self, organization: OrganizationId, heads: Mapping[int, int]
    ) -> Sequence[Replay]:
        """Those of stretches of which there is a record that is not among `heads`: the offsets
        after the last records that are known, by partition."""
        ...

    async def wait_until_ended(self, replay_id: str, within_s: float) -> bool:
        """Whether the replay ended within that many seconds."""
        ...
