"""All live streams of this gateway: opens them, follows the journal for them, and ends them."""

import asyncio
from collections import Counter
from collections.abc import Hashable
from typing import TypeVar

import msgspec
import structlog

from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.limits import (
    STREAM_STALLS_S,
    STREAMS,
    STREAMS_OF_AGENT,
    STREAMS_OF_ORGANIZATION,
)
from tuyen_gateway.domain.live import WHOLE, LivePosition, pack_place
from tuyen_gateway.errors import TooManyAttemptsError, UnavailableError
from tuyen_gateway.live.feed import LiveFeed
from tuyen_gateway.live.job_events import find_job_heads
from tuyen_gateway.live.positions import decrypt_position
from tuyen_gateway.live.recent import RecentChanges
from tuyen_gateway.live.sources import Sources
from tuyen_gateway.live.stream import LiveStream
from tuyen_gateway.ports.live import OpenStream, Recheck, Watch
from tuyen_gateway.ports.tables import WAIT_S
from tuyen_platform.metrics import LIVE_RESETS, LIVE_STREAMS
from tuyen_platform.retry import retry

_LOOK_EVERY_S = 0.1
"""How often the global tables are compared with what was sent."""

_BEAT_AFTER_S = 10.0
"""How often a stream gets a heartbeat, also between events; readers are promised 15 s."""

_RECHECK_EVERY_S = 5.0
"""How often a stream's token and its agent's rights are looked at if nothing else happens."""

_LOOKED_AFTER_AT_ONCE = 50
"""Streams that are looked after before other tasks get a turn: a token takes some 0.1 ms."""

_ABANDONED_AFTER_S = 2 * STREAM_STALLS_S
"""After how long a stream is forgotten whose reader takes nothing."""

CountedT = TypeVar("CountedT", bound=Hashable)

_log = structlog.get_logger()


