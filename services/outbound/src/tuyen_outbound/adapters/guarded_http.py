"""Calls to addresses that people outside chose, such as a page's `reply_url`: no connection is made
but to an address that the guard returned."""

import asyncio
import ssl
from collections.abc import Iterable
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
from tuyen_outbound.slots import CALLS_AT_ONCE
from tuyen_platform.guarded_names import AddressRefusedError, GuardedNames

_ANSWER_BYTES = 16 * 1024
"""How much of an answer is read. Only its status means anything."""
_WITHIN_S = 10.0
_CONNECT_WITHIN_S = 5.0
_SCHEMES = frozenset({"http", "https"})

_NOT_SENT = (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout)
_LOST = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError)


class _CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects to admitted addresses only."""

    def __init__(self, names: GuardedNames) -> None:
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
        try:
            addresses = await self._names.find_addresses(host, port)
        except OSError:
            raise httpcore.ConnectError("the name cannot be resolved") from None
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
        raise AddressRefusedError("a socket is no address of a site")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class GuardedTransport:
    """Implements `Transport` for addresses that people outside chose. It follows no redirect, and
    reads little of an answer."""

    def __init__(self, names: GuardedNames) -> None:
        self._names = names
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=CALLS_AT_ONCE,  # so that no call waits for the sites of others
            max_keepalive_connections=0,
            network_backend=_CheckedBackend(names),
        )

    async def send(self, call: HttpCall) -> HttpAnswer:
        if not _is_web_address(call.url):
            raise ForbiddenAddressError("no web address")
        try:
            async with asyncio.timeout(_WITHIN_S):
                return await self._send(call)
        except AddressRefusedError:
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
