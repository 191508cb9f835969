"""The pace of a loop, against a clock that only sleeping moves."""

import pytest

from tuyen_platform import pacer
from tuyen_platform.pacer import Pacer


class Clock:
    """Stands in for both `time` and `asyncio` in the module."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pacer, "time", clock)
    monkeypatch.setattr(pacer, "asyncio", clock)
    return clock


async def test_the_first_turn_begins_at_once(clock: Clock) -> None:
    await Pacer(0.5).turn()
    assert clock.now == 100.0


async def test_turns_begin_no_nearer_than_they_may(clock: Clock) -> None:
    pace = Pacer(0.5)
    began = []
    for took_s in (0.0, 0.125, 0.5):
        await pace.turn()
        began.append(clock.now)
        clock.now += took_s
    assert began == [100.0, 100.5, 101.0]


async def test_after_a_rest_or_a_long_turn_nothing_waits(clock: Clock) -> None:
    pace = Pacer(0.5)
    await pace.turn()
    clock.now += 3.0
    await pace.turn()
    assert clock.now == 103.0
