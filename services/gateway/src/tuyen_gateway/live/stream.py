"""One open stream: what waits for its reader, and what is known of its watcher."""

import asyncio
from collections import deque
from collections.abc import Callable

from tuyen_events.limits import STREAM_BYTES
from tuyen_gateway.domain.live import LivePosition
from tuyen_gateway.live.frames import HEARTBEAT
from tuyen_gateway.ports.live import Recheck, Watch
from tuyen_gateway.ports.views import InboxCounts

_OPENED = b": open\n\n"
"""Sent at once, so that the reader knows that the stream is open."""

_PART_BYTES = 32 * 1024
"""About how much is taken at once. Events that wait are shared by all streams that get them; a part
is a copy for one reader, who may be slow."""


class LiveStream:
    """`OpenStream`.

    A reader who takes less than is sent loses events: then everything that waits is dropped, also
    what follows, until the reader takes a `reset`, after which it has to fetch again. So a slow
    reader needs no more than STREAM_BYTES, and no other stream waits for it.
    """

    def __init__(self, watch: Watch, recheck: Recheck, after: LivePosition, now: float) -> None:
        self.watch = watch
        self.recheck = recheck
        self.after = after
        """From where it begins."""
        self.counts: InboxCounts | None = None
        """What the watcher's client knows of the counts, once they were sent."""
        self.needs_counts = False
        """Whether they have to be read and sent."""
        self.included: frozenset[str] = frozenset()
        """Entries that are still to come and that `counts` include."""
        self.taken_at = self.checked_at = self.beaten_at = now
        self.build_reset: Callable[[], bytes] = bytes
        """Builds the event that asks the reader to fetch again, with the present position."""
        self._waiting: deque[bytes] = deque([_OPENED])
        self._bytes = len(_OPENED)
        self._lost = False
        self._ended = False
        self._woken = asyncio.Event()

    @property
    def ended(self) -> bool:
        return self._ended

    def send(self, event: bytes) -> None:
        """Adds an event, unless the reader has to fetch again anyway."""
        if self._lost or self._ended:
            return
        self._waiting.append(event)
        self._bytes += len(event)
        if self._bytes > STREAM_BYTES:
            self.reset()
        self._woken.set()

    def reset(self) -> None:
        """Makes the reader fetch again."""
        self._waiting.clear()
        self._bytes = 0
        self._lost = not self._ended
        self._woken.set()

    def send_heartbeat(self, now: float) -> None:
        """Adds a heartbeat if nothing else waits."""
        if not self._waiting and not self._lost:
            self.beaten_at = now
            self._waiting.append(HEARTBEAT)
            self._bytes += len(HEARTBEAT)
            self._woken.set()

    def end(self) -> None:
        """The reader gets what waits, and no more."""
        self._ended = True
        self._woken.set()

    async def take(self) -> bytes:
        while not (self._waiting or self._lost or self._ended):
            self._woken.clear()
            await self._woken.wait()
        self.taken_at = asyncio.get_running_loop().time()
        if self._lost and not self._ended:
            self._lost = False
            return self.build_reset()
        return self._take_part()

    def _take_part(self) -> bytes:
        part: list[bytes] = []
        size = 0
        while self._waiting and size < _PART_BYTES:
            part.append(self._waiting.popleft())
            size += len(part[-1])
        self._bytes -= size
        return b"".join(part)
