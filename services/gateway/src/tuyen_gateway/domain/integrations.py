"""Integrations and their tokens (C12)."""

from hashlib import sha256

from tuyen_directory.organization import Organization
from tuyen_events.ids import IntegrationId
from tuyen_gateway.errors import VersionPassedError


def hash_token(token: str) -> str:
    """The hash of a token that is stored. Tokens are random and long, so nobody finds one from its
    hash, and a fast hash is enough."""
    return sha256(token.encode(errors="replace")).hexdigest()


def check_version(
    organization: Organization, integration_id: IntegrationId, expected: int | None
) -> None:
    """Raises VersionPassedError if the integration has another version than the expected one; one
    that does not exist has 0."""
    stored = organization.integrations.get(integration_id)
    version = 0 if stored is None else stored.version
    if expected not in (None, version):
        raise VersionPassedError(
            "Somebody changed it first: look again, then decide.", version, None
        )
