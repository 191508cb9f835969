"""R9.5: nobody holds a connection by sending a request's head slowly, or without end."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from tuyen_platform import connections
from tuyen_platform.process import serve

WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await PlainTextResponse("hello")(scope, receive, send)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    stopping = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve(hello, "127.0.0.1", number, stopping))
        yield number
        stopping.set()


async def connect(port: int) -> Streams:
    async with asyncio.timeout(30):
        while True:
            try:
                return await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("begun", [b"", b"\r\n", b"GET / HTTP/1.1\r\nHo", WHOLE + b"GET"])
async def test_r9_5_a_head_that_does_not_come_in_time_ends_the_connection(
    port: int, begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_WITHIN_S", 0.5)
    reader, writer = await connect(port)
    writer.write(begun)
    async with asyncio.timeout(30):
        said = await reader.read()
    assert said.count(b"hello") == begun.count(WHOLE)
    writer.close()


async def test_r9_5_a_head_without_end_is_refused(port: int) -> None:
    reader, writer = await connect(port)
    writer.write(b"GET / HTTP/1.1\r\n")
    async with asyncio.timeout(30):
        try:
            while not writer.is_closing():
                writer.write(b"X-Long: " + b"a" * 8_000 + b"\r\n")
                await writer.drain()
            said = await reader.read(100)
        except ConnectionError:
            said = b"HTTP/1.1 400"
    assert said.startswith(b"HTTP/1.1 400")
    writer.close()


async def test_r9_5_a_connection_serves_one_request_after_the_other(port: int) -> None:
    reader, writer = await connect(port)
    for _ in range(3):
        writer.write(WHOLE[:9])
        await writer.drain()
        writer.write(WHOLE[9:])
        async with asyncio.timeout(30):
            assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200")
    writer.close()
