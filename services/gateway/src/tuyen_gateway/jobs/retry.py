"""Retries while servers are unavailable, for work that no caller waits for."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from pymongo.errors import ConnectionFailure, OperationFailure

from tuyen_gateway.errors import TooManyAttemptsError, UnavailableError
from tuyen_platform.kafka.ports import LogUnavailableError
from tuyen_platform.retry import retry

_UNAVAILABLE = (ConnectionFailure, LogUnavailableError, TooManyAttemptsError, UnavailableError)

_INTERRUPTED = frozenset({43, 91, 175, 11600, 11601, 11602})
"""MongoDB's codes for a query that it aborted by itself: the cursor was lost in a restart, it is
shutting down, the collection was dropped to be created again, the primary changed."""

T = TypeVar("T")


def is_transient(error: Exception) -> bool:
    """Whether a retry may succeed: a server is unavailable, a view is behind, or too many
    others of the organization read."""
    if isinstance(error, OperationFailure):
        return error.code in _INTERRUPTED
    return isinstance(error, _UNAVAILABLE)


async def retry_while_unavailable(step: Callable[[], Awaitable[T]], **about: str) -> T:
    """Repeats `step` until nothing that it needs is unavailable, with 0.2 to 5 s between two
    attempts. The step must be repeatable. `about` is the log's context."""
    return await retry(step, log_as="work_waits", when=is_transient, about=about)
