"""A broker that answers late: a TCP proxy in front of a real one."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from types import TracebackType

PRODUCE = 0
"""Kafka's api key of a produce request."""


class SlowProxy:
    """Forwards to a broker on 127.0.0.1 and holds requests back, in order, for a while.

    Requests are held, not answers: what the client believes to be sent has not arrived. When the
    client goes away, what is held is dropped, as if the network had lost it. The broker's address
    in its answers is replaced by the proxy's, so that clients stay with it.
    """

    def __init__(
        self, bootstrap: str, delay_s: float, *, api_keys: frozenset[int] | None = None
    ) -> None:
        """Hold back requests of the given api keys, of all when there are none."""
        host, port = bootstrap.rsplit(":", 1)
        self._broker = (host, int(port))
        self._api_keys = api_keys
        self.delay_s = delay_s
        self.bootstrap = ""
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "SlowProxy":
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.bootstrap = f"127.0.0.1:{port}"
        self._old = _address(*self._broker)
        self._new = _address("127.0.0.1", port)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._serve(reader, writer)
        except asyncio.CancelledError:
            pass  # The proxy closes; asyncio's streams would log it.
        finally:
            self._connections.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_connection(*self._broker)
        held: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        tasks = [
            asyncio.create_task(self._hold(reader, held)),
            asyncio.create_task(self._release(held, upstream_writer)),
            asyncio.create_task(self._answer(upstream_reader, writer)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            upstream_writer.close()

    async def _hold(
        self, reader: asyncio.StreamReader, held: "asyncio.Queue[tuple[float, bytes]]"
    ) -> None:
        clock = asyncio.get_running_loop().time
        async for frame in _frames(reader):
            api_key = int.from_bytes(frame[:2], "big")
            slow = self._api_keys is None or api_key in self._api_keys
            held.put_nowait((clock() + (self.delay_s if slow else 0.0), frame))

    async def _release(
        self, held: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter
    ) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            due, frame = await held.get()
            await asyncio.sleep(max(0.0, due - clock()))
            writer.write(len(frame).to_bytes(4, "big") + frame)
            await writer.drain()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for frame in _frames(reader):
            answer = frame.replace(self._old, self._new)
            writer.write(len(answer).to_bytes(4, "big") + answer)
            await writer.drain()


def _address(host: str, port: int) -> bytes:
    """How Kafka writes an address into its metadata (before the flexible versions)."""
    return len(host).to_bytes(2, "big") + host.encode() + port.to_bytes(4, "big")


async def _frames(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            size = int.from_bytes(await reader.readexactly(4), "big")
            yield await reader.readexactly(size)
