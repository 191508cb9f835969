"""Fetches media over HTTP, from the channels' hosts alone.

An address in a message is data from outside. So the host must be one of the channel's, the
connection goes to an address that the guard returned, and a redirect is an address like any other.
Nothing is sent but the request.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from tuyen_channels.media_hosts import serves_media
from tuyen_events.vocabulary import Channel
from tuyen_gateway.ports.media import MediaRefusedError, MediaUnavailableError
from tuyen_platform.guarded_names import AddressRefusedError, GuardedNames
from tuyen_platform.no_cookies import make_empty_jar

_REDIRECTS = 3
_HTTPS = 443
_OK = 200
_AGAIN = frozenset({408, 425, 429})
_ERRORS_OF_SERVERS = 500
_STEP_S = 10.0
"""How long a connection, and each part that arrives, may take."""


class HttpMediaFetcher:
    """MediaFetcher. `allowed` are hosts, or `host:port`, that the operator allows besides, for
    every channel: with HTTP and inside the network as well."""

    def __init__(
        self,
        allowed: str,
        names: GuardedNames,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._allowed = frozenset(one.strip().lower() for one in allowed.split(",") if one.strip())
        self._names = names
        self._client = httpx.AsyncClient(
            transport=transport,
            timeout=_STEP_S,
            follow_redirects=False,
            trust_env=False,
            headers={"Accept-Encoding": "identity", "User-Agent": "tuyen"},
            cookies=make_empty_jar(),
        )

    async def close(self) -> None:
        await self._client.aclose()
        self._names.close()

    @asynccontextmanager
    async def fetch(self, channel: Channel, url: str) -> AsyncIterator[AsyncIterator[bytes]]:
        try:
            response = await self._open(channel, url)
            try:
                yield _parts(response)
            finally:
                await response.aclose()
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            raise MediaUnavailableError(type(error).__name__) from None

    async def _open(self, channel: Channel, url: str) -> httpx.Response:
        """The response to the request, after its redirects."""
        target = _parse(url)
        for _ in range(_REDIRECTS + 1):
            response = await self._client.send(await self._request(channel, target), stream=True)
            if not response.has_redirect_location:
                return await _require_content(response)
            await response.aclose()
            target = _parse(response.headers["location"], target)
        raise MediaRefusedError("it redirects again and again")

    async def _request(self, channel: Channel, target: httpx.URL) -> httpx.Request:
        """A request to an address that was checked. The certificate is that of the name."""
        host = target.host
        address = await self._check(channel, target)
        request = self._client.build_request(
            "GET",
            target.copy_with(host=address),
            headers={"Host": target.netloc.decode("ascii")},
        )
        request.extensions["sni_hostname"] = host
        return request

    async def _check(self, channel: Channel, target: httpx.URL) -> str:
        """One of the addresses of the host. Raises MediaRefusedError if any of them must not be
        called."""
        named = {target.host, f"{target.host}:{target.port or _HTTPS}"}
        by_operator = not self._allowed.isdisjoint(named)
        if target.userinfo or target.scheme not in ("https", "http"):
            raise MediaRefusedError("it is no plain web address")
        if not by_operator:
            if target.scheme != "https" or target.port not in (None, _HTTPS):
                raise MediaRefusedError("it is not served by HTTPS")
            if not serves_media(channel, target.host):
                raise MediaRefusedError("its host is not one of the channel's")
        port = target.port or (_HTTPS if target.scheme == "https" else 80)
        try:
            found = await self._names.find_addresses(target.host, port, trusted=by_operator)
        except AddressRefusedError:
            raise MediaRefusedError("its host has an address inside a network") from None
        return found[0]


def _parse(url: str, base: httpx.URL | None = None) -> httpx.URL:
    try:
        return httpx.URL(url) if base is None else base.join(url)
    except (httpx.InvalidURL, ValueError):
        raise MediaRefusedError("it is no address") from None


async def _require_content(response: httpx.Response) -> httpx.Response:
    if response.status_code == _OK and "content-encoding" not in response.headers:
        return response
    await response.aclose()
    status = response.status_code
    if status in _AGAIN or status >= _ERRORS_OF_SERVERS:
        raise MediaUnavailableError(f"the host answered {status}")
    raise MediaRefusedError(f"the host answered {status}")


async def _parts(response: httpx.Response) -> AsyncIterator[bytes]:
    async for part in response.aiter_raw():
        yield part
