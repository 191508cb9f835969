"""`make demo`: a shop's evening against the stack that runs, and who got what and why."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import httpx
from pydantic import ValidationError
from rich.console import Console

from tuyen_local import credentials, organization
from tuyen_local.addresses import HOST
from tuyen_local.credentials import DEMO_AGENTS, LocalCredentials
from tuyen_local.demo.evening import Evening
from tuyen_local.demo.screen import Screen
from tuyen_local.demo.shop import NotAsExpected, Shop
from tuyen_local.demo.why import join_names
from tuyen_local.settings import Settings

_PACE_S = 0.4
_TIMEOUT_S = 10.0
_INTERRUPTED = 130
_NEEDED = {
    "page_permissions": False,
    "assignment": True,
    "auto_assign": True,
    "auto_reassign": True,
}


def main() -> int:
    """The exit status: 0, or 1 with one sentence that says what did not come."""
    console = Console()
    try:
        settings = Settings()
        secrets = credentials.peek(settings.data_dir / "secrets.json", settings)
        gateway, ingest = (
            f"http://{HOST}:{port}" for port in (settings.gateway_port, settings.ingest_port)
        )
        if secrets is None:
            raise NotAsExpected(f"nothing has run in {settings.data_dir}: start it with `make run`")
        asyncio.run(show(gateway, ingest, settings, secrets, console))
    except httpx.TransportError as error:
        told = f"nothing answers at {_address(error)}: start it with `make run`"
    except (NotAsExpected, ValidationError) as error:
        told = str(error)
    except KeyboardInterrupt:
        return _INTERRUPTED
    else:
        return 0
    console.print(told, style="bold red", markup=False, soft_wrap=True)
    return 1


def _address(error: httpx.TransportError) -> str:
    url = error.request.url
    return f"{url.scheme}://{url.host}:{url.port}"


async def show(
    gateway_url: str,
    ingest_url: str,
    settings: Settings,
    secrets: LocalCredentials,
    console: Console,
    *,
    pace_s: float = _PACE_S,
) -> None:
    """One evening.

    Whatever happens in it, the settings are put back and the agents log out at its end. Raises
    NotAsExpected, and httpx.TransportError when a service does not answer.
    """
    started_ms = time.time_ns() // 1_000_000
    screen = Screen(console, lambda: datetime.now().astimezone())
    agents = list(DEMO_AGENTS)
    async with (
        httpx.AsyncClient(base_url=gateway_url, timeout=_TIMEOUT_S, trust_env=False) as gateway,
        httpx.AsyncClient(base_url=ingest_url, timeout=_TIMEOUT_S, trust_env=False) as ingest,
    ):
        shop = Shop(gateway, ingest, settings.bootstrap_org, secrets.facebook_app_secret)
        evening = Evening(
            shop=shop,
            screen=screen,
            page_id=organization.PAGE_EXTERNAL_ID,
            admin=settings.bootstrap_admin,
            agents=agents,
            run=started_ms,
            now_ms=lambda: time.time_ns() // 1_000_000,
            pace=lambda: asyncio.sleep(pace_s),
        )
        await shop.log_in(settings.bootstrap_admin, secrets.bootstrap_password)
        for agent in agents:
            await shop.log_in(agent, secrets.agent_passwords[agent])
        async with _prepare_settings(shop, settings.bootstrap_admin), _log_out_after(shop, agents):
            with screen.open():
                await evening.play()
            screen.summary(evening.tally)
    screen.say(
        f"{join_names(agents)} are logged out again: what customers write from now on waits until "
        "one of them comes online (R5.1)."
    )


@asynccontextmanager
async def _prepare_settings(shop: Shop, admin: str) -> AsyncIterator[None]:
    """With the settings that the evening needs, and afterwards with those from before."""
    before = await shop.settings(admin)
    changed = {key: value for key, value in _NEEDED.items() if before[key] != value}
    if changed:
        await shop.change_settings(admin, changed)
    try:
        yield
    finally:
        if changed:
            await shop.change_settings(admin, {key: before[key] for key in changed})


@asynccontextmanager
async def _log_out_after(shop: Shop, agents: Sequence[str]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        for agent in agents:
            await shop.set_presence(agent, "offline")
