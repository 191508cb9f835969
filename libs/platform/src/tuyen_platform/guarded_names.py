"""The one guard of calls to addresses that people outside chose: a site's `reply_url` (L5), and the
addresses of media (I6).

Whoever chooses such an address must not reach what only this process can reach. So a name is
resolved once for each call, every address that it resolves to is checked, and whoever calls must
connect to one of the returned addresses: a name that resolves to another address a moment later
gains nothing.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from tuyen_platform.admitted_networks import AdmittedNetworks

_LOOKUPS = 64
"""Names that are looked up at the same time."""

LookUp = Callable[[str, int], Sequence[str]]
"""By host and port, all its addresses. Raises OSError or UnicodeError."""


class AddressRefusedError(Exception):
    """A name resolves to an address that must not be called."""


def look_up_all(host: str, port: int) -> Sequence[str]:
    """LookUp, by the system's resolver. It may take half a minute."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class GuardedNames:
    """Looks names up, in threads of its own: a name server that does not answer occupies one for
    half a minute, and calls to channels need theirs. Each name occupies one at most."""

    def __init__(self, networks: AdmittedNetworks, look_up: LookUp = look_up_all) -> None:
        self._networks = networks
        self._look_up = look_up
        self._threads = ThreadPoolExecutor(_LOOKUPS, thread_name_prefix="names")
        self._asked: dict[tuple[str, int], asyncio.Future[Sequence[str]]] = {}

    async def find_addresses(self, host: str, port: int, *, trusted: bool = False) -> Sequence[str]:
        """All addresses of a host, at least one, of which each may be called. Raises
        AddressRefusedError if any of them must not be, unless the host is `trusted`, and OSError if
        none is found."""
        try:
            found = await asyncio.shield(self._ask(host, port))
        except UnicodeError:
            raise OSError("the name cannot be looked up") from None
        if not found:
            raise OSError("the name has no address")
        if not trusted and not all(map(self._networks.admit, found)):
            raise AddressRefusedError("the name has an address that is not admitted")
        return found

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _ask(self, host: str, port: int) -> "asyncio.Future[Sequence[str]]":
        asked = self._asked.get((host, port))
        if asked is None:
            loop = asyncio.get_running_loop()
            asked = loop.run_in_executor(self._threads, self._look_up, host, port)
            self._asked[host, port] = asked
            asked.add_done_callback(lambda ended: self._end((host, port), ended))
        return asked

    def _end(self, name: tuple[str, int], ended: "asyncio.Future[Sequence[str]]") -> None:
        del self._asked[name]
        if not ended.cancelled():
            ended.exception()  # whoever asked may have given up
