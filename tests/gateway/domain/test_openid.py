"""Whom the claims of an OpenID provider name here."""

from typing import Any

import pytest

from tuyen_events.ids import OrganizationId
from tuyen_gateway.domain.openid import ClaimMapping, NamedAgent, find_named_agent
from tuyen_gateway.errors import ForbiddenError

BY_NAME = ClaimMapping("preferred_username", "shop", None)
BY_EMAIL = ClaimMapping("email", "shop", None)
BY_TENANT = ClaimMapping("preferred_username", None, "tenant")


@pytest.mark.parametrize(
    ("mapping", "claims", "named"),
    [
        (BY_NAME, {"preferred_username": " lan "}, ("shop", "lan")),
        (BY_NAME, {"preferred_username": "lan", "tenant": "other"}, ("shop", "lan")),
        (BY_EMAIL, {"email": "lan@a.vn", "email_verified": True}, ("shop", "lan@a.vn")),
        (BY_TENANT, {"preferred_username": "lan", "tenant": "other"}, ("other", "lan")),
    ],
)
def test_claims_name_an_agent(
    mapping: ClaimMapping, claims: dict[str, Any], named: tuple[str, str]
) -> None:
    assert find_named_agent(claims, mapping) == NamedAgent(OrganizationId(named[0]), named[1])


@pytest.mark.parametrize(
    ("mapping", "claims"),
    [
        (BY_NAME, {}),
        (BY_NAME, {"preferred_username": ""}),
        (BY_NAME, {"preferred_username": ["lan"]}),
        (BY_EMAIL, {"email": "lan@a.vn"}),
        (BY_EMAIL, {"email": "lan@a.vn", "email_verified": "true"}),
        (BY_TENANT, {"preferred_username": "lan"}),
        (BY_TENANT, {"preferred_username": "lan", "tenant": None}),
    ],
)
def test_claims_that_name_nobody_open_nothing(
    mapping: ClaimMapping, claims: dict[str, Any]
) -> None:
    with pytest.raises(ForbiddenError):
        find_named_agent(claims, mapping)
