"""Retries while servers are unavailable, for work that no caller waits for."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from pymongo.errors import ConnectionFailure, OperationFailure

from tuyen_gateway.errors import UnavailableError
from tuyen_platform.kafka.ports import LogUnavailableError

_AWAY = (ConnectionFailure, LogUnavailableError, UnavailableError)

_INTERRUPTED = frozenset({43, 91, 175, 11600, 11601, 11602})
"""MongoDB's codes for a query that it aborted by itself: the cursor was lost in a restart, it is
shutting down, the collection was dropped to be created again, the primary changed."""

_FIRST_WAIT_S = 0.2
_LONGEST_WAIT_S = 5.0

T = TypeVar("T")

_log = structlog.get_logger()


def is_transient(error: Exception) -> bool:
    """Whether a retry may succeed: a server is unavailable, or a view is behind."""
    if isinstance(error, OperationFailure):
        return error.code in _INTERRUPTED or isinstance(error, _AWAY)
    return isinstance(error, _AWAY)


async def retry_while_away(step: Callable[[], Awaitable[T]], **about: str) -> T:
    """Repeats `step` until nothing that it needs is unavailable, with 0.2 to 5 s between two
    attempts. The step must be repeatable. `about` is the log's context."""
    wait = _FIRST_WAIT_S
    while True:
        try:
            return await step()
        except (*_AWAY, OperationFailure) as error:
            if not is_transient(error):
                raise
            _log.warning("work_waits", error=str(error), wait_s=wait, **about)
            await asyncio.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT_S)
