"""How far what answers has come, as a caller is told: opaque, and of nobody's doing but their own
organization's (R7.2, I13).

A place in the log counts what all tenants write. So a position is made of the places of the
organization's own records alone, and sealed: it changes when something of the organization was
written and at no other time, and shows nobody where.

Decides INV5 and I13.
"""

from tuyen_events.ids import OrganizationId
from tuyen_gateway.gateway import Gateway


async def inbox_position(gateway: Gateway, organization: OrganizationId) -> str:
    reached = await gateway.inbox.position(organization)
    return gateway.seals.mark(f"inbox/{organization}", reached)


def directory_position(gateway: Gateway, organization: OrganizationId) -> str:
    reached = gateway.directory.version(organization)
    return gateway.seals.mark(f"directory/{organization}", reached.to_bytes(8))


def presence_position(gateway: Gateway, organization: OrganizationId) -> str:
    return gateway.seals.mark(f"presence/{organization}", gateway.presence.heads.of(organization))


def jobs_position(gateway: Gateway, organization: OrganizationId) -> str:
    return gateway.seals.mark(f"jobs/{organization}", gateway.jobs.heads.of(organization))


def operators_position(gateway: Gateway) -> str:
    """Of the list of all organizations, whose reader sees them all."""
    return gateway.seals.mark("directory", gateway.directory.copy.position().to_bytes(8))
