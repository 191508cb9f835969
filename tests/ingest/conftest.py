"""An ingest in memory for each test that asks for one."""

from collections.abc import AsyncIterator

import pytest

from ingest.rig import Rig, connect_page, running
from ingest.visitor_rig import VisitorRig, serving_visitors
from tuyen_platform.kafka.memory import InMemoryLog


@pytest.fixture
def log() -> InMemoryLog:
    return InMemoryLog()


@pytest.fixture
async def rig(log: InMemoryLog) -> AsyncIterator[Rig]:
    await connect_page(log)
    async with running(log) as rig:
        await rig.ready()
        yield rig


@pytest.fixture
async def stranger(log: InMemoryLog) -> AsyncIterator[VisitorRig]:
    """The browser of somebody who opens a site's page."""
    async with serving_visitors(log) as rig:
        yield rig


@pytest.fixture
async def visitor(stranger: VisitorRig) -> VisitorRig:
    """The same with a session."""
    return await stranger.open(name="Lan")
