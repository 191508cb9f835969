"""An ingest in memory for each test that asks for one."""

from collections.abc import AsyncIterator

import pytest

from ingest.rig import Rig, connect_page, running
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
