"""What is reported to have ended is not begun any more."""

import asyncio

from outbound.asking import request
from outbound.crashing import CrashingLog, Steps
from outbound.rig import TOKEN, Process, World, read_records, until
from tuyen_events.outbound_topics import OUTBOUND_RESULTS, OUTBOUND_STATE


async def test_i6_a_reply_whose_cancellation_is_being_reported_is_not_sent() -> None:
    """The page gets its token back just then."""
    world, hold, reporting = World(), dict[str, asyncio.Event](), asyncio.Event()
    world.set_token(None)
    await world.ask(request("1"), request("2"))
    async with Process(world, log=CrashingLog(world.log, Steps(), hold)) as process:

        async def waits() -> bool:
            keys = {record.key for record in await read_records(world.log, OUTBOUND_STATE)}
            return {b"request/req_1", b"request/req_2"} <= keys

        await until(waits)
        hold[OUTBOUND_RESULTS.name] = reporting
        await world.cancel(request("1"))

        async def is_ending() -> bool:
            tenure = process.worker._tenure
            return tenure is not None and tenure.carrying.settling.is_ending("req_1")

        await until(is_ending)
        world.set_token(TOKEN)
        await asyncio.sleep(0.05)
        assert world.sent == []
        reporting.set()

        async def both_are_settled() -> bool:
            return await world.outcomes() == {"req_1": ["cancelled"], "req_2": ["done"]}

        await until(both_are_settled)
    assert [text for _, text in world.sent] == ["2"]
