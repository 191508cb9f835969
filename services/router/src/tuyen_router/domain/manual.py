"""R6: what managers decide manually, and what agents take for themselves.

Decides R6.1, R6.2, R6.3, R6.4 and R6.6.
"""

from tuyen_directory.candidates import may_answer
from tuyen_directory.organization_state import OrganizationState
from tuyen_events.commands import AssignConversation, Outcome
from tuyen_events.ids import AgentId
from tuyen_events.routing import Position
from tuyen_events.vocabulary import Reason
from tuyen_router.domain.command_results import give_to, refuse, repeat_result, was_handled
from tuyen_router.domain.customer_state import CustomerState
from tuyen_router.domain.decisions import Decision, Provenance


def on_assign(
    state: CustomerState,
    organization: OrganizationState,
    command: AssignConversation,
    position: Position,
    *,
    repeated: bool,
) -> list[Decision]:
    """A manager assigns the conversation to an agent or unassigns it, or an agent takes a
    conversation that nobody has (R6.6).

    Commands are handled in the order of their partition (R6.4). A command that was already handled
    before a crash (`repeated`) publishes its first result again and changes nothing.
    """
    current = state.conversations.get(command.conversation_id)
    version, agent = (0, None) if current is None else (current.version, current.agent_id)
    outcome = _decide_outcome(organization, version, agent, command)
    if was_handled(state, command, position, repeated):
        return repeat_result(state, command, position, outcome)
    if outcome is not Outcome.APPLIED:
        return refuse(state, command, position, outcome)
    why = Provenance(
        reason=_reason(command),
        caused_by=command.command_id,
        at=command.at,
        settings_version=organization.settings.version,
        by=command.by,
        note=command.note,
    )
    return give_to(state, command, command.agent_id, why, position)


def _decide_outcome(
    organization: OrganizationState,
    version: int,
    agent: AgentId | None,
    command: AssignConversation,
) -> Outcome:
    if not organization.assigns:
        return Outcome.ASSIGNMENT_OFF  # R6.1
    if command.take and (refusal := _taking(organization, agent, command)) is not None:
        return refusal
    if command.expected_version not in (None, version):
        return Outcome.VERSION_PASSED  # R6.4
    if command.agent_id == agent or command.only_from not in (None, agent):
        return Outcome.UNCHANGED  # R6.3, R6.5
    if command.agent_id is not None and not may_answer(
        organization, command.agent_id, command.page_id
    ):
        return Outcome.NOT_ALLOWED  # R6.2
    return Outcome.APPLIED


def _taking(
    organization: OrganizationState, agent: AgentId | None, command: AssignConversation
) -> Outcome | None:
    """Why the agent may not take the conversation (R6.6); None when they may, or already have
    it."""
    if not organization.settings.take_unassigned:
        return Outcome.TAKING_OFF
    if command.agent_id != command.by:
        return Outcome.NOT_ALLOWED
    if agent not in (None, command.by):
        return Outcome.ALREADY_TAKEN
    return None


def _reason(command: AssignConversation) -> Reason:
    if command.bulk:
        return Reason.BULK
    if command.take:
        return Reason.TAKEN
    return Reason.UNASSIGNED if command.agent_id is None else Reason.MANUAL
