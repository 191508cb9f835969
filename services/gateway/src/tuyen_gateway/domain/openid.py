"""Finds the agent whom an OpenID provider has authenticated.

A provider says who somebody is, and not what they may do: it logs in an agent who exists already,
and creates neither agents nor rights.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from tuyen_events.ids import OrganizationId
from tuyen_gateway.errors import ForbiddenError


class ClaimMapping(NamedTuple):
    """How an ID token's claims name an agent: `username_claim` has the username. The organization
    is either the same for all, or that in `organization_claim`; if callers could choose it, a
    username of one organization would open the account of the same name in another."""

    username_claim: str
    organization: str | None
    organization_claim: str | None


class NamedAgent(NamedTuple):
    organization: OrganizationId
    username: str


def find_named_agent(claims: Mapping[str, Any], mapping: ClaimMapping) -> NamedAgent:
    """The organization and username that the claims name. Raises ForbiddenError if they name none,
    or by an email address that the provider has not verified."""
    username = _text(claims, mapping.username_claim)
    if mapping.username_claim == "email" and claims.get("email_verified") is not True:
        raise ForbiddenError("Your email address is not verified at the provider.")
    organization = mapping.organization or _text(claims, mapping.organization_claim or "")
    return NamedAgent(OrganizationId(organization), username)


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ForbiddenError(f"The provider does not say your {name!r}: ask your administrator.")
    return value.strip()
