"""Whether a manager may give a conversation to an agent (R6.2)."""

from tuyen_events.ids import AgentId, PageId
from tuyen_gateway.domain.directory import Organization, may_work_on
from tuyen_gateway.errors import ConflictError, InvalidError


def check_assignee(organization: Organization, agent_id: AgentId | None, page_id: PageId) -> None:
    """R6.1, R6.2: assignment is on, and the agent is there and allowed on the page; presence and
    capability do not bind a manager. Nobody (None) is always allowed."""
    if not organization.settings.assignment:
        raise ConflictError("Assignment is switched off: a system_admin switches it on.")
    if agent_id is None:
        return
    stored = organization.agents.get(agent_id)
    if stored is None:
        raise InvalidError("body.agent_id", f"There is no agent {agent_id!r}.")
    if stored.value.disabled:
        raise InvalidError("body.agent_id", f"The agent {agent_id!r} is disabled.")
    if not may_work_on(organization, stored.value, page_id):
        raise InvalidError(
            "body.agent_id",
            f"The agent {agent_id!r} was not given the page {page_id!r}: "
            "add them to its staff first, or choose somebody who is on it.",
        )
