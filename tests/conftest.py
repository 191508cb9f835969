"""Fixtures that every test may ask for: the run's servers, and a place of one's own on them."""

import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from pymongo import MongoClient

from support import servers
from support.doubles import RunningDoubles, running_doubles
from support.shop import OpenShop, Shop
from tuyen_local.stack import Stack
from tuyen_platform.mongodb import Database, connect

_directory = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # a worker of pytest-xdist belongs to another's run
        run = ExitStack()
        config.stash[_directory] = run.enter_context(servers.run())
        config.add_cleanup(run.close)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for line in servers.read_said(config.stash[_directory]):
        terminalreporter.write_line(f"used {line}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what needs a server, so that `-m "not kafka and not mongodb"` is quick. All that use
    the one running stack run in one worker."""
    for item in items:
        needed = getattr(item, "fixturenames", ())
        for name in {"kafka", "mongodb"}.intersection(needed):
            item.add_marker(name)
        if "stack" in needed:
            item.add_marker(pytest.mark.xdist_group("stack"))


@pytest.fixture(scope="session")
def kafka() -> str:
    """Bootstrap servers of the run's one broker."""
    return servers.address("kafka")


@pytest.fixture(scope="session")
def mongodb() -> str:
    """Connection string of the run's one MongoDB, a replica set."""
    return servers.address("mongodb")


@pytest.fixture
async def topic_prefix(kafka: str) -> AsyncIterator[str]:
    """A prefix that no other test has; topics that begin with it are deleted afterwards."""
    prefix = f"t{secrets.token_hex(4)}."
    yield prefix
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        if topics := [name for name in await admin.list_topics() if name.startswith(prefix)]:
            await admin.delete_topics(topics)
    finally:
        await admin.close()


@pytest.fixture
def database(mongodb: str) -> Iterator[str]:
    """The name of a database that no other test has, dropped afterwards."""
    name = f"t{secrets.token_hex(4)}"
    yield name
    with MongoClient[dict[str, object]](mongodb) as client:
        client.drop_database(name)


@pytest.fixture
async def views(mongodb: str, database: str) -> AsyncIterator[Database]:
    """An empty database."""
    opened = connect(mongodb, database)
    yield opened
    opened.client.close()


@pytest.fixture
async def doubles() -> AsyncIterator[RunningDoubles]:
    """The channel doubles, over real HTTP; their webhooks go to `doubles.ingest`."""
    async with running_doubles() as running:
        yield running


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
