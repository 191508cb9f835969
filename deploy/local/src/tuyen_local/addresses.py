"""TCP addresses on this machine."""

import asyncio
import errno
import socket
import time
from collections.abc import Awaitable, Callable

from tuyen_local.errors import CannotStart

HOST = "127.0.0.1"
_POLL_S = 0.05


def free_ports(count: int) -> list[int]:
    """Different ports that nobody listens on at this moment."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind((HOST, 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


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
