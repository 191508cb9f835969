"""The one way to wait for what is unavailable: repeat a step, with a pause between two attempts."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import structlog

from tuyen_platform.error_causes import is_unavailable

_FIRST_WAIT_S = 0.2
_LONGEST_WAIT_S = 5.0

T = TypeVar("T")

_log = structlog.get_logger()


async def retry(
    step: Callable[[], Awaitable[T]],
    *,
    log_as: str,
    when: Callable[[Exception], bool] = is_unavailable,
    on_wait: Callable[[str], None] | None = None,
    first_wait_s: float = _FIRST_WAIT_S,
    longest_wait_s: float = _LONGEST_WAIT_S,
    about: Mapping[str, str] | None = None,
) -> T:
    """Repeats `step` until nothing that it needs is unavailable, and returns its result. The step
    must be repeatable.

    `when` decides whether another attempt may succeed; any other error is raised. Each pause is
    twice as long as the one before, up to `longest_wait_s`. Each failed attempt is logged under the
    name `log_as`, with `about`, and its error is passed to `on_wait`.
    """
    wait_s = first_wait_s
    while True:
        try:
            return await step()
        except Exception as error:
            if not when(error):
                raise
            reason = _reason(error)
            if on_wait is not None:
                on_wait(reason)
            _log.warning(log_as, **(about or {}), error=reason, wait_s=wait_s)
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, longest_wait_s)


def _reason(error: Exception) -> str:
    """The text of an error; of several that were raised together, that of the first."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return str(error)
