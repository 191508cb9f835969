"""L5: nothing inside the operator's network can be reached through a `reply_url`."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import pytest

from outbound.adapters.test_http import OK, RawServer
from tuyen_channels.transport import (
    AnswerLostError,
    ForbiddenAddressError,
    HttpCall,
    NotSentError,
)
from tuyen_outbound.adapters import guarded_http
from tuyen_outbound.adapters.guarded_http import GuardedTransport
from tuyen_outbound.slots import CALLS_AT_ONCE
from tuyen_platform.admitted_networks import AdmittedNetworks
from tuyen_platform.guarded_names import GuardedNames, LookUp, look_up_all


class Open(Protocol):
    def __call__(self, networks: str, look_up: LookUp = look_up_all) -> GuardedTransport: ...


@pytest.fixture
async def open_transport() -> AsyncIterator[Open]:
    opened: list[GuardedTransport] = []

    def open_(networks: str, look_up: LookUp = look_up_all) -> GuardedTransport:
        opened.append(GuardedTransport(GuardedNames(AdmittedNetworks(networks), look_up)))
        return opened[-1]

    yield open_
    for each in opened:
        await each.aclose()


def post(url: str) -> HttpCall:
    return HttpCall(method="POST", url=url, headers={"X-A": "1"}, content=b"{}")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "0x7f000001", "0"]
)
async def test_l5_an_address_inside_is_refused(open_transport: Open, host: str) -> None:
    with pytest.raises(NotSentError):
        await open_transport("").send(post(f"http://{host}:9/replies"))


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "gopher://x/", "//x", "http://", "http://user@x/", "http://[", ""]
)
async def test_l5_what_is_no_web_address_is_refused(open_transport: Open, url: str) -> None:
    with pytest.raises(ForbiddenAddressError):
        await open_transport("0.0.0.0/0").send(post(url))


async def test_l5_the_operator_may_allow_a_network(open_transport: Open) -> None:
    async with RawServer(OK).run() as server:
        answer = await open_transport("127.0.0.1/32").send(post(f"{server.url}/replies"))
    assert answer.status == 200
    assert server.requests[0].startswith(b"POST /replies HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{server.port}\r\n".encode() in server.requests[0]


async def test_l5_every_address_of_a_name_is_checked(open_transport: Open) -> None:
    transport = open_transport("", lambda _host, _port: ["93.184.215.14", "127.0.0.1"])
    with pytest.raises(ForbiddenAddressError):
        await transport.send(post("http://shop.example/"))


async def test_l5_a_name_is_resolved_once_and_the_checked_address_is_called(
    open_transport: Open,
) -> None:
    """A name that has another address a moment later gains nothing."""
    asked: list[str] = []

    def look_up(host: str, _: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    async with RawServer(OK).run() as server:
        call = post(f"http://shop.example:{server.port}/")
        await open_transport("127.0.0.1/32", look_up).send(call)
    assert asked == ["shop.example"]
    assert b"Host: shop.example:" in server.requests[0]


async def test_l5_a_redirect_to_the_inside_is_not_followed(open_transport: Open) -> None:
    moved = b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.2:1/\r\nContent-Length: 0\r\n\r\n"
    async with RawServer(moved).run() as server:
        answer = await open_transport("127.0.0.1/32").send(post(server.url))
    assert (answer.status, len(server.requests)) == (307, 1)


async def test_l5_a_site_cannot_hold_us_nor_fill_our_memory(
    monkeypatch: pytest.MonkeyPatch, open_transport: Open
) -> None:
    monkeypatch.setattr(guarded_http, "_WITHIN_S", 0.3)
    size = 1024 * 1024
    long = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"a" * size
    async with RawServer(long).run() as server:
        answer = await open_transport("127.0.0.1/32").send(post(server.url))
    assert len(answer.body) <= 64 * 1024
    async with RawServer(OK, delay_s=2).run() as server:
        with pytest.raises(AnswerLostError):
            await open_transport("127.0.0.1/32").send(post(server.url))


async def test_r9_5_sites_that_do_not_answer_leave_connections_to_the_others(
    monkeypatch: pytest.MonkeyPatch, open_transport: Open
) -> None:
    for name in ("_WITHIN_S", "_CONNECT_WITHIN_S"):
        monkeypatch.setattr(guarded_http, name, 60)
    transport = open_transport("127.0.0.1/32")
    async with RawServer(OK, delay_s=60).run() as server, asyncio.timeout(20):
        held = [asyncio.create_task(transport.send(post(server.url))) for _ in range(CALLS_AT_ONCE)]
        while len(server.requests) < CALLS_AT_ONCE:  # noqa: ASYNC110 - the server's doing
            await asyncio.sleep(0.05)
        for each in held:
            each.cancel()
        await asyncio.wait(held)


async def test_l5_a_name_without_an_address_sent_nothing(open_transport: Open) -> None:
    def fail(_host: str, _port: int) -> Sequence[str]:
        raise OSError("no such name")

    with pytest.raises(NotSentError):
        await open_transport("", fail).send(post("http://shop.invalid/"))
