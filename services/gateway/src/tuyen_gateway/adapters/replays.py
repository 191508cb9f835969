"""Writes requests to replay what ingest has stored, and reads their progress, in the log."""

import asyncio
from collections.abc import Mapping, Sequence

from tuyen_events.codec import KeyedEvent, UnreadableEventError, read_event
from tuyen_events.event import Envelope
from tuyen_events.ids import OrganizationId, derive_event_id
from tuyen_events.limits import REPLAYS_AN_HOUR, REPLAYS_KEPT, REPLAYS_WAITING
from tuyen_events.replays import (
    ReplayEvent,
    ReplayProgressed,
    ReplayRequested,
    ReplayState,
    replay_key,
)
from tuyen_events.topics import REPLAYS
from tuyen_gateway.adapters.awaited_table import AwaitedTable
from tuyen_gateway.adapters.quotas import HourlyQuota
from tuyen_gateway.domain.heads import Heads
from tuyen_gateway.errors import TooManyAttemptsError
from tuyen_gateway.identity import SOURCE
from tuyen_gateway.ports.dead_letters import Replay
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.ports import Log, RecordPosition

_WAIT_S = 60


class ReplaysTable:
    """`Replays`, from the log."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._requests: dict[OrganizationId, dict[str, ReplayRequested]] = {}
        self._progress: dict[str, ReplayProgressed] = {}
        self._last: dict[str, tuple[int, int]] = {}
        """By replay, the partition and offset of its last record."""
        self._locks: dict[OrganizationId, asyncio.Lock] = {}
        self._hourly: HourlyQuota[OrganizationId] = HourlyQuota(
            REPLAYS_AN_HOUR, "Your organization reads too much again"
        )
        self.heads = Heads()
        self.table = AwaitedTable(log, REPLAYS, read_event, self._fold)

    async def ask(self, request: ReplayRequested) -> None:
        async with self._locks.setdefault(request.organization, asyncio.Lock()):
            waiting = [
                replay_id
                for replay_id in self._requests.get(request.organization, ())
                if not self._has_ended(replay_id)
            ]
            if len(waiting) >= REPLAYS_WAITING:
                raise TooManyAttemptsError(
                    f"{len(waiting)} replays of your organization wait or run: wait for them.",
                    _WAIT_S,
                )
            self._hourly.take(request.organization, 1, request.at)
            envelope = Envelope(
                id=derive_event_id(request.replay_id, request.type),
                source=SOURCE,
                subject=request.replay_id,
                time=request.at,
                data=request,
            )
            partition = partition_of(request.replay_id, REPLAYS.partitions)
            at = await self._log.append(REPLAYS, replay_key(request), envelope, partition=partition)
            await self.table.wait_until_folded(at)

    def find(self, organization: OrganizationId, replay_id: str) -> Replay | None:
        request = self._requests.get(organization, {}).get(replay_id)
        return None if request is None else Replay(request, self._progress.get(replay_id))

    def of(self, organization: OrganizationId) -> Sequence[Replay]:
        found = [
            Replay(request, self._progress.get(replay_id))
            for replay_id, request in self._requests.get(organization, {}).items()
            if request.letter is None
        ]
        return sorted(found, key=lambda one: one.request.at, reverse=True)

    def changed_after(
        self, organization: OrganizationId, heads: Mapping[int, int]
    ) -> Sequence[Replay]:
        def is_new(replay_id: str) -> bool:
            partition, offset = self._last[replay_id]
            return offset >= heads.get(partition, 0)

        return [one for one in self.of(organization) if is_new(one.request.replay_id)]

    async def wait_until_ended(self, replay_id: str, within_s: float) -> bool:
        return await self.table.wait_until(lambda: self._has_ended(replay_id), within_s)

    def _forget_oldest(self, requests: dict[str, ReplayRequested]) -> None:
        for replay_id in list(requests)[: max(len(requests) - REPLAYS_KEPT, 0)]:
            self._forget(requests, replay_id)

    def _forget(self, requests: dict[str, ReplayRequested], replay_id: str) -> None:
        if requests.pop(replay_id, None) is not None:
            self._progress.pop(replay_id, None)
            del self._last[replay_id]

    def _has_ended(self, replay_id: str) -> bool:
        progress = self._progress.get(replay_id)
        return progress is not None and progress.state is not ReplayState.RUNNING

    def _fold(self, record: KeyedEvent, position: RecordPosition) -> None:
        if isinstance(record.event, ReplayEvent):
            self.heads.advance(record.event.organization, position.partition, position.offset)
        match record.event:
            case ReplayRequested() as request:
                requests = self._requests.setdefault(request.organization, {})
                requests[request.replay_id] = request
                self._last[request.replay_id] = (position.partition, position.offset)
                self._forget_oldest(requests)
            case ReplayProgressed() as progress:
                # A process that had lost the replay may report later that it is still running.
                known = progress.replay_id in self._requests.get(progress.organization, {})
                if known and not self._has_ended(progress.replay_id):
                    self._progress[progress.replay_id] = progress
                    self._last[progress.replay_id] = (position.partition, position.offset)
            case None:
                organization, _, rest = record.key.partition("/")
                replay_id, _, progress_key = rest.partition("/")
                if not progress_key:
                    self._forget(self._requests.get(OrganizationId(organization), {}), replay_id)
            case other:
                raise UnreadableEventError(f"{other.type} is no event of a replay")
