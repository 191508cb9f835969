"""Media are fetched from the channels' hosts, and from nowhere else."""

import asyncio
from collections.abc import Callable, Sequence

import httpx
import pytest

from tuyen_events.vocabulary import Channel
from tuyen_gateway.adapters.media_fetcher import HttpMediaFetcher
from tuyen_gateway.ports.media import MediaRefusedError, MediaUnavailableError
from tuyen_platform.admitted_networks import AdmittedNetworks
from tuyen_platform.guarded_names import GuardedNames, LookUp

HOST = "scontent.xx.fbcdn.net"
URL = f"https://{HOST}/v/1.png?oe=1"
PUBLIC = "31.13.95.1"


def guard(look_up: LookUp) -> GuardedNames:
    return GuardedNames(AdmittedNetworks(), look_up)


class Web:
    """Hosts with addresses, and what they answer; what was asked is kept."""

    def __init__(
        self, answer: Callable[[httpx.Request], httpx.Response], allowed: str = ""
    ) -> None:
        self.addresses: dict[str, Sequence[str]] = {HOST: [PUBLIC]}
        self.asked: list[httpx.Request] = []

        def handle(request: httpx.Request) -> httpx.Response:
            self.asked.append(request)
            return answer(request)

        self.fetcher = HttpMediaFetcher(allowed, guard(self._look_up), httpx.MockTransport(handle))

    def _look_up(self, host: str, port: int) -> Sequence[str]:
        return self.addresses.get(host, [])

    async def get(self, url: str = URL, channel: Channel = Channel.FACEBOOK) -> bytes:
        async with self.fetcher.fetch(channel, url) as parts:
            return b"".join([part async for part in parts])


def found(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, stream=httpx.ByteStream(b"an image"))


async def test_i6_a_medium_is_fetched_from_the_address_that_was_checked() -> None:
    web = Web(found)
    assert await web.get() == b"an image"
    (request,) = web.asked
    assert request.url.host == PUBLIC
    assert request.url.path == "/v/1.png"
    assert request.headers["host"] == HOST
    assert request.extensions["sni_hostname"] == HOST
    assert "authorization" not in request.headers
    assert "cookie" not in request.headers


@pytest.mark.parametrize(
    "url",
    [
        f"http://{HOST}/1.png",
        f"https://{HOST}:8443/1.png",
        f"https://user:word@{HOST}/1.png",
        f"https://{HOST}.evil.example/1.png",
        "https://evil.example/1.png",
        "https://127.0.0.1/1.png",
        "https://[::1]/1.png",
        "https://f1.zdn.vn/1.png",
        "file:///etc/passwd",
        "ftp://scontent.xx.fbcdn.net/1",
        "//scontent.xx.fbcdn.net/1",
        "https://",
        "",
        "https://[",
        "https://scontent.xx.fbcdn.net\n.evil.example/",
    ],
)
async def test_i6_no_other_address_is_called(url: str) -> None:
    web = Web(found)
    hosts = ("evil.example", "127.0.0.1", "::1", "f1.zdn.vn")
    web.addresses |= {host: [PUBLIC] for host in hosts}
    with pytest.raises(MediaRefusedError):
        await web.get(url)
    assert web.asked == []


@pytest.mark.parametrize(
    "inside",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.1.1", "::1", "fd00::1"],
)
async def test_i6_a_host_with_any_address_inside_is_not_called(inside: str) -> None:
    web = Web(found)
    web.addresses[HOST] = [PUBLIC, inside]
    with pytest.raises(MediaRefusedError):
        await web.get()
    assert web.asked == []


@pytest.mark.parametrize(
    "to", ["https://evil.example/x", "http://169.254.169.254/latest", "//127.0.0.1/", "file:///x"]
)
async def test_i6_a_redirect_is_an_address_like_any_other(to: str) -> None:
    web = Web(lambda _: httpx.Response(302, headers={"location": to}))
    web.addresses["evil.example"] = [PUBLIC]
    with pytest.raises(MediaRefusedError):
        await web.get()
    assert len(web.asked) == 1


async def test_i6_a_redirect_within_the_channel_is_followed_some_times() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v/1.png":
            return httpx.Response(302, headers={"location": "/elsewhere"})
        return httpx.Response(200, stream=httpx.ByteStream(b"moved"))

    assert await Web(answer).get() == b"moved"
    endless = Web(lambda _: httpx.Response(302, headers={"location": URL}))
    with pytest.raises(MediaRefusedError):
        await endless.get()
    assert len(endless.asked) == 4


@pytest.mark.parametrize("status", [400, 403, 404, 410, 204])
async def test_i6_what_is_gone_is_refused(status: int) -> None:
    with pytest.raises(MediaRefusedError):
        await Web(lambda _: httpx.Response(status)).get()


@pytest.mark.parametrize("status", [408, 429, 500, 503])
async def test_i6_what_fails_now_may_succeed_later(status: int) -> None:
    with pytest.raises(MediaUnavailableError):
        await Web(lambda _: httpx.Response(status)).get()


async def test_i6_a_host_that_does_not_answer_is_unavailable() -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("slow")

    with pytest.raises(MediaUnavailableError):
        await Web(fail).get()
    unknown = Web(found)
    unknown.addresses.clear()
    with pytest.raises(MediaUnavailableError):
        await unknown.get()


async def test_i6_a_compressed_answer_is_not_unpacked() -> None:
    encoded = Web(lambda _: httpx.Response(200, headers={"content-encoding": "gzip"}, content=b""))
    with pytest.raises(MediaRefusedError):
        await encoded.get()
    assert encoded.asked[0].headers["accept-encoding"] == "identity"


async def test_i6_the_operator_may_allow_a_host_inside() -> None:
    web = Web(found, "127.0.0.1:8002, media.local")
    web.addresses |= {"127.0.0.1": ["127.0.0.1"], "media.local": ["10.0.0.7"]}
    assert await web.get("http://127.0.0.1:8002/1.png") == b"an image"
    assert await web.get("http://media.local/1.png", Channel.ZALO) == b"an image"
    with pytest.raises(MediaRefusedError):
        await web.get("http://127.0.0.1:8003/1.png")


async def test_i6_a_real_connection_goes_to_the_address_with_the_hosts_name() -> None:
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\nan image")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    names = guard(lambda _host, _port: ["127.0.0.1"])
    fetcher = HttpMediaFetcher(f"media.example:{port}", names)
    async with server, fetcher.fetch(Channel.ZALO, f"http://media.example:{port}/1.png") as parts:
        assert b"".join([part async for part in parts]) == b"an image"
    await fetcher.close()
    assert f"host: media.example:{port}".encode() in heads[0].lower()
