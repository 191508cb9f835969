"""How far a view has read, as a caller sees it: an opaque string that depends on their own
organization only (R7.2, I13).

Offsets in the log count what all tenants write. So a position is made of the offsets of the
organization's own records only, and is encrypted: it changes if and only if something of the
organization was written, and reveals nothing else.

Decides INV5 and I13.
"""

from tuyen_events.ids import OrganizationId
from tuyen_gateway.gateway import Gateway
from tuyen_views.contacts import ContactDocument


async def inbox_position(gateway: Gateway, organization: OrganizationId) -> str:
    reached = await gateway.inbox.position(organization)
    return gateway.seals.mark(f"inbox/{organization}", reached)


def directory_position(gateway: Gateway, organization: OrganizationId) -> str:
    reached = gateway.directory.version(organization)
    return gateway.seals.mark(f"directory/{organization}", reached.to_bytes(8))


def desk_position(gateway: Gateway, organization: OrganizationId) -> str:
    reached = gateway.desk.version(organization)
    return gateway.seals.mark(f"desk/{organization}", reached.to_bytes(8))


def presence_position(gateway: Gateway, organization: OrganizationId) -> str:
    return gateway.seals.mark(f"presence/{organization}", gateway.presence.heads.of(organization))


def jobs_position(gateway: Gateway, organization: OrganizationId) -> str:
    """For the list of jobs, which contains replays."""
    heads = gateway.jobs.heads.of(organization), gateway.replays.heads.of(organization)
    return gateway.seals.mark(f"jobs/{organization}", b"/".join(heads))


def contact_position(gateway: Gateway, contact: ContactDocument) -> str:
    """For lists of what belongs to a contact: it changes with every event of the contact."""
    return gateway.seals.mark(f"contact/{contact.id}", contact.sequence.to_bytes(8))


def operators_position(gateway: Gateway) -> str:
    """For the list of all organizations, whose reader sees all of them."""
    return gateway.seals.mark("directory", gateway.directory.table.position().to_bytes(8))
