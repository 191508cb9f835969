"""The loop of a projection: read a batch, fold it into the view, save the position, commit.

The position of a view is the one in MongoDB, beside the view. When the position and the view are
dropped, the view is built again from the beginning; a view that is restored from a backup continues
from its position. The offsets that the group commits in Kafka only show the view's lag.

Decides INV6.
"""

import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, Protocol

import structlog
from pymongo import UpdateOne

from tuyen_events.codec import KeyedEvent, find_header, read_event
from tuyen_events.event import Event
from tuyen_events.topic import Topic
from tuyen_platform.dead_letters import reject_or_raise
from tuyen_platform.error_causes import is_caused_by_record
from tuyen_platform.kafka.consumer import ConsumerStatus, consume
from tuyen_platform.kafka.ports import FetchedRecords, Log, Offsets, Record, RecordPosition
from tuyen_platform.metrics import PROJECTED_EVENTS, PROJECTION_SECONDS
from tuyen_platform.mongodb import Database
from tuyen_platform.retry import retry


class FoldedEvent(NamedTuple):
    """An event that a view shows, and its position in the log."""

    event: Event
    id: str
    position: RecordPosition


def find_event_type(record: Record) -> bytes | None:
    """The type of the event in a record, without decoding the event: for `wanted`."""
    return find_header(record.headers, "ce_type")


Fold = Callable[[Sequence[FoldedEvent]], Awaitable[None]]
"""Returns once the view shows the whole batch. Repeating a batch or a part of it, also after later
batches, must change nothing: guard every write by the offsets that it has seen."""

POSITIONS = "positions"
"""The collection of `{_id: "<view>/<topic>/<partition>", offset: the next one to fold}`."""

_COMMIT_EVERY_S = 1.0
"""The group's offsets only show the lag, and the next batch would wait for their round trip."""

_log = structlog.get_logger()


class Positions(Protocol):
    """How far a view has read each partition."""

    async def load(self) -> Offsets:
        """The next offsets to fold; a partition that is missing was not begun."""
        ...

    async def save(self, offsets: Offsets) -> None:
        """Stores `offsets`. A position never goes back."""
        ...

    async def forget(self) -> None:
        """Makes the view be folded from the beginning. Drop the view after this call, and let
        nobody fold meanwhile: events that are folded again into an existing view change nothing,
        and a view that is dropped without its positions stays empty."""
        ...


class MongoPositions:
    """The positions of one view, in the same database."""

    def __init__(self, database: Database, view: str) -> None:
        self._collection = database[POSITIONS]
        self._view = view

    async def load(self) -> Offsets:
        found: dict[tuple[str, int], int] = {}
        async for document in self._collection.find(self._own()):
            _, topic, partition = document["_id"].rsplit("/", 2)
            found[topic, int(partition)] = document["offset"]
        return found

    async def save(self, offsets: Offsets) -> None:
        if offsets:
            await self._collection.bulk_write(
                [
                    UpdateOne(
                        {"_id": f"{self._view}/{topic}/{partition}"},
                        {"$max": {"offset": offset}},
                        upsert=True,
                    )
                    for (topic, partition), offset in offsets.items()
                ],
                ordered=False,
            )

    async def forget(self) -> None:
        await self._collection.delete_many(self._own())

    def _own(self) -> dict[str, object]:
        return {"_id": {"$regex": f"^{re.escape(self._view)}/"}}


class InMemoryPositions:
    """Positions in memory; nothing is persisted."""

    def __init__(self) -> None:
        self.offsets: dict[tuple[str, int], int] = {}

    async def load(self) -> Offsets:
        return dict(self.offsets)

    async def save(self, offsets: Offsets) -> None:
        for place, offset in offsets.items():
            self.offsets[place] = max(offset, self.offsets.get(place, 0))

    async def forget(self) -> None:
        self.offsets.clear()


async def has_folded_up_to(positions: Positions, ends: Offsets) -> bool:
    """Whether a view shows everything before `ends` (by topic, as `Log.end_offsets` returns
    them)."""
    reached = await positions.load()
    return all(reached.get(place, 0) >= end for place, end in ends.items())


