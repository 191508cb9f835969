"""Waiting for what other processes do."""

import asyncio
import os
from collections.abc import Callable
from typing import Any

_POLL_S = 0.02
_LONGER_POLL_S = 0.05
_USUAL_PATIENCE_S = 30.0
_PATIENCE_S = 60


def has_ended(pid: int) -> bool:
    """Whether the process has ended; one that nobody has waited for counts as ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        return stat.read().rpartition(")")[2].split()[0] == "Z"


def read_environment(pid: int) -> dict[str, str]:
    """The environment with which a process was started."""
    with open(f"/proc/{pid}/environ", encoding="utf-8") as environ:
        pairs = (each.partition("=") for each in environ.read().split("\0") if each)
        return {name: value for name, _, value in pairs}


async def until(holds: Callable[[], bool], patience_s: float = _PATIENCE_S) -> None:
    """Returns when `holds()`; AssertionError when it still does not after `patience_s` seconds."""
    async with asyncio.timeout(patience_s):
        while not holds():  # noqa: ASYNC110 - another process cannot set our event
            await asyncio.sleep(_POLL_S)


async def eventually(
    holds: Callable[[], Any], told: Callable[[], str], patience_s: float = _USUAL_PATIENCE_S
) -> None:
    """Returns once the condition holds; AssertionError with `told()` if it never does."""
    try:
        async with asyncio.timeout(patience_s):
            while not await holds():  # noqa: ASYNC110 - another process cannot set our event
                await asyncio.sleep(_LONGER_POLL_S)
    except TimeoutError:
        raise AssertionError(f"not within {patience_s:.0f} s: {told()}") from None
