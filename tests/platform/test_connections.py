"""R9.5: nobody holds a connection by sending a request's head slowly, or without end; R9.6: nor by
never taking the response."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from tuyen_local.addresses import free_ports
from tuyen_platform import connections
from tuyen_platform.process import serve

WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await PlainTextResponse("hello")(scope, receive, send)


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[int]:
    """The port at which `app` is served."""
    (number,) = free_ports(1)
    stopping = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve(app, "127.0.0.1", number, stopping))
        yield number
        stopping.set()


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async with serving(hello) as number:
        yield number


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


@pytest.mark.parametrize("parts", [(True, True), (False,)])
async def test_r9_6_a_response_that_nobody_takes_is_cut(
    parts: tuple[bool, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that goes on, and one that has ended and waits for its reader. `parts` says of each
    whether more follow."""
    monkeypatch.setattr(connections, "RESPONSE_STALLS_S", 0.3)
    part, gone = b"x" * (64 * 1024 * 1024), asyncio.Event()

    async def send_much(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        head = [(b"content-length", str(len(parts) * len(part)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        for more in parts:
            await send({"type": "http.response.body", "body": part, "more_body": more})
        await receive()
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()

    async with serving(send_much) as port:
        reader, writer = await connect(port)
        writer.write(WHOLE)
        async with asyncio.timeout(30):
            await gone.wait()
            await asyncio.sleep(1)
            taken = 0
            with suppress(ConnectionError):
                while found := await reader.read(len(part)):
                    taken += len(found)
        assert taken < len(parts) * len(part)
        writer.close()


async def test_r9_6_a_slow_reader_gets_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "RESPONSE_STALLS_S", 1.0)
    size = 16 * 1024 * 1024

    async def send_much(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await PlainTextResponse(b"x" * size)(scope, receive, send)

    async with serving(send_much) as port:
        reader, writer = await connect(port)
        writer.write(WHOLE)
        async with asyncio.timeout(60):
            await reader.readuntil(b"\r\n\r\n")
            taken = 0
            while taken < size:
                taken += len(await reader.readexactly(min(size // 32, size - taken)))
                await asyncio.sleep(0.1)
        assert taken == size
        writer.close()
