"""A process that is told to end: what is under way comes to its end, and nothing else begins."""

import asyncio

import pytest

from outbound.asking import request
from outbound.rig import TRANSIENT, Process, World, read_records, until
from tuyen_events.outbound_topics import OUTBOUND_STATE


@pytest.fixture
def world() -> World:
    world = World()
    world.gate, world.echoes = asyncio.Event(), False
    return world


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuyen_outbound.domain.retrying._WAITS_S", (0.01,) * 6)
    monkeypatch.setattr("tuyen_outbound.request_settler.SHOWN_WITHIN_S", 0.01)
    monkeypatch.setattr("tuyen_platform.kafka.memory._POLL_S", 0.01)


async def wait_for_call(world: World) -> None:
    async def is_under_way() -> bool:
        return world.under_way == 1

    await until(is_under_way)


async def wait_for_outcomes(world: World, count: int) -> dict[str, list[str]]:
    async def are_told() -> bool:
        return len(await world.outcomes()) == count

    await until(are_told)
    return await world.outcomes()


async def stop_at_the_call(world: World, process: Process) -> None:
    """Tells the process to end while its call is under way, and then lets the channel answer."""
    assert world.gate is not None
    await wait_for_call(world)
    stopping = asyncio.create_task(process.stop())
    await asyncio.sleep(0)
    world.gate.set()
    await stopping


async def test_i6_a_refusal_that_comes_during_a_stop_is_noted_and_the_call_repeated(
    world: World,
) -> None:
    world.answers["1"] = [TRANSIENT]
    await world.ask(request("1"))
    async with Process(world) as process:
        await stop_at_the_call(world, process)
    assert await world.outcomes() == {}
    async with Process(world):
        assert await wait_for_outcomes(world, 1) == {"req_1": ["done"]}
    assert [text for _, text in world.sent] == ["1"]


async def test_i6_a_message_of_several_parts_is_continued_by_the_next_process(
    world: World,
) -> None:
    await world.ask(request("1", text="a|b"))
    async with Process(world) as process:
        await stop_at_the_call(world, process)
        assert [text for _, text in world.sent] == ["a"]
    async with Process(world):
        assert await wait_for_outcomes(world, 1) == {"req_1": ["done"]}
    assert [text for _, text in world.sent] == ["a", "b"]


async def test_i6_no_call_begins_once_the_process_is_told_to_end(world: World) -> None:
    await world.ask(request("1"))
    async with Process(world) as process:
        await wait_for_call(world)
        stopping = asyncio.create_task(process.worker.finish())
        await world.ask(request("2", customer="671"))

        async def is_accepted() -> bool:  # it goes on reading until its calls have ended
            states = await read_records(world.log, OUTBOUND_STATE)
            return any((record.key or b"").endswith(b"req_2") for record in states)

        await until(is_accepted)
        assert world.gate is not None
        world.gate.set()
        await stopping
        assert [order.request.request_id for order in world.calls] == ["req_1"]
    async with Process(world):
        assert await wait_for_outcomes(world, 2) == {"req_1": ["done"], "req_2": ["done"]}


async def test_i6_a_call_that_takes_longer_than_it_may_holds_up_no_stop(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuyen_outbound.worker._NOTE_S", 0.02)
    await world.ask(request("1"))
    async with Process(world, call_within_s=0.02) as process:
        await wait_for_call(world)
        await process.stop()
    world.gate = None
    async with Process(world):
        assert await wait_for_outcomes(world, 1) == {"req_1": ["unknown"]}
