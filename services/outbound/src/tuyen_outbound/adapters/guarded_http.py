"""Calls to addresses that people outside chose, such as a page's `reply_url`.

Whoever chooses such an address must not reach what only this process can reach. So each name is
resolved once, every address that it resolves to is checked, and the connection is made to one of
the checked addresses: a name that resolves to another address a moment later gains nothing.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpcore

from tuyen_channels.transport import (
    AnswerLostError,
    ForbiddenAddressError,
    HttpAnswer,
    HttpCall,
    NotSentError,
)
from tuyen_platform.reply_networks import ReplyNetworks

_ANSWER_BYTES = 16 * 1024
"""How much of an answer is read. Only its status means anything."""
_WITHIN_S = 10.0
_CONNECT_WITHIN_S = 5.0
_CONNECTIONS = 128
_LOOKUPS = 64
"""Names that are looked up at the same time."""
_SCHEMES = frozenset({"http", "https"})

_NOT_SENT = (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout)
_LOST = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError)


class _RefusedAddressError(httpcore.ConnectError):
    """A name resolves to an address that must not be called."""


class _CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects to admitted addresses only."""

    def __init__(self, networks: ReplyNetworks, names: "_Names") -> None:
        self._networks = networks
        self._names = names
        self._connecting = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - as httpcore calls it
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self._names.find_addresses(host, port)
        if not all(self._networks.admit(address) for address in addresses):
            raise _RefusedAddressError("the address is not admitted")
        error: Exception = httpcore.ConnectError("the name has no address")
        for address in addresses:
            try:
                return await self._connecting.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - as httpcore calls it
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise _RefusedAddressError("a socket is no address of a site")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Names:
    """Looks names up, in threads of its own: a name server that does not answer occupies one for
    half a minute, and calls to channels need theirs. Each name occupies one at most."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_LOOKUPS, thread_name_prefix="names")
        self._asked: dict[tuple[str, int], asyncio.Future[list[str]]] = {}

    async def find_addresses(self, host: str, port: int) -> list[str]:
        """All addresses of a host. Raises httpcore.ConnectError."""
        asked = self._asked.get((host, port))
        if asked is None:
            loop = asyncio.get_running_loop()
            asked = loop.run_in_executor(self._threads, _look_up, host, port)
            self._asked[host, port] = asked
            asked.add_done_callback(lambda ended: self._end((host, port), ended))
        try:
            return await asyncio.shield(asked)
        except (OSError, UnicodeError):
            raise httpcore.ConnectError("the name cannot be resolved") from None

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _end(self, name: tuple[str, int], ended: "asyncio.Future[list[str]]") -> None:
        del self._asked[name]
        if not ended.cancelled():
            ended.exception()  # whoever asked may have given up


def _look_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class GuardedTransport:
    """Implements `Transport` for addresses that people outside chose. It follows no redirect, and
    reads little of an answer."""

    def __init__(self, networks: ReplyNetworks) -> None:
        self._names = _Names()
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=_CONNECTIONS,
            max_keepalive_connections=0,
            network_backend=_CheckedBackend(networks, self._names),
        )

    async def send(self, call: HttpCall) -> HttpAnswer:
        if not _is_web_address(call.url):
            raise ForbiddenAddressError("no web address")
        try:
            async with asyncio.timeout(_WITHIN_S):
                return await self._send(call)
        except _RefusedAddressError:
            raise ForbiddenAddressError("not admitted") from None
        except _NOT_SENT as error:
            raise NotSentError(type(error).__name__) from None
        except (*_LOST, TimeoutError) as error:
            raise AnswerLostError(type(error).__name__) from None
        except (httpcore.UnsupportedProtocol, ValueError):
            raise NotSentError("the address cannot be called") from None

    async def _send(self, call: HttpCall) -> HttpAnswer:
        host = urlsplit(call.url).netloc
        headers = [("Host", host), ("Connection", "close"), *call.headers.items()]
        timeouts = {"connect": _CONNECT_WITHIN_S, "read": _WITHIN_S, "write": _WITHIN_S}
        async with self._pool.stream(
            call.method,
            call.url,
            headers=headers,
            content=call.content,
            extensions={"timeout": {**timeouts, "pool": _WITHIN_S}},
        ) as response:
            body = bytearray()
            async for part in response.aiter_stream():
                body += part
                if len(body) >= _ANSWER_BYTES:
                    break
        received = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in response.headers
        }
        return HttpAnswer(response.status, received, bytes(body[:_ANSWER_BYTES]))

    async def aclose(self) -> None:
        await self._pool.aclose()
        self._names.close()


def _is_web_address(url: str) -> bool:
    """Whether it is an address of http or https without a user's name."""
    try:
        parts = urlsplit(url)
        return parts.scheme in _SCHEMES and bool(parts.hostname) and parts.username is None
    except ValueError:
        return False