async def run_projection(
    log: Log,
    *topics: Topic,
    service: str,
    view: str,
    group: str,
    positions: Positions,
    fold: Fold,
    min_interval_s: float,
    status: ConsumerStatus | None = None,
    wanted: Callable[[Record], bool] | None = None,
    save_every_s: float = 0.0,
) -> None:
    """Keeps a view up to date until it is cancelled. The members of one `group` share the
    partitions. While there is always something new, batches are taken `min_interval_s` seconds
    apart.

    Where nobody waits for the view's position, `save_every_s` lets it be saved less often than
    after each batch; what was folded since then is folded again after a crash.

    `fold` gets the events in batches, each partition in the order of the log, at least once.
    Records that cannot be read go to the dead letters of `service` first, under an id that is
    derived from their position. Events of a type that this version does not know are counted and
    left out; tombstones are left out as well. A view of few of the events names them by `wanted`:
    other records are not even decoded.

    While MongoDB or Kafka is unavailable, or cannot write, the loop retries (after 0.2 to 5 s) and
    loses nothing. When `fold` raises an error that a record causes, the batch is folded in halves,
    and these in halves again: a record that raises alone goes to the dead letters, and the rest is
    folded (R9.5). When the machine itself lacks a resource, the loop ends without folding the
    batch, so that it is read again.
    """
    loop = _Loop(
        log=log,
        service=service,
        view=view,
        positions=positions,
        fold=fold,
        min_interval_s=min_interval_s,
        status=status or ConsumerStatus(),
        wanted=wanted,
        save_every_s=save_every_s,
    )
    while True:
        await loop.retry(partial(loop.follow, topics, group))


@dataclass(slots=True, kw_only=True)
class _Loop:
    log: Log
    service: str
    view: str
    positions: Positions
    fold: Fold
    min_interval_s: float
    status: ConsumerStatus
    wanted: Callable[[Record], bool] | None
    save_every_s: float
    unsaved: dict[tuple[str, int], int] = field(default_factory=dict)
    saved_at: float = 0.0

    async def follow(self, topics: Sequence[Topic], group: str) -> None:
        await consume(
            self.log,
            *topics,
            group=group,
            handle=self._take,
            starts=self._starts,
            status=self.status,
            min_interval_s=self.min_interval_s,
            commit_every_s=_COMMIT_EVERY_S,
        )

    async def retry(self, step: Callable[[], Awaitable[None]]) -> None:
        """Repeats `step` until nothing that it needs is unavailable."""
        await retry(
            step,
            log_as="projection_waits",
            about={"view": self.view},
            on_wait=self.status.note_waiting,
        )

    async def _starts(self, committed: Offsets) -> Offsets:
        reached: dict[tuple[str, int], int] = {}

        async def load() -> None:
            reached.update(await self.positions.load())

        await self.retry(load)
        return {place: reached.get(place, 0) for place in committed}

    async def _take(self, batch: FetchedRecords, _partitions: frozenset[tuple[str, int]]) -> bool:
        if not batch:
            await self._save()
            return True
        readable = [
            decoded
            for records in batch.values()
            for record in records
            if (self.wanted is None or self.wanted(record))
            and (decoded := await self._decode(record)) is not None
        ]
        ends = {place: records[-1].offset + 1 for place, records in batch.items()}
        with PROJECTION_SECONDS.labels(self.view).time():
            await self._fold(readable)
            self.unsaved.update(ends)
            if time.monotonic() - self.saved_at >= self.save_every_s:
                await self._save()
        folded: dict[tuple[str, int], list[str]] = {}
        for record, content in readable:
            folded.setdefault((record.topic, record.partition), []).append(content.id)
        for (topic, _), ids in folded.items():
            PROJECTED_EVENTS.labels(self.view, topic).inc(len(ids))
            _log.info("events_folded", view=self.view, topic=topic, event_ids=ids)
        return True

    async def _save(self) -> None:
        if self.unsaved:
            await self.retry(partial(self.positions.save, dict(self.unsaved)))
            self.unsaved.clear()
            self.saved_at = time.monotonic()

    async def _decode(self, record: Record) -> "_Decoded | None":
        """None for a record that cannot be read: see `reject_or_raise`."""
        try:
            return _Decoded(record, read_event(record.key, record.headers, record.value))
        except Exception as error:  # whatever is wrong with one record must not stop the others
            await self._reject(record, error)
            return None

    async def _fold(self, batch: Sequence["_Decoded"]) -> None:
        """Folds all of `batch` except records that cannot be folded by themselves, which go to the
        dead letters. Each partition stays in order, and what an interrupted fold had stored already
        is skipped."""
        events = [
            FoldedEvent(content.event, content.id, record.position)
            for record, content in batch
            if content.event is not None
        ]
        try:
            return await self.retry(partial(self.fold, events))
        except Exception as error:  # whatever is wrong with one record must not stop the others
            if not batch or not is_caused_by_record(error):
                raise
            if len(batch) == 1:
                return await self._reject(batch[0].record, error)
        middle = len(batch) // 2
        for half in (batch[:middle], batch[middle:]):
            await self._fold(half)

    async def _reject(self, record: Record, error: Exception) -> None:
        await self.retry(partial(reject_or_raise, self.log, record, self.service, error))
        self.status.note_progress()


class _Decoded(NamedTuple):
    record: Record
    content: KeyedEvent
