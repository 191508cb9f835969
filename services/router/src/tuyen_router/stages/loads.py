"""The load reports that stage 1 sends to stage 2, for organizations whose rules count loads (R1.7,
R2.3)."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from tuyen_events.assignments import AssignmentEvent
from tuyen_events.ids import AgentId, ConversationId, OrganizationId
from tuyen_events.routing import ChoiceMade, LoadsReported, Verdict
from tuyen_router.domain.customer_state import CustomerState
from tuyen_router.ports import Organizations

PART_BYTES = 256 * 1024
"""The most that one report contains of agents or of requests: half of a record batch."""
_BYTES_OF_A_CHARACTER = 4
_BYTES_BESIDE = 16


class ChangedLoads:
    """Collects the agents whose loads a batch changed, and the answers that it handled.

    For an organization that does not count loads, this costs one look-up per assignment, and
    nothing per event.
    """

    def __init__(self, state: CustomerState, organization: Organizations) -> None:
        self._state = state
        self._organization = organization
        self._agents: dict[OrganizationId, set[AgentId]] = {}
        self._settled: dict[OrganizationId, list[str]] = {}

    def note_answer(self, answer: ChoiceMade) -> None:
        """Notes that an answer was handled, whatever its effect, and however often it is read.

        Stage 2 holds a reservation for a choice that it made by loads. It must be released also
        when the organization does not count loads any more, or not yet as far as this stage has
        read.
        """
        if answer.verdict is not Verdict.CHOSEN:
            return
        by_loads = answer.choice is not None and answer.choice.load is not None
        if by_loads or self._organization(answer.organization).counts_loads:
            self._settled.setdefault(answer.organization, []).append(answer.request_id)

    def note_assignment(self, record: AssignmentEvent) -> None:
        """Notes that a conversation went from one agent to another."""
        self.note(record.organization, record.agent_id, record.previous_agent_id)

    def note_done(self, conversation: ConversationId) -> None:
        """Notes that a conversation was marked as done, or opened again."""
        current = self._state.conversations.get(conversation)
        if current is not None:
            self.note(current.organization, current.agent_id)

    def note(self, organization: OrganizationId, *agents: AgentId | None) -> None:
        """Notes that the loads of these agents have changed."""
        if self._organization(organization).counts_loads:
            for agent in agents:
                if agent is not None:
                    self._agents.setdefault(organization, set()).add(agent)

    def reports(self) -> Iterator[LoadsReported]:
        """One report for each organization that has changes."""
        for organization in {**self._agents, **self._settled}:
            loads = self._state.loads.get(organization, {})
            changed = sorted(self._agents.get(organization, ()))
            yield LoadsReported(
                organization=organization,
                partition=self._state.number,
                sequence=self._state.changes,
                loads={each: loads.get(each, 0) for each in changed},
                settled=tuple(self._settled.get(organization, ())),
            )


def complete_report(state: CustomerState, organization: OrganizationId) -> LoadsReported:
    """All loads of an organization in a partition."""
    return LoadsReported(
        organization=organization,
        partition=state.number,
        sequence=state.changes,
        loads=dict(state.loads.get(organization, {})),
        complete=True,
    )


def split_report(report: LoadsReported) -> Iterator[LoadsReported]:
    """Splits the report into records that fit into a batch: one, except for thousands of agents or
    requests.

    All parts together say the same as the whole: only the first is `complete`, and settled requests
    come after the counts that include them.
    """
    agents = [*_portions(report.loads)]
    requests = [*_portions(report.settled)]
    if len(agents) <= 1 and len(requests) <= 1:
        yield report
        return
    for number, names in enumerate(agents or [()]):
        loads = {AgentId(each): report.loads[AgentId(each)] for each in names}
        complete = report.complete and number == 0
        yield replace(report, loads=loads, settled=(), complete=complete)
    for names in requests:
        yield replace(report, loads={}, settled=tuple(names), complete=False)


def _portions(names: Mapping[AgentId, int] | Sequence[str]) -> Iterator[Sequence[str]]:
    """Groups names into portions of at most PART_BYTES, including the JSON around each name."""
    portion: list[str] = []
    size = 0
    for name in names:
        more = _BYTES_OF_A_CHARACTER * len(name) + _BYTES_BESIDE
        if portion and size + more > PART_BYTES:
            yield portion
            portion, size = [], 0
        portion.append(name)
        size += more
    if portion:
        yield portion
