"""One running stack for all end-to-end tests, and a shop of its own for each."""

import secrets
from collections.abc import AsyncIterator

import httpx
import pytest

from support.shop import OpenShop, Shop
from tuyen_local.stack import Stack


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All share the stack, so all run in one worker, and what looks at all shops is the last."""
    items.sort(key=lambda item: "reader" in getattr(item, "fixturenames", ()))
    for item in items:
        if "stack" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("stack"))


@pytest.fixture(scope="session")
async def stack(
    kafka: str, mongodb: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stack]:
    """The six services as `make run` starts them, with two router workers."""
    name = f"e2e{secrets.token_hex(4)}"
    directory = tmp_path_factory.mktemp("stack")
    stack = Stack.on_free_ports(
        directory,
        kafka=kafka,
        mongodb=mongodb,
        topic_prefix=f"{name}.",
        database=name,
        router_workers=2,
        presence_lease_s=600,  # nobody sends heartbeats here, and a machine may be slow
    )
    async with stack:
        yield stack


@pytest.fixture(scope="session")
async def gateway(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=stack.gateway_url, timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def opened() -> list[Shop]:
    """The shops of all tests that have run."""
    return []


@pytest.fixture
async def open_shop(
    stack: Stack, gateway: httpx.AsyncClient, opened: list[Shop]
) -> AsyncIterator[OpenShop]:
    """Opens organizations; each has one page and nobody but its administrator."""
    shops: list[Shop] = []

    async def open_one() -> Shop:
        shop = await Shop.opened(stack, gateway)
        shops.append(shop)
        return shop

    yield open_one
    opened += shops
    for shop in shops:
        await shop.close()


@pytest.fixture
async def shop(open_shop: OpenShop) -> Shop:
    return await open_shop()
