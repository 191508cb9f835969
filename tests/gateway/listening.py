"""Live streams over ASGI: what an HTTP client would read, as it is sent."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from gateway.rig import DEADLINE_S, Rig, User
from support.live import Json, LiveEvent, parse_events
from tuyen_gateway.api.app import create_app


@dataclass
class Listener:
    """One open stream."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    events: list[LiveEvent] = field(default_factory=list)
    ended: bool = False
    reading: bool = True
    """A slow reader takes nothing while this is false."""
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)
    _read: int = 0

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {key.decode(): value.decode() for key, value in message["headers"]}
        else:
            while not self.reading:  # noqa: ASYNC110 - polled
                await asyncio.sleep(0.01)
            self.body += message["body"]
            self.ended = not message.get("more_body", False)
            whole, mark, _ = self.body.rpartition(b"\n\n")
            self.events = parse_events(whole + mark) if self.status == 200 else []
        async with self._arrived:
            self._arrived.notify_all()

    async def receive(self) -> Any:
        if not self.gone.is_set() and self.status == 0:
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def until(self, kind: str, holds: Callable[[Json], bool] = lambda _: True) -> LiveEvent:
        """The next event of a kind; those before it are skipped."""
        return await self._find(kind, holds)

    async def ever(self, kind: str, holds: Callable[[Json], bool]) -> LiveEvent:
        """An event of a kind, among those that were skipped too."""
        for event in self.events[: self._read]:
            if event.kind == kind and holds(event.data):
                return event
        return await self._find(kind, holds)

    async def _find(self, kind: str, holds: Callable[[Json], bool]) -> LiveEvent:
        async with asyncio.timeout(DEADLINE_S), self._arrived:
            while True:
                await self._arrived.wait_for(lambda: self.ended or len(self.events) > self._read)
                while self._read < len(self.events):
                    event = self.events[self._read]
                    self._read += 1
                    if event.kind == kind and holds(event.data):
                        return event
                assert not self.ended, f"the stream ended without {kind}"

    async def wait_for_end(self) -> None:
        async with asyncio.timeout(DEADLINE_S), self._arrived:
            await self._arrived.wait_for(lambda: self.ended)

    async def wait_for(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S), self._arrived:
            await self._arrived.wait_for(holds)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]


@asynccontextmanager
async def listening(
    rig: Rig,
    user: User,
    after: str | None = None,
    last: str | None = None,
    *,
    by_cookie: bool = False,
) -> AsyncIterator[Listener]:
    """A stream that is open until the block is left; `last` is sent as `Last-Event-ID`."""
    listener = Listener()
    headers = [(b"authorization", f"Bearer {user.token}".encode())]
    if by_cookie:
        headers = [(b"cookie", f"tuyen_access={user.token}".encode())]
    if last is not None:
        headers.append((b"last-event-id", last.encode()))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/v1/events",
        "raw_path": b"/v1/events",
        "root_path": "",
        "query_string": b"" if after is None else urlencode({"after": after}).encode(),
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("gateway", 80),
    }
    app = create_app(rig.gateway)
    task = asyncio.create_task(app(scope, listener.receive, listener.send))
    try:
        await listener.wait_for(lambda: bool(listener.body))
        yield listener
    finally:
        listener.gone.set()
        listener.reading = True
        await asyncio.wait([task], timeout=DEADLINE_S)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
