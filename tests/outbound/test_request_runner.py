"""A worker that was paused and lost its partitions meanwhile makes no call."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from outbound.asking import request
from outbound.crashing import CrashingLog, Steps
from outbound.rig import TOKEN, Process, World, read_records, until
from tuyen_events.outbound_topics import OUTBOUND_STATE
from tuyen_outbound.live_calls import LiveCalls
from tuyen_outbound.states import elapsed_time


@pytest.fixture
async def world(world: World) -> World:
    """A page without a token, and a request for it."""
    world.set_token(None)
    await world.ask(request("1"))
    return world


async def _wait_for_state(world: World) -> None:
    """The request is in the state, and waits."""

    async def is_there() -> bool:
        keys = [record.key for record in await read_records(world.log, OUTBOUND_STATE)]
        return b"request/req_1" in keys

    await until(is_there)


async def _is_settled(world: World) -> bool:
    return await world.outcomes() == {"req_1": ["done"]}


async def test_i6_a_worker_whose_state_is_written_late_makes_no_call(world: World) -> None:
    """It was paused while it wrote `calling`, and another one took over."""
    hold, awake = dict[str, asyncio.Event](), asyncio.Event()
    async with Process(world, log=CrashingLog(world.log, Steps(), hold)):
        await _wait_for_state(world)
        hold[OUTBOUND_STATE.name] = awake
        world.set_token(TOKEN)
        await asyncio.sleep(0.05)
        async with Process(world):
            await until(lambda: _is_settled(world))
        awake.set()
        await _is_quiet(world)
    assert len(world.sent) == 1


async def test_i6_a_worker_that_was_paused_after_its_state_was_written_looks_again(
    world: World,
) -> None:
    """It was paused between the acknowledgement of `calling` and the call. Another one took over,
    found the call begun, and reported that nobody can tell."""
    await _pause_before_the_call(world, running=lambda: elapsed_time() + 100)
    assert world.sent == []


async def test_i6_a_worker_that_was_paused_as_its_call_began_looks_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was paused when the call's task had been started and had not taken its first step."""
    paused_s, start = [0.0], LiveCalls.start

    def start_and_pause(
        calls: LiveCalls, request_id: str, call: Coroutine[None, None, None]
    ) -> "asyncio.Task[None]":
        paused_s[0] = 100.0
        return start(calls, request_id, call)

    monkeypatch.setattr(LiveCalls, "start", start_and_pause)
    await _pause_before_the_call(world, running=lambda: elapsed_time() + paused_s[0])
    assert world.sent == []


async def _pause_before_the_call(world: World, running: Callable[[], float]) -> None:
    """A worker whose clock is `running` begins a call, and another one takes its partition over
    before it can look whether it still has it."""
    hold_ends, awake = dict[str, asyncio.Event](), asyncio.Event()
    log = CrashingLog(world.log, Steps(), None, hold_ends)
    async with Process(world, log=log, running=running):
        await _wait_for_state(world)
        hold_ends[OUTBOUND_STATE.name] = awake
        world.set_token(TOKEN)
        await until(lambda: _is_calling(world))
        async with Process(world):

            async def is_unknown() -> bool:
                return await world.outcomes() == {"req_1": ["unknown"]}

            await until(is_unknown)
        awake.set()
        await _is_quiet(world)


async def _is_calling(world: World) -> bool:
    records = await read_records(world.log, OUTBOUND_STATE)
    return any(b'"phase":"calling"' in (record.value or b"") for record in records)


async def _is_quiet(world: World) -> None:
    """Returns when the log has not grown for a while."""
    before = -1
    for _ in range(100):
        now = sum((await world.log.end_offsets(OUTBOUND_STATE)).values())
        if now == before:
            return
        before = now
        await asyncio.sleep(0.3)
