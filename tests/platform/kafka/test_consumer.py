"""The one loop of consumers: what it commits, what it reports, and how it retries."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from tuyen_events.topics import MARKS
from tuyen_platform.kafka.consumer import ConsumerStatus, consume, follow_for_ever
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import FetchedRecords, LogUnavailableError, Offsets
from tuyen_platform.retry import retry

DEADLINE_S = 20


class Handler:
    """Notes what it gets. Raises `failures`, one for each batch of records, and handles nothing
    while it is `recovering`."""

    def __init__(self, *failures: Exception, recovering: bool = False) -> None:
        self.values: list[bytes | None] = []
        self.partitions: frozenset[tuple[str, int]] = frozenset()
        self.recovering = recovering
        self._failures = [*failures]

    async def __call__(
        self, batch: FetchedRecords, partitions: frozenset[tuple[str, int]], /
    ) -> bool:
        if batch and self._failures:
            raise self._failures.pop()
        self.values += [record.value for records in batch.values() for record in records]
        self.partitions = partitions
        return not self.recovering


class Waits(ConsumerStatus):
    """Notes what the loop waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.reasons: list[str] = []

    def note_waiting(self, reason: str) -> None:
        self.reasons.append(reason)


async def run(loop: Callable[[], Awaitable[None]], until: Callable[[], Awaitable[bool]]) -> None:
    """Runs the loop until the condition holds."""
    running = asyncio.ensure_future(loop())
    async with asyncio.timeout(DEADLINE_S):
        while not await until():  # noqa: ASYNC110 - what is polled is another task's doing
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def read_committed(log: InMemoryLog) -> int:
    async with log.subscribe(MARKS, group="readers") as member:
        return (await member.positions())["marks", 3]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuyen_platform.kafka.memory._POLL_S", 0.01)
    monkeypatch.setattr("tuyen_platform.kafka.consumer._RETRY_S", 0.01)


@pytest.fixture
async def log() -> InMemoryLog:
    log = InMemoryLog()
    for value in (b"1", b"2"):
        await log.append_bytes(MARKS, "a", value, partition=3)
    return log


async def test_what_is_handled_is_committed(log: InMemoryLog) -> None:
    handler, status = Handler(), ConsumerStatus()
    loop = partial(consume, log, MARKS, group="readers", handle=handler, status=status)

    async def is_committed() -> bool:
        return await read_committed(log) == 2

    assert status.ready() == "waits for its first batch"
    await run(loop, is_committed)
    assert (handler.values, status.ready()) == ([b"1", b"2"], None)
    assert ("marks", 3) in handler.partitions


async def test_what_was_handled_before_the_start_is_committed_without_a_new_record(
    log: InMemoryLog,
) -> None:
    handler = Handler()

    async def starts(committed: Offsets) -> Offsets:
        return {**committed, ("marks", 3): 2}

    async def is_committed() -> bool:
        return await read_committed(log) == 2

    await run(
        partial(consume, log, MARKS, group="readers", handle=handler, starts=starts), is_committed
    )
    assert handler.values == []


async def test_r9_1_nothing_is_committed_and_nobody_is_ready_before_the_handler_has_caught_up(
    log: InMemoryLog,
) -> None:
    handler, status = Handler(recovering=True), ConsumerStatus()
    loop = partial(consume, log, MARKS, group="readers", handle=handler, status=status)

    async def has_read() -> bool:
        return len(handler.values) == 2

    async def is_committed() -> bool:
        handler.recovering = False
        return await read_committed(log) == 2

    await run(loop, has_read)
    assert (await read_committed(log), status.ready()) == (0, "waits for its first batch")
    await run(loop, is_committed)
    assert status.ready() is None


@pytest.mark.parametrize(
    "error",
    [LogUnavailableError("away"), ExceptionGroup("both", [LogUnavailableError("away")])],
)
async def test_r9_1_a_consumer_waits_for_kafka_and_handles_again_what_was_not_committed(
    log: InMemoryLog, error: Exception
) -> None:
    handler, status = Handler(error), Waits()
    follow = partial(consume, log, MARKS, group="readers", handle=handler, status=status)

    async def is_committed() -> bool:
        return await read_committed(log) == 2

    loop = partial(follow_for_ever, follow, log_as="readers_wait", status=status)
    await run(loop, is_committed)
    assert (handler.values, status.reasons) == ([b"1", b"2"], ["away"])


async def test_any_other_error_ends_the_consumer(log: InMemoryLog) -> None:
    follow = partial(consume, log, MARKS, group="readers", handle=Handler(KeyError("mistake")))
    with pytest.raises(KeyError):
        await follow_for_ever(follow, log_as="readers_wait")


async def test_a_retry_returns_the_first_result_and_waits_longer_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failures, waits = [LogUnavailableError("away")] * 4, list[float]()

    async def sleep(wait_s: float) -> None:
        waits.append(wait_s)

    async def step() -> str:
        if failures:
            raise failures.pop()
        return "done"

    monkeypatch.setattr("tuyen_platform.retry.asyncio.sleep", sleep)
    assert await retry(step, log_as="work_waits", first_wait_s=1.0, longest_wait_s=5.0) == "done"
    assert waits == [1.0, 2.0, 4.0, 5.0]
