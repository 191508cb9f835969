"""`make demo` against the whole stack: everything that it promises comes about, twice."""

import io

import httpx
import pytest
from rich.console import Console

from tuyen_local import demo, organization
from tuyen_local.demo.shop import Shop
from tuyen_local.stack import Stack

WIDTH = 200


@pytest.fixture
async def ready(stack: Stack) -> Stack:
    """With the demo's organization, as `make run` leaves it."""
    await organization.bootstrap(stack.gateway_url, stack.settings, stack.secrets)
    return stack


async def run_demo(stack: Stack) -> str:
    """What the demo prints, without pauses."""
    output = io.StringIO()
    console = Console(file=output, width=WIDTH)
    addresses = (stack.gateway_url, stack.ingest_url)
    await demo.show(*addresses, stack.settings, stack.secrets, console, pace_s=0)
    return output.getvalue()


async def test_it_can_be_repeated_and_leaves_things_as_they_were(ready: Stack) -> None:
    for _ in range(2):
        text = await run_demo(ready)
        for promised in ("R2.1", "R3.2", "R3.3", "R3.5", "R4.2", "R4.3", "R6.1"):
            assert f"({promised})" in text
        assert "rotation: Lan 4, Minh 4, Hoa 4" in text
        assert "skew 0" in text or "skew 1" in text
    settings, secrets = ready.settings, ready.secrets
    async with httpx.AsyncClient(base_url=ready.gateway_url) as gateway:
        shop = Shop(gateway, gateway, settings.bootstrap_org, secrets.facebook_app_secret)
        await shop.log_in("admin", secrets.bootstrap_password)
        assert (await shop.settings("admin"))["auto_reassign"] is False
        for agent in secrets.agent_passwords:
            await shop.await_presence("admin", agent, "offline")
