"""Whether a conversation may be assigned to an agent: by a manager (R6.2), or by themselves
(R6.6).

Decides R6.2 and R6.6.
"""

from tuyen_directory.organization import Organization, may_work_on
from tuyen_events.ids import AgentId, PageId
from tuyen_gateway.errors import ConflictError, ForbiddenError, InvalidError


def check_assignee(organization: Organization, agent_id: AgentId | None, page_id: PageId) -> None:
    """R6.1, R6.2: assignment is on, and the agent exists and is allowed on the page; presence and
    capability do not limit a manager. Nobody (None) is always allowed."""
    check_chosen(organization, agent_id, "agent_id")
    agent = None if agent_id is None else organization.active_agent(agent_id)
    if agent is not None and not may_work_on(organization, agent, page_id):
        raise InvalidError(
            "agent_id",
            f"The agent {agent_id!r} was not given the page {page_id!r}: "
            "add them to its staff first, or choose somebody who is on it.",
        )


def check_chosen(organization: Organization, agent_id: AgentId | None, field: str) -> None:
    """The same for conversations of any page: `field` is where the agent was named."""
    if not organization.settings.assignment:
        raise ConflictError("Assignment is switched off: a system_admin switches it on.")
    if agent_id is None:
        return
    stored = organization.agents.get(agent_id)
    if stored is None:
        raise InvalidError(field, f"There is no agent {agent_id!r}.")
    if stored.value.disabled:
        raise InvalidError(field, f"The agent {agent_id!r} is disabled.")


def check_taking(organization: Organization, agent_id: AgentId | None, taker: AgentId) -> None:
    """R6.6: agents without a managing role may take, for themselves only, and only if that is
    switched on. The check reveals nothing about any conversation, so it can be made before one is
    looked up."""
    if not organization.settings.take_unassigned:
        raise ForbiddenError(
            "Agents do not assign here: a manager does, or a system_admin lets agents take what "
            "nobody has (the setting `take_unassigned`)."
        )
    if agent_id != taker:
        raise ForbiddenError("Agents take conversations for themselves alone: ask a manager.")
