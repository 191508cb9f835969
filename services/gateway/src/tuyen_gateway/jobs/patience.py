"""Waiting for servers that are away, where nobody waits for an answer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from pymongo.errors import ConnectionFailure, OperationFailure

from tuyen_gateway.errors import UnavailableError
from tuyen_platform.kafka.ports import LogUnavailableError

_AWAY = (ConnectionFailure, LogUnavailableError, UnavailableError)

_INTERRUPTED = frozenset({43, 91, 175, 11600, 11601, 11602})
"""What MongoDB says of a question that it broke off for a reason of its own: the cursor went with a
restart, it shuts down, the collection was dropped to be made again, the primary changed."""

_FIRST_WAIT_S = 0.2
_LONGEST_WAIT_S = 5.0

T = TypeVar("T")

_log = structlog.get_logger()


def is_away(error: Exception) -> bool:
    """Whether another try is worth it: a server is away, or a view is behind."""
    if isinstance(error, OperationFailure):
        return error.code in _INTERRUPTED
    return isinstance(error, _AWAY)


async def patiently(step: Callable[[], Awaitable[T]], **about: str) -> T:
    """Does `step` until nothing that it needs is away, 0.2 to 5 s between two tries. It has to be
    one that can be repeated. `about` is what the log says of it."""
    wait = _FIRST_WAIT_S
    while True:
        try:
            return await step()
        except (*_AWAY, OperationFailure) as error:
            if not is_away(error):
                raise
            _log.warning("work_waits", error=str(error), wait_s=wait, **about)
            await asyncio.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT_S)
