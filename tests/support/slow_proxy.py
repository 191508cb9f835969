"""A server behind a bad network: a TCP proxy in front of a real broker or database."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

PRODUCE = 0
"""Kafka's api key of a produce request."""


class SlowProxy:
    """Forwards to a broker on 127.0.0.1 and holds requests back, in order, for a while.

    Requests are held, not answers: what the client believes to be sent has not arrived. When the
    client goes away, what is held is dropped, as if the network had lost it. The broker's address
    in its answers is replaced by the proxy's, so that clients stay with it.
    """

    def __init__(
        self,
        bootstrap: str,
        delay_s: float,
        *,
        api_keys: frozenset[int] | None = None,
        port: int = 0,
    ) -> None:
        """Hold back requests of the given api keys, of all when there are none. Listens on `port`,
        on any free one when it is 0."""
        self._api_keys = api_keys
        self.delay_s = delay_s
        """May be changed at any time, for the requests that come from then on."""
        self.deaf = False
        """While set, the server does what it is told and its answers are lost."""
        self.bootstrap = ""
        self._port = port
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self.move(bootstrap)

    async def __aenter__(self) -> Self:
        await self.listen()
        self.bootstrap = f"127.0.0.1:{self._port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.refuse()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def listen(self) -> None:
        """Takes connections, again on the same port after `refuse`."""
        if self._server is not None and self._server.is_serving():
            return
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    def refuse(self) -> None:
        """Takes no connections any more, and breaks those that stand."""
        if self._server is not None:
            self._server.close()
        self.cut()

    def move(self, bootstrap: str) -> None:
        """The server is at this address from now on; connections to where it was are cut."""
        host, port = bootstrap.rsplit(":", 1)
        self._upstream = (host, int(port))
        self.cut()

    def cut(self) -> None:
        """Breaks every connection; what was under way in either direction is lost."""
        for task in self._connections:
            task.cancel()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._serve(reader, writer)
        except (asyncio.CancelledError, OSError):
            pass  # The connection is cut, or nobody listens; asyncio's streams would log it.
        finally:
            self._connections.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_connection(*self._upstream)
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
        async for frame in self._frames(reader):
            held.put_nowait((clock() + (self.delay_s if self._is_slow(frame) else 0.0), frame))

    async def _release(
        self, held: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter
    ) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            due, frame = await held.get()
            await asyncio.sleep(max(0.0, due - clock()))
            writer.write(frame)
            await writer.drain()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for frame in self._frames(reader):
            if not self.deaf:
                writer.write(self._readdress(frame))
                await writer.drain()

    def _is_slow(self, frame: bytes) -> bool:
        return self._api_keys is None or int.from_bytes(frame[4:6], "big") in self._api_keys

    def _readdress(self, frame: bytes) -> bytes:
        return frame.replace(_address(*self._upstream), _address("127.0.0.1", self._port))

    async def _frames(self, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
        """Kafka's: a length, and so many bytes."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readexactly(4)
                yield head + await reader.readexactly(int.from_bytes(head, "big"))


class SlowMongoDB(SlowProxy):
    """The same in front of a MongoDB. Clients must be told `directConnection=true`: a member of a
    replica set says where it really is."""

    def _is_slow(self, frame: bytes) -> bool:
        return True

    def _readdress(self, frame: bytes) -> bytes:
        return frame

    async def _frames(self, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
        """MongoDB's: a length that counts itself, and the rest of so many bytes."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readexactly(4)
                yield head + await reader.readexactly(int.from_bytes(head, "little") - 4)


def _address(host: str, port: int) -> bytes:
    """How Kafka writes an address into its metadata (before the flexible versions)."""
    return len(host).to_bytes(2, "big") + host.encode() + port.to_bytes(4, "big")
