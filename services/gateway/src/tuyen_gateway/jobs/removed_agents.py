"""Removes the private data of removed agents, and the records of logins that have ended (R9.6)."""

import asyncio
from collections.abc import Sequence

import structlog

from tuyen_events.ids import AgentId, OrganizationId
from tuyen_gateway.errors import UnavailableError
from tuyen_gateway.gateway import Gateway
from tuyen_platform.kafka.ports import LogUnavailableError

_EVERY_S = 60.0

_log = structlog.get_logger()


async def forget_removed_agents(gateway: Gateway) -> None:
    """Checks once a minute until cancelled.

    The request that removes an agent removes their views, preferences and logins at once. This is
    for what it could not remove because its process ended in between, and for what the agent stored
    at another gateway that did not know of the removal.
    """
    while True:
        await asyncio.sleep(_EVERY_S)
        try:
            await forget_once(gateway)
        except (LogUnavailableError, UnavailableError) as error:
            _log.warning("removed_agents_wait", error=str(error))


async def forget_once(gateway: Gateway) -> None:
    """Checks once. An agent who is not known may be new, so the directory is read to its end first.
    Raises LogUnavailableError and UnavailableError. Several gateways may do it at once: one that
    comes second finds nothing, or removes the same again."""
    if not all(table.is_caught_up for table in (gateway.desk.table, gateway.logins.table)):
        return
    await gateway.logins.tidy()
    if not _find_gone(gateway):
        return
    await gateway.directory.table.require_current()
    for organization, agent_id in _find_gone(gateway):
        await gateway.logins.forget(organization, agent_id)
        await gateway.desk.forget(organization, agent_id, gateway.clock.now())


def _find_gone(gateway: Gateway) -> Sequence[tuple[OrganizationId, AgentId]]:
    gone = []
    for organization_id, agent_id in {*gateway.desk.owners(), *gateway.logins.owners()}:
        organization = gateway.directory.organization(organization_id)
        if organization is not None and agent_id not in organization.agents:
            gone.append((organization_id, agent_id))
    return gone
