"""Calls over real HTTP: what counts as not sent, and what as lost."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tuyen_channels.transport import AnswerLostError, FormFile, HttpCall, NotSentError
from tuyen_local.addresses import free_ports
from tuyen_outbound.adapters.http import ANSWER_BYTES, HttpTransport

OK = b"HTTP/1.1 200 OK\r\nX-App-Usage: {}\r\nContent-Length: 2\r\n\r\n{}"


class RawServer:
    """Answers each connection's first request with `response`, and closes it."""

    def __init__(self, response: bytes, delay_s: float = 0) -> None:
        self._response = response
        self._delay_s = delay_s
        self.requests: list[bytes] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        self.requests.append(head + await reader.readexactly(length))
        await asyncio.sleep(self._delay_s)
        writer.write(self._response)
        await writer.drain()
        writer.close()

    @asynccontextmanager
    async def run(self) -> AsyncIterator["RawServer"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    made = HttpTransport(within_s=1.0)
    yield made
    await made.aclose()


async def test_p5_a_call_and_its_answer(transport: HttpTransport) -> None:
    async with RawServer(OK).run() as server:
        call = HttpCall(
            method="POST",
            url=f"{server.url}/670/messages",
            query={"access_token": "t"},
            json={"a": "ạ"},
        )
        answer = await transport.send(call)
    assert (answer.status, answer.body, answer.headers["x-app-usage"]) == (200, b"{}", "{}")
    assert server.requests[0].startswith(b"POST /670/messages?access_token=t HTTP/1.1")


async def test_p5_a_file_has_its_content_type(transport: HttpTransport) -> None:
    async with RawServer(OK).run() as server:
        file = FormFile("filedata", "ảnh.png", "image/png", b"png")
        call = HttpCall(method="POST", url=server.url, form={"message": "{}"}, file=file)
        await transport.send(call)
    assert b"Content-Type: image/png" in server.requests[0]
    assert b'name="filedata"' in server.requests[0]


async def test_p5_a_refused_connection_sent_nothing(transport: HttpTransport) -> None:
    (port,) = free_ports(1)
    with pytest.raises(NotSentError):
        await transport.send(HttpCall(method="POST", url=f"http://127.0.0.1:{port}/?token=s3cret"))


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http://[", "http://"])
async def test_p5_an_address_that_is_none_sent_nothing(transport: HttpTransport, url: str) -> None:
    with pytest.raises(NotSentError):
        await transport.send(HttpCall(method="GET", url=url))


@pytest.mark.parametrize(
    ("response", "delay_s"),
    [
        (b"", 0.0),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", 0.0),
        (b"x\r\n\r\n", 0),
        (OK, 3),
    ],
)
async def test_p5_without_a_whole_answer_nobody_can_tell(
    transport: HttpTransport, response: bytes, delay_s: float
) -> None:
    async with RawServer(response, delay_s).run() as server:
        call = HttpCall(method="POST", url=f"{server.url}/?access_token=s3cret")
        with pytest.raises(AnswerLostError) as lost:
            await transport.send(call)
    assert "s3cret" not in f"{lost.value!r} {lost.value.__cause__!r}"


async def test_p6_no_token_is_logged(
    transport: HttpTransport, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with RawServer(OK).run() as server:
        url, headers = f"{server.url}/?access_token=s3cret", {"access_token": "s3cret"}
        await transport.send(HttpCall(method="POST", url=url, headers=headers))
    assert b"s3cret" in server.requests[0]
    assert "s3cret" not in caplog.text


async def test_p5_no_redirect_is_followed(transport: HttpTransport) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    async with RawServer(moved).run() as server:
        answer = await transport.send(HttpCall(method="GET", url=server.url))
    assert answer.status == 302


async def test_r9_6_a_long_answer_is_cut(transport: HttpTransport) -> None:
    size = 3 * ANSWER_BYTES
    long = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"a" * size
    async with RawServer(long).run() as server:
        answer = await transport.send(HttpCall(method="GET", url=server.url))
    assert len(answer.body) == ANSWER_BYTES


async def test_p6_what_one_answer_sets_is_sent_with_no_other_call(transport: HttpTransport) -> None:
    """Also while the first answer is still arriving: the next call may be another page's."""
    heads, came = list[bytes](), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        if len(heads) > 1:
            came.set()
        writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: page=1\r\nContent-Length: 2\r\n\r\n")
        await writer.drain()
        await came.wait()
        writer.write(b"{}")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        call = HttpCall(method="GET", url=f"http://127.0.0.1:{port}/")
        first = asyncio.create_task(transport.send(call))
        await asyncio.sleep(0.2)
        await transport.send(call)
        await first
    assert len(heads) == 2
    assert b"cookie" not in heads[1].lower()
