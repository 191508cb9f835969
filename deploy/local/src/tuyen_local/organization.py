"""The first organization and what the demo shows, made through the gateway's public API."""

from collections.abc import Mapping
from typing import Any

import httpx

from tuyen_doubles.tokens import PAGE_TOKEN_PREFIX
from tuyen_local.credentials import DEMO_AGENTS, LocalCredentials
from tuyen_local.errors import CannotStart
from tuyen_local.settings import Settings

PAGE_ID = "shop"
PAGE_EXTERNAL_ID = "104000000000001"
SITE_ID = "site"
"""A livechat page, whose widget is in the page that the doubles serve."""
RULE_ID = "everyone"

_UNAUTHORIZED = 401


async def bootstrap(gateway_url: str, settings: Settings, secrets: LocalCredentials) -> None:
    """Makes the organization, and what the demo shows until its settings were written once.

    What somebody changes afterwards stays as it is. The agents are not set online.

    Raises CannotStart when the gateway refuses, with what it said.
    """
    async with httpx.AsyncClient(base_url=gateway_url, timeout=15, trust_env=False) as gateway:
        try:
            await _ensure_organization(gateway, settings, secrets)
            if settings.demo:
                token = await _log_in(gateway, settings, secrets)
                gateway.headers["Authorization"] = f"Bearer {token}"
                if not _require_success(await gateway.get("/v1/settings")).json()["version"]:
                    for path, body in _demo(settings, secrets):
                        _require_success(await gateway.put(path, json=body))
        except httpx.TransportError as error:
            raise CannotStart(f"the gateway stopped answering: {error!r}") from error


def _demo(settings: Settings, secrets: LocalCredentials) -> list[tuple[str, Mapping[str, Any]]]:
    agents = [
        (
            f"/v1/agents/{agent}",
            {
                "name": name,
                "username": agent,
                "password": secrets.agent_passwords[agent],
                "role": "agent",
            },
        )
        for agent, name in DEMO_AGENTS.items()
    ]
    members = [{"agent_id": agent} for agent in DEMO_AGENTS]
    return [
        *agents,
        (
            f"/v1/pages/{PAGE_ID}",
            {
                "channel": "facebook",
                "external_id": PAGE_EXTERNAL_ID,
                "name": "Shop",
                "staff": list(DEMO_AGENTS),
                **_connect_at_double(settings),
            },
        ),
        (
            f"/v1/pages/{SITE_ID}",
            {
                "channel": "livechat",
                "name": "Site",
                "staff": list(DEMO_AGENTS),
                "status": "active",
            },
        ),
        (
            f"/v1/rules/{RULE_ID}",
            {
                "name": "Everyone in turn",
                "enabled": True,
                "mode": "sequential",
                "applies_to": "online",
                "pages": None,
                "members": members,
            },
        ),
        # Last, because it says that all of it was made.
        ("/v1/settings", {"assignment": True, "auto_assign": True}),
    ]


def _connect_at_double(settings: Settings) -> Mapping[str, Any]:
    """What connects the demo's page, whose replies then arrive somewhere; nothing where the real
    Facebook is called, which does not know that page."""
    if "facebook_api" in settings.channel_addresses:
        return {}
    return {"credentials": {"access_token": f"{PAGE_TOKEN_PREFIX}{PAGE_EXTERNAL_ID}-demo"}}


async def _ensure_organization(
    gateway: httpx.AsyncClient, settings: Settings, secrets: LocalCredentials
) -> None:
    answer = await gateway.post(
        "/v1/organizations",
        json={
            "id": settings.bootstrap_org,
            "name": settings.bootstrap_org.capitalize(),
            "admin": {
                "username": settings.bootstrap_admin,
                "password": secrets.bootstrap_password,
            },
        },
        headers={"Authorization": f"Bearer {secrets.operator_token}"},
    )
    if answer.status_code != httpx.codes.CONFLICT:  # it was made at an earlier start
        _require_success(answer)


async def _log_in(gateway: httpx.AsyncClient, settings: Settings, secrets: LocalCredentials) -> str:
    answer = await gateway.post(
        "/v1/auth/login",
        json={
            "organization": settings.bootstrap_org,
            "username": settings.bootstrap_admin,
            "password": secrets.bootstrap_password,
        },
    )
    if answer.status_code == _UNAUTHORIZED:
        raise CannotStart(
            f"the organization {settings.bootstrap_org} exists and its administrator "
            f"{settings.bootstrap_admin} has another password: set TUYEN_BOOTSTRAP_PASSWORD"
        )
    return str(_require_success(answer).json()["access_token"])


def _require_success(answer: httpx.Response) -> httpx.Response:
    if not answer.is_success:
        request = answer.request
        raise CannotStart(
            f"{request.method} {request.url.path} answered {answer.status_code}: {answer.text}"
        )
    return answer
