"""A gateway in memory for each test that asks for one."""

from collections.abc import AsyncIterator

import pytest

from gateway.rig import START, Rig, User, running
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def log(clock: ManualClock) -> InMemoryLog:
    return InMemoryLog(clock)


@pytest.fixture
async def rig(log: InMemoryLog, clock: ManualClock) -> AsyncIterator[Rig]:
    async with running(log, clock) as rig:
        yield rig


@pytest.fixture
async def boss(rig: Rig) -> User:
    """The `system_admin` of the organization `shop`."""
    return await rig.organization()
