"""R9: no jump of the clock prolongs or shortens a wait for what became of a call."""

import asyncio
from datetime import timedelta

import pytest

from outbound.asking import MOMENT, comment, request
from outbound.rig import (
    LOST,
    LOST_AND_NOT_DONE,
    TRANSIENT,
    Process,
    World,
    read_records,
    until,
)
from tuyen_events.outbound_topics import OUTBOUND_STATE
from tuyen_platform.clock import ManualClock

JUMP = timedelta(minutes=4)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuyen_platform.kafka.memory._POLL_S", 0.01)


async def wait_for_calls(world: World, count: int) -> None:
    async def are_made() -> bool:
        return len(world.calls) == count

    await until(are_made)


async def wait_for_outcome(world: World, outcome: str) -> None:
    async def is_told() -> bool:
        return await world.outcomes() == {"req_1": [outcome]}

    await until(is_told)


async def test_p5_a_call_is_repeated_soon_although_the_clock_was_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    world.answers["1"] = [TRANSIENT]
    await world.ask(request("1"))

    async def is_refused() -> bool:
        states = await read_records(world.log, OUTBOUND_STATE)
        return any(b'"refusals":1' in (record.value or b"") for record in states)

    async with Process(world, clock=ManualClock(MOMENT + JUMP)):
        await until(is_refused)
    monkeypatch.setattr("tuyen_outbound.request_runner.LONGEST_WAIT_S", 0.01)
    async with Process(world, clock=ManualClock(MOMENT)):
        await wait_for_outcome(world, "done")


@pytest.mark.parametrize("jump", [JUMP, -JUMP])
async def test_i6_an_echo_is_waited_for_as_long_whatever_the_clock_shows(jump: timedelta) -> None:
    world, clock = World(), ManualClock(MOMENT)
    world.gate, world.echoes = asyncio.Event(), False
    world.answers["1"] = [LOST]
    await world.ask(request("1"))
    async with Process(world, clock=clock, settle_within_s=0.5):
        begun = asyncio.get_running_loop().time()
        await wait_for_calls(world, 1)
        clock.advance(jump)
        world.gate.set()
        await wait_for_outcome(world, "unknown")
        assert asyncio.get_running_loop().time() - begun >= 0.5


async def test_i8_a_comment_is_not_looked_for_sooner_because_the_clock_was_set_forward() -> None:
    """Another process may be about to make it."""
    world, clock = World(), ManualClock(MOMENT)
    world.gate = asyncio.Event()
    world.answers["1"] = [LOST_AND_NOT_DONE]
    await world.ask(comment("1"))
    async with Process(world, clock=clock, settle_within_s=0.5):
        begun = asyncio.get_running_loop().time()
        await wait_for_calls(world, 1)
        clock.advance(JUMP)
        world.gate.set()
        await wait_for_calls(world, 2)
        assert asyncio.get_running_loop().time() - begun >= 0.5
