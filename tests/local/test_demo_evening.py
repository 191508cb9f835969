"""`make demo` against the whole stack: everything that it promises comes about, twice."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from tuyen_local import demo, organization
from tuyen_local.demo.shop import Shop
from tuyen_local.stack import Stack

WIDTH = 200


@pytest.fixture
async def stack(
    tmp_path: Path, kafka: str, mongodb: str, topic_prefix: str, database: str
) -> AsyncIterator[Stack]:
    async with Stack.on_free_ports(
        tmp_path / "var",
        kafka=kafka,
        mongodb=mongodb,
        topic_prefix=topic_prefix,
        database=database,
    ) as stack:
        await organization.bootstrap(stack.gateway_url, stack.settings, stack.secrets)
        yield stack


async def shown(stack: Stack) -> str:
    """What the demo prints, without pauses."""
    output = io.StringIO()
    console = Console(file=output, width=WIDTH)
    addresses = (stack.gateway_url, stack.ingest_url)
    await demo.show(*addresses, stack.settings, stack.secrets, console, pace_s=0)
    return output.getvalue()


async def test_it_can_be_repeated_and_leaves_things_as_they_were(stack: Stack) -> None:
    for _ in range(2):
        text = await shown(stack)
        for promised in ("R2.1", "R3.2", "R3.3", "R3.5", "R4.2", "R4.3", "R6.1"):
            assert f"({promised})" in text
        assert "rotation: Lan 4, Minh 4, Hoa 4" in text
        assert "skew 0" in text or "skew 1" in text
    settings, secrets = stack.settings, stack.secrets
    async with httpx.AsyncClient(base_url=stack.gateway_url) as gateway:
        shop = Shop(gateway, gateway, settings.bootstrap_org, secrets.facebook_app_secret)
        await shop.log_in("admin", secrets.bootstrap_password)
        assert (await shop.settings("admin"))["auto_reassign"] is False
        for agent in secrets.agent_passwords:
            await shop.shown_as("admin", agent, "offline")