class LiveHub:
    """`LiveStreams`."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._recent: RecentChanges | None = None
        """Null until the journal is followed."""
        self._feeds: dict[OrganizationId, tuple[LiveFeed, asyncio.Task[None]]] = {}
        self._streams: dict[int, LiveStream] = {}
        self._of_agent: Counter[tuple[OrganizationId, AgentId]] = Counter()
        self._of_organization: Counter[OrganizationId] = Counter()
        self._following = asyncio.Event()
        self._tasks: asyncio.TaskGroup | None = None
        self._ended = False
        """Whether the journal ended, and what follows the last change is unknown."""
        self._stopping = False

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                tasks.create_task(self._follow_for_ever())
                tasks.create_task(self._maintain())
        finally:
            self._tasks = None

    async def open(self, watch: Watch, recheck: Recheck, after: str | None) -> OpenStream:
        self._refuse_too_many(watch)
        recent = await self._wait_until_following()
        self._refuse_too_many(watch)
        if self._tasks is None or self._stopping:
            raise UnavailableError("This gateway is stopping: try again.")
        stream = self._make_stream(watch, recheck, after, recent)
        organization = watch.viewer.organization
        if organization not in self._feeds:
            feed = LiveFeed(watch.organization, self._sources, recent)
            self._feeds[organization] = (feed, self._tasks.create_task(feed.run()))
        self._streams[id(stream)] = stream
        self._of_agent[organization, watch.viewer.agent_id] += 1
        self._of_organization[organization] += 1
        LIVE_STREAMS.set(len(self._streams))
        self._feeds[organization][0].join(stream)
        return stream

    def close(self, stream: OpenStream) -> None:
        known = self._streams.pop(id(stream), None)
        if known is None:
            return
        known.end()
        organization, agent_id = known.watch.viewer.organization, known.watch.viewer.agent_id
        _subtract(self._of_agent, (organization, agent_id))
        _subtract(self._of_organization, organization)
        LIVE_STREAMS.set(len(self._streams))
        feed, task = self._feeds[organization]
        feed.leave(known)
        if not self._of_organization[organization]:
            del self._feeds[organization]
            task.cancel()

    def stop(self) -> None:
        self._stopping = True
        for stream in self._streams.values():
            stream.end()

    def _make_stream(
        self, watch: Watch, recheck: Recheck, after: str | None, recent: RecentChanges
    ) -> LiveStream:
        begin = self._now_of(watch, recent)
        position = None if after is None else self._read(watch, after)
        if position is not None:
            begin = msgspec.structs.replace(position, inbox=position.inbox or begin.inbox)
        stream = LiveStream(watch, recheck, begin, asyncio.get_running_loop().time())
        stream.needs_counts = position is not None
        if after is not None and position is None:
            LIVE_RESETS.labels("position").inc()
            stream.reset()
        return stream

    def _now_of(self, watch: Watch, recent: RecentChanges) -> LivePosition:
        """The position of a stream that begins now, after all that was committed by then."""
        organization = watch.organization
        heads = find_job_heads(self._sources, organization.id)
        return LivePosition(
            inbox=pack_place(recent.last._replace(items=WHOLE)),
            presence=self._sources.presence.heads.of(organization.id),
            jobs=heads.jobs,
            setup=organization.shown_setup,
            replays=heads.replays,
            reminders=self._sources.reminders.heads.of(organization.id),
        )

    def _refuse_too_many(self, watch: Watch) -> None:
        organization, agent_id = watch.viewer.organization, watch.viewer.agent_id
        if self._of_agent[organization, agent_id] >= STREAMS_OF_AGENT:
            detail = f"You have {STREAMS_OF_AGENT} live streams open: close one of them."
        elif self._of_organization[organization] >= STREAMS_OF_ORGANIZATION:
            detail = "Your organization has too many live streams open: try again later."
        elif len(self._streams) >= STREAMS:
            detail = "This gateway has too many live streams open: try again."
        else:
            return
        raise TooManyAttemptsError(detail, 5)

    async def _wait_until_following(self) -> RecentChanges:
        try:
            async with asyncio.timeout(WAIT_S):
                await self._following.wait()
        except TimeoutError:
            pass
        if self._recent is None:
            raise UnavailableError("This gateway does not follow the changes yet: try again.")
        return self._recent

    def _read(self, watch: Watch, after: str) -> LivePosition | None:
        """The position; None if it is not one of the organization's, or if what was fetched or sent
        by then looks different now: rights or names have changed."""
        organization = watch.organization
        position = decrypt_position(self._sources.cipher, organization.id, after)
        if position is None or position.setup != organization.shown_setup:
            return None
        return position

    async def _follow_for_ever(self) -> None:
        while True:
            await retry(self._follow, log_as="live_changes_wait")

    async def _follow(self) -> None:
        """Passes on all changes, from the last one on. Returns when the database ends the journal:
        then it is followed again from its present end."""
        recent = None if self._ended else self._recent
        changes = await self._sources.views.follow(None if recent is None else recent.last)
        if recent is None or changes.begin > recent.last:
            recent = self._recent = RecentChanges(changes.begin)
            for feed, _ in self._feeds.values():
                feed.restart(recent)
        self._ended = False
        self._following.set()
        async for entry in changes.entries():
            if entry is None or not recent.add(entry):
                continue
            if entry.organization in self._feeds:
                self._feeds[entry.organization][0].add(entry)
        self._ended = True
        _log.warning("live_changes_ended")

    async def _maintain(self) -> None:
        """Notices what the journal does not contain, and streams that have to be looked after."""
        rounds = round(1 / _LOOK_EVERY_S)
        while True:
            for _ in range(rounds):
                await asyncio.sleep(_LOOK_EVERY_S)
                for feed, _task in list(self._feeds.values()):
                    feed.wake_if_changed()
            for number, stream in enumerate(list(self._streams.values()), 1):
                await self._look_after_stream(stream)
                if number % _LOOKED_AFTER_AT_ONCE == 0:
                    await asyncio.sleep(0)

    async def _look_after_stream(self, stream: LiveStream) -> None:
        now = asyncio.get_running_loop().time()
        waited_s = now - stream.taken_at
        if waited_s >= _ABANDONED_AFTER_S:
            self.close(stream)
        elif now - stream.beaten_at >= _BEAT_AFTER_S:
            stream.send_heartbeat(now)
        if now - stream.checked_at >= _RECHECK_EVERY_S and not stream.ended:
            stream.checked_at = now
            feed, _ = self._feeds[stream.watch.viewer.organization]
            await feed.recheck(stream)


def _subtract(counter: Counter[CountedT], key: CountedT) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
