"""Positions of live streams, encrypted: they depend on the caller's own organization only (decision
18)."""

import msgspec

from tuyen_events.ids import OrganizationId
from tuyen_gateway.domain.heads import unpack
from tuyen_gateway.domain.live import LivePosition, unpack_place
from tuyen_gateway.ports.logins import Cipher


def encrypt_position(cipher: Cipher, organization: OrganizationId, position: LivePosition) -> str:
    """The position as callers see it: equal ones give equal texts."""
    return cipher.encrypt_deterministic(_purpose(organization), msgspec.msgpack.encode(position))


def decrypt_position(
    cipher: Cipher, organization: OrganizationId, encrypted: str
) -> LivePosition | None:
    """The inverse; None for anything else, also for another organization's position."""
    content = cipher.decrypt_deterministic(_purpose(organization), encrypted)
    if content is None:
        return None
    try:
        position = msgspec.msgpack.decode(content, type=LivePosition)
        for heads in (position.presence, position.jobs, position.replays, position.reminders):
            unpack(heads)
        if position.inbox is not None:
            unpack_place(position.inbox)
    except (msgspec.MsgspecError, ValueError):  # of another version
        return None
    return position


def _purpose(organization: OrganizationId) -> str:
    return f"live/{organization}"
