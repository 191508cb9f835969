"""TCP addresses on this machine."""

import asyncio
import errno
import itertools
import random
import socket
import time
from collections.abc import Awaitable, Callable

from tuyen_local.errors import CannotStart

HOST = "127.0.0.1"
_POLL_S = 0.05
_SERVERS = range(20_000, 32_000)
"""Below the ports that Linux (from 32768) and macOS (from 49152) give to outgoing connections: one
of those may be taken before a server listens on it, or while a server is started again."""
_candidates = itertools.cycle(random.SystemRandom().sample(_SERVERS, len(_SERVERS)))
"""In an order of this process: a port that was given away is the last to be given again."""


def free_ports(count: int) -> list[int]:
    """Different ports that nobody listens on at this moment, and no connection will get.

    CannotStart when so many are not to be had.
    """
    free = (port for port in itertools.islice(_candidates, len(_SERVERS)) if _is_free(port))
    found = list(itertools.islice(free, count))
    if len(found) < count:
        raise CannotStart(f"{HOST} has no free port from {_SERVERS[0]} to {_SERVERS[-1]}")
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def require_free(port: int, purpose: str, setting: str) -> None:
    """CannotStart, naming all three, when `port` cannot be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)  # with SO_REUSEADDR, binding alone may succeed beside a listener
        except OSError as error:
            why = "is taken" if error.errno == errno.EADDRINUSE else f"is no use ({error.strerror})"
            raise CannotStart(
                f"port {port}, for {purpose}, {why}: end what uses it, or set {setting}"
            ) from error


async def listens(port: int, host: str = HOST) -> bool:
    """Whether somebody takes connections on `port`."""
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True


async def until(
    answers: Callable[[], Awaitable[bool]],
    gone: Callable[[], str | None],
    what: str,
    deadline_s: float,
) -> None:
    """Polls `answers` until it is true.

    CannotStart when `gone` says why it never will be, or after `deadline_s` seconds.
    """
    end = time.monotonic() + deadline_s
    while not await answers():
        if (reason := gone()) is not None:
            raise CannotStart(f"{what} ended at its start: {reason}")
        if time.monotonic() > end:
            raise CannotStart(f"{what} does not answer after {deadline_s:.0f} s")
        await asyncio.sleep(_POLL_S)
