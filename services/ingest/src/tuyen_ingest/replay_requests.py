"""Carries out the replays that organizations request (P3, P4).

The consumer group of the topic `replays` assigns its partitions to ingest processes; each process
knows all requests and their progress from a global table. A process that loses a partition leaves
its replays as they are, and the next owner begins them again: the ids of what they write again are
the same.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

import msgspec
import structlog

from tuyen_events.codec import KeyedEvent, UnreadableEventError, read_event
from tuyen_events.event import Envelope
from tuyen_events.ids import OrganizationId, derive_event_id
from tuyen_events.limits import REPLAYS_AT_ONCE
from tuyen_events.replays import (
    ReplayProgressed,
    ReplayRequested,
    ReplayState,
    replay_key,
)
from tuyen_events.topics import REPLAYS
from tuyen_ingest.body_replay import ReplayResult, ReplaySelection, replay, replay_one
from tuyen_ingest.domain.pages import ReplayScope
from tuyen_ingest.identity import SERVICE, SOURCE
from tuyen_ingest.ingest import Ingest
from tuyen_ingest.stored_bodies import TimeRange, read_letter
from tuyen_platform.dead_letters import list_frames
from tuyen_platform.kafka.consumer import consume, follow_for_ever
from tuyen_platform.kafka.global_table import GlobalTable
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.ports import FetchedRecords, Log, RecordPosition
from tuyen_platform.retry import retry

GROUP = "ingest-replays"

_REFRESH_S = 5.0
_REPORT_EVERY_S = 1.0

_GONE = "It is not stored any more."
_UNEXPECTED = "An unexpected error stopped it; the operator's log has the cause."

_log = structlog.get_logger()


class ReplayTable:
    """The requests that have not ended."""

    def __init__(self, log: Log) -> None:
        self._requests: dict[str, ReplayRequested] = {}
        self.table = GlobalTable(log, REPLAYS, read_event, self._fold, service=SERVICE)

    def running(self, partitions: Iterable[int]) -> Mapping[str, ReplayRequested]:
        """Those of these partitions by their ids, the oldest first."""
        owned = frozenset(partitions)
        found = [
            (request.at, replay_id, request)
            for replay_id, request in self._requests.items()
            if partition_of(replay_id, REPLAYS.partitions) in owned
        ]
        return {replay_id: request for _, replay_id, request in sorted(found, key=_age)}

    def _fold(self, record: KeyedEvent, _position: RecordPosition) -> None:
        match record.event:
            case None:
                _, _, rest = record.key.partition("/")
                self._requests.pop(rest, None)
            case ReplayRequested() as request:
                self._requests[request.replay_id] = request
            case ReplayProgressed() as progress:
                if progress.state is not ReplayState.RUNNING:
                    self._requests.pop(progress.replay_id, None)
            case other:
                raise UnreadableEventError(f"{other.type} is no event of a replay")


def _age(one: tuple[object, str, ReplayRequested]) -> tuple[object, str]:
    return one[0], one[1]


async def run_replays(ingest: Ingest, log: Log, requests: ReplayTable) -> None:
    """Does this process's share until cancelled. Waits while Kafka is unavailable. A replay that
    raises an unexpected exception fails, and the others continue (R9.5)."""
    for table in (*ingest.tables, requests.table):
        await table.wait_until(partial(getattr, table, "is_caught_up"), None)
    async with asyncio.TaskGroup() as tasks:
        share = _Share(ingest, log, requests, tasks)
        await follow_for_ever(share.follow, log_as="replays_wait")


@dataclass
class _Share:
    """The replays of the partitions that this process has."""

    ingest: Ingest
    log: Log
    requests: ReplayTable
    tasks: asyncio.TaskGroup
    _running: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(REPLAYS_AT_ONCE))
    _of: dict[OrganizationId, asyncio.Lock] = field(default_factory=dict)

    async def follow(self) -> None:
        try:
            await consume(self.log, REPLAYS, group=GROUP, handle=self._turn)
        finally:
            self._leave(list(self._running))

    async def _turn(self, batch: FetchedRecords, partitions: frozenset[tuple[str, int]]) -> bool:
        if batch and not await self.requests.table.refresh(_REFRESH_S):
            return True  # the table will contain them at the next turn
        wanted = self.requests.running(partition for _, partition in partitions)
        self._running = {one: task for one, task in self._running.items() if not task.done()}
        self._leave([one for one in self._running if one not in wanted])
        for replay_id, request in wanted.items():
            if replay_id not in self._running:
                self._running[replay_id] = self.tasks.create_task(self._supervise(request))
        return True

    def _leave(self, replays: Iterable[str]) -> None:
        for replay_id in replays:
            self._running.pop(replay_id).cancel()

    async def _supervise(self, request: ReplayRequested) -> None:
        """Runs a replay, one of its organization at a time, and is its one supervisor."""
        lock = self._of.setdefault(request.organization, asyncio.Lock())
        async with lock, self._turns:
            about = {"replay_id": request.replay_id}
            step = partial(carry_out_replay, self.ingest, self.log, request)
            try:
                ended = await retry(step, log_as="replay_waits", about=about)
            except Exception as error:  # the supervisor of one replay: others must go on
                _log.error("replay_raised", **about, raised_at=list_frames(error))
                ended = _progress(self.ingest, request, ReplayResult(), ReplayState.FAILED)
                ended = msgspec.structs.replace(ended, detail=_UNEXPECTED)
            await retry(partial(_report, self.log, ended), log_as="replay_waits", about=about)
            await self.requests.table.wait_until(
                lambda: request.replay_id not in self.requests.running(range(REPLAYS.partitions)),
                _REFRESH_S,
            )


async def carry_out_replay(ingest: Ingest, log: Log, request: ReplayRequested) -> ReplayProgressed:
    """Reads what is requested again, and returns the last progress, which is not written yet. Can
    be repeated. Raises LogUnavailableError."""
    readers = ReplayScope(request.organization, request.page_id)
    place = request.letter
    if place is not None:
        letter = await read_letter(log, place.letter_id, place.partition, place.offset)
        if letter is None:
            failed = _progress(ingest, request, ReplayResult(), ReplayState.FAILED)
            return msgspec.structs.replace(failed, detail=_GONE)
        result = await replay_one(ingest, log, letter, readers, request.by)
        return _progress(ingest, request, result, ReplayState.DONE)
    reported_at = float("-inf")

    async def report(result: ReplayResult) -> None:
        nonlocal reported_at
        now = asyncio.get_running_loop().time()
        if now - reported_at >= _REPORT_EVERY_S:
            reported_at = now
            await _report(log, _progress(ingest, request, result, ReplayState.RUNNING))

    time_range = TimeRange(request.since, request.until)
    selection = ReplaySelection(what="raw", time_range=time_range, readers=readers)
    result = await replay(ingest, log, selection, report)
    return _progress(ingest, request, result, ReplayState.DONE)


def _progress(
    ingest: Ingest, request: ReplayRequested, result: ReplayResult, state: ReplayState
) -> ReplayProgressed:
    return ReplayProgressed(
        replay_id=request.replay_id,
        organization=request.organization,
        at=ingest.clock.now(),
        state=state,
        **result._asdict(),
    )


async def _report(log: Log, progress: ReplayProgressed) -> None:
    envelope = Envelope(
        id=derive_event_id(progress.replay_id, progress.type, progress.at.isoformat()),
        source=SOURCE,
        subject=progress.replay_id,
        time=progress.at,
        data=progress,
    )
    partition = partition_of(progress.replay_id, REPLAYS.partitions)
    await log.append(REPLAYS, replay_key(progress), envelope, partition=partition)
