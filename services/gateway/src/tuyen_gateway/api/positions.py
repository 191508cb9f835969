"""How far a view has read, as a caller sees it: an opaque string that depends on their own
organization only (R7.2, I13).

Offsets in the log, and the times of the database's commits, count what all tenants write. So a
position is made of the organization's own records only, and is encrypted: it changes if and only if
something of the organization was written, and reveals nothing else.

Decides INV5 and I13.
"""

from tuyen_directory.organization import Organization
from tuyen_events.ids import OrganizationId
from tuyen_gateway.domain.live import LivePosition, pack_place
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.live.positions import encrypt_position
from tuyen_gateway.ports.views import VisibleContact


async def inbox_position(gateway: Gateway, organization: Organization) -> str:
    """For what is fetched from the inbox after this call, by the rights in `organization`; live
    streams continue from it."""
    head = await gateway.inbox.head(organization.id)
    return _live_position(gateway, organization, pack_place(head))


def presence_position(gateway: Gateway, organization: Organization) -> str:
    """For what is fetched at this moment; live streams continue from it, the inbox from now."""
    return _live_position(gateway, organization, None)


def jobs_position(gateway: Gateway, organization: Organization) -> str:
    """How far the jobs of the organization have been read, as a position."""
    return _live_position(gateway, organization, None)


def _live_position(gateway: Gateway, organization: Organization, inbox: bytes | None) -> str:
    position = LivePosition(
        inbox=inbox,
        presence=gateway.presence.heads.of(organization.id),
        jobs=gateway.jobs.heads.of(organization.id),
        setup=organization.shown_setup,
        fetched=True,
        replays=gateway.replays.heads.of(organization.id),
        reminders=gateway.reminders.heads.of(organization.id),
    )
    return encrypt_position(gateway.cipher, organization.id, position)


def directory_position(gateway: Gateway, organization: OrganizationId) -> str:
    reached = gateway.directory.version(organization)
    return gateway.cipher.encrypt_deterministic(f"directory/{organization}", reached.to_bytes(8))


def desk_position(gateway: Gateway, organization: OrganizationId) -> str:
    reached = gateway.desk.version(organization)
    return gateway.cipher.encrypt_deterministic(f"desk/{organization}", reached.to_bytes(8))


def contact_position(gateway: Gateway, visible: VisibleContact) -> str:
    """For lists of what belongs to a contact: it changes with every event of the contact."""
    contact = visible.document
    return gateway.cipher.encrypt_deterministic(
        f"contact/{contact.id}", contact.sequence.to_bytes(8)
    )


def operators_position(gateway: Gateway) -> str:
    """For the list of all organizations, whose reader sees all of them."""
    return gateway.cipher.encrypt_deterministic(
        "directory", gateway.directory.table.position().to_bytes(8)
    )
