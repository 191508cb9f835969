"""Passwords are checked whatever else a gateway does."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from gateway.rig import DEADLINE_S, Rig, User


async def test_r9_5_nobody_waits_for_the_threads_of_other_requests_to_log_in(
    rig: Rig, boss: User
) -> None:
    going, threads = Event(), ThreadPoolExecutor(1)
    loop = asyncio.get_running_loop()
    loop.set_default_executor(threads)
    busy = loop.run_in_executor(None, going.wait)
    try:
        async with asyncio.timeout(DEADLINE_S):
            await rig.staff(boss, "lan")
    finally:
        going.set()
        await busy
