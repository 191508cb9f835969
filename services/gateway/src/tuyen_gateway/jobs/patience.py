"""Waiting for servers that are away, where nobody waits for an answer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from pymongo.errors import ConnectionFailure

from tuyen_gateway.errors import UnavailableError
from tuyen_platform.kafka.ports import LogUnavailableError

AWAY = (ConnectionFailure, LogUnavailableError, UnavailableError)
"""What is worth another try: a server is away, or a view is behind."""

_FIRST_WAIT_S = 0.2
_LONGEST_WAIT_S = 5.0

T = TypeVar("T")

_log = structlog.get_logger()


async def patiently(step: Callable[[], Awaitable[T]], **about: str) -> T:
    """Does `step` until nothing that it needs is away, 0.2 to 5 s between two tries. It has to be
    one that can be repeated. `about` is what the log says of it."""
    wait = _FIRST_WAIT_S
    while True:
        try:
            return await step()
        except AWAY as error:
            _log.warning("work_waits", error=str(error), wait_s=wait, **about)
            await asyncio.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT_S)
