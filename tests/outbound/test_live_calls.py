"""Calls that are under way."""

import asyncio
import gc

from tuyen_outbound.live_calls import LiveCalls


async def test_i6_ending_waits_for_the_calls_that_are_under_way() -> None:
    calls, ended = LiveCalls(), asyncio.Event()

    async def call() -> None:
        await asyncio.sleep(0.01)
        ended.set()

    task = calls.start("req_1", call())
    assert calls.find("req_1") is task
    await calls.drain(5)
    assert ended.is_set()
    assert calls.find("req_1") is None
    await calls.drain(5)


async def test_i6_a_call_that_takes_too_long_is_cut_off() -> None:
    calls = LiveCalls()
    task = calls.start("req_1", asyncio.Event().wait())  # type: ignore[arg-type]  # its result is not used
    await calls.drain(0.01)
    assert task.cancelled()


async def test_an_error_that_nobody_awaits_is_no_error_of_the_loop() -> None:
    calls, reported = LiveCalls(), list[object]()

    async def call() -> None:
        raise RuntimeError

    asyncio.get_running_loop().set_exception_handler(lambda _, error: reported.append(error))
    calls.start("req_1", call())
    await calls.drain(5)
    gc.collect()  # a task whose error was not looked at reports it as it goes
    assert reported == []
