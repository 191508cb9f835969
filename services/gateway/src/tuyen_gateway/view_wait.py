"""Waits until the CRM's views show what is in the log."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tuyen_gateway.errors import UnavailableError
from tuyen_gateway.ports.tables import WAIT_S

_POLL_S = 0.05

ShownT = TypeVar("ShownT")


async def wait_until_shown(look: Callable[[], Awaitable[ShownT | None]]) -> ShownT:
    """What `look` returns first that is not None. Raises UnavailableError if there is nothing
    within WAIT_S, and what `look` raises."""
    try:
        async with asyncio.timeout(WAIT_S):
            while True:
                shown = await look()
                if shown is not None:
                    return shown
                await asyncio.sleep(_POLL_S)
    except TimeoutError as error:
        raise UnavailableError("The CRM's view is behind the log: try again.") from error
