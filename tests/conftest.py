"""Fixtures that every test may ask for: the run's servers, and a place of one's own on them."""

import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from pymongo import MongoClient

from support import servers
from support.doubles import RunningDoubles, running_doubles
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
    """Marks what needs a server, so that `-m "not kafka and not mongodb"` is quick."""
    for item in items:
        for name in {"kafka", "mongodb"}.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(name)


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
