"""Waiting for what other processes do."""

import asyncio
import os
from collections.abc import Callable

_POLL_S = 0.02
_PATIENCE_S = 60


def gone(pid: int) -> bool:
    """Whether the process has ended; one that nobody has waited for counts as ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        return stat.read().rpartition(")")[2].split()[0] == "Z"


async def until(holds: Callable[[], bool], patience_s: float = _PATIENCE_S) -> None:
    """Returns when `holds()`; AssertionError when it still does not after `patience_s` seconds."""
    async with asyncio.timeout(patience_s):
        while not holds():  # noqa: ASYNC110 - another process cannot set our event
            await asyncio.sleep(_POLL_S)
