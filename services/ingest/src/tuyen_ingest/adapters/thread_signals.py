"""What happens in visitors' threads, from the present end of three topics: in memory only, and in
each process by itself."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from tuyen_events.codec import UnreadableEventError, read_event
from tuyen_events.ids import AgentId, ConversationId
from tuyen_events.limits import VIEWING_LASTS_S
from tuyen_events.outbound_topics import OUTBOUND_RESULTS
from tuyen_events.topics import ASSIGNMENTS, VIEWING
from tuyen_events.viewing import ConversationViewed
from tuyen_platform.clock import Clock
from tuyen_platform.kafka.ports import Log, Record
from tuyen_platform.retry import retry

_LASTS = timedelta(seconds=VIEWING_LASTS_S)


class _Watch:
    """ThreadWatch."""

    def __init__(self) -> None:
        self.changed = asyncio.Event()

    async def wait(self, within_s: float) -> bool:
        try:
            async with asyncio.timeout(within_s):
                await self.changed.wait()
        except TimeoutError:
            return False
        self.changed.clear()
        return True


class LogThreadSignals:
    """ThreadSignals. `run` has to run. What it remembers of agents who write is limited as what
    agents may say of that is (VIEWINGS_AN_HOUR), and forgotten after VIEWING_LASTS_S."""

    def __init__(self, log: Log, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._watches: dict[ConversationId, set[_Watch]] = {}
        self._typing: dict[ConversationId, dict[AgentId, datetime]] = {}
        """By agent who writes there, until when that counts."""
        self._forgotten_at = clock.now()
        self._stopping = False

    @property
    def stopping(self) -> bool:
        return self._stopping

    @contextmanager
    def watch(self, thread: ConversationId) -> Iterator[_Watch]:
        watch = _Watch()
        self._watches.setdefault(thread, set()).add(watch)
        try:
            yield watch
        finally:
            watches = self._watches[thread]
            watches.discard(watch)
            if not watches:
                del self._watches[thread]

    def notify(self, thread: ConversationId) -> None:
        for watch in self._watches.get(thread, ()):
            watch.changed.set()

    def is_typing(self, thread: ConversationId) -> bool:
        now = self._clock.now()
        return any(until > now for until in self._typing.get(thread, {}).values())

    def stop(self) -> None:
        """Ends all waiting."""
        self._stopping = True
        for thread in self._watches:
            self.notify(thread)

    async def run(self) -> None:
        """Follows the topics until cancelled."""
        await retry(self._follow, log_as="thread_signals_wait")

    async def _follow(self) -> None:
        topics = (OUTBOUND_RESULTS, ASSIGNMENTS, VIEWING)
        async with self._log.tail(*topics, from_start=False) as tail:
            async for batch in tail.batches():
                for (topic, _), records in batch.items():
                    for record in records:
                        if topic == VIEWING.name:
                            self._note_viewing(record)
                        else:
                            self.notify(_read_thread(record))

    def _note_viewing(self, record: Record) -> None:
        try:
            event = read_event(record.key, record.headers, record.value).event
        except UnreadableEventError:
            return  # the gateways report it
        if not isinstance(event, ConversationViewed):
            return
        now = self._clock.now()
        if now - self._forgotten_at >= _LASTS:
            self._forget(now)
        was_typing = self.is_typing(event.conversation_id)
        writers = self._typing.setdefault(event.conversation_id, {})
        writers.pop(event.agent_id, None)
        if event.typing:
            writers[event.agent_id] = min(event.at, now) + _LASTS
        if not writers:
            del self._typing[event.conversation_id]
        if self.is_typing(event.conversation_id) != was_typing:
            self.notify(event.conversation_id)

    def _forget(self, now: datetime) -> None:
        self._forgotten_at = now
        for thread, writers in list(self._typing.items()):
            for agent in [agent for agent, until in writers.items() if until <= now]:
                del writers[agent]
            if not writers:
                del self._typing[thread]


def _read_thread(record: Record) -> ConversationId:
    """The conversation that a record is about, which is its key."""
    return ConversationId((record.key or b"").decode("utf-8", "replace"))
