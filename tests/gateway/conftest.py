"""A gateway in memory for each test that asks for one."""

from collections.abc import AsyncIterator

import pytest

from gateway.feed import Feed
from gateway.jobs.job_rig import ScansTwin
from gateway.outbox import Outbox, connect_page
from gateway.rig import START, Rig, User, running
from tuyen_events.ids import ConversationId
from tuyen_gateway.api import jobs as job_routes
from tuyen_gateway.projections.collections import ensure_indexes
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database


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


@pytest.fixture
async def indexes(views: Database) -> None:
    """For views that are folded by a projection alone: a gateway's start makes them elsewhere."""
    await ensure_indexes(views)


@pytest.fixture
async def desk(log: InMemoryLog, clock: ManualClock, views: Database) -> AsyncIterator[Rig]:
    """A gateway whose views are folded."""
    async with running(log, clock, views) as rig:
        yield rig


@pytest.fixture
async def owner(desk: Rig) -> User:
    """The `system_admin` of the organization `shop` at `desk`."""
    return await desk.organization()


@pytest.fixture
def feed(log: InMemoryLog) -> Feed:
    """What happens on the page `page` of `shop`."""
    return Feed(log)


@pytest.fixture
def outbox(log: InMemoryLog) -> Outbox:
    """What the organization's agents request at the channels."""
    return Outbox(log)


@pytest.fixture
async def thread(owner: User, feed: Feed) -> ConversationId:
    """The message thread of the customer `lan`, who wrote to the page 10 s ago."""
    await connect_page(owner)
    thread = await feed.message("lan", "còn size 42 không?", name="Lan", mid="mid-in", at=-10)
    await owner.done("GET", "/v1/conversations?after=0")
    return thread


@pytest.fixture
def scans() -> ScansTwin:
    """Conversations in memory, for jobs to process."""
    return ScansTwin()


@pytest.fixture
def jobs_answer_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that begins a job returns before the job has ended."""
    monkeypatch.setattr(job_routes, "_SHORT_S", 0.01)
