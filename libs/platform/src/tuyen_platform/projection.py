"""The loop of a projection: read a batch, fold it into the view, save the position, commit.

The position of a view is the one in MongoDB, beside the view. When the position and the view are
dropped, the view is built again from the beginning; a view that is restored from a backup continues
from its position. The offsets that the group commits in Kafka only show the view's lag.

Decides INV6.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import structlog
from pymongo import UpdateOne

from tuyen_events.codec import UnknownTypeError, UnreadableEventError, decode_data, header
from tuyen_events.topic import Topic
from tuyen_platform.blame import is_away, is_the_records
from tuyen_platform.dead_letters import put_aside, send_to_dead_letters, skip
from tuyen_platform.kafka.ports import FetchedRecords, Log, Offsets, Record
from tuyen_platform.metrics import PROJECTED_EVENTS, PROJECTION_SECONDS
from tuyen_platform.mongodb import Database
from tuyen_platform.pacer import Pacer

Fold = Callable[[FetchedRecords], Awaitable[None]]
"""Returns once the view shows the whole batch. Repeating a batch or a part of it, also after later
batches, must change nothing: guard every write by the offsets that it has seen."""

POSITIONS = "positions"
"""The collection of `{_id: "<view>/<topic>/<partition>", offset: the next one to fold}`."""

_COMMIT_EVERY_S = 1.0
"""The group's offsets only show the lag, and the next batch would wait for their round trip."""
_FIRST_WAIT_S = 0.2
_LONGEST_WAIT_S = 5.0
_STUCK_S = 120.0

_log = structlog.get_logger()


class Positions(Protocol):
    """How far a view has read each partition."""

    async def load(self) -> Offsets:
        """The next offsets to fold; a partition that is missing was not begun."""
        ...

    async def save(self, offsets: Offsets) -> None:
        """Stores `offsets`. A position never goes back."""
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
        """Makes the view be folded from the beginning. Drop the view after this call, and let
        nobody fold meanwhile: events that are folded again into an existing view change nothing,
        and a view that is dropped without its positions stays empty."""
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


async def folded_up_to(positions: Positions, ends: Offsets) -> bool:
    """Whether a view shows everything before `ends` (by topic, as `Log.end_offsets` returns
    them)."""
    reached = await positions.load()
    return all(reached.get(place, 0) >= end for place, end in ends.items())


class ProjectionStatus:
    """The status of a projection's loop, for `Health`."""

    def __init__(self) -> None:
        self._turned = time.monotonic()
        self._waits_for: str | None = "its first batch"

    def turned(self) -> None:
        """A batch, perhaps an empty one, is folded."""
        self._turned = time.monotonic()
        self._waits_for = None

    def working(self) -> None:
        """Part of a batch is done: a batch of which many records go to the dead letters takes its
        time."""
        self._turned = time.monotonic()

    def waiting(self, reason: str) -> None:
        """The loop is retrying."""
        self._turned = time.monotonic()
        self._waits_for = reason

    def live(self) -> str | None:
        """A loop that neither folds nor retries is stuck."""
        silent = time.monotonic() - self._turned
        return f"the loop has not turned for {silent:.0f} s" if silent > _STUCK_S else None

    def ready(self) -> str | None:
        return f"waits for {self._waits_for}" if self._waits_for else None


async def run_projection(
    log: Log,
    *topics: Topic,
    service: str,
    view: str,
    group: str,
    positions: Positions,
    fold: Fold,
    apart_s: float,
    status: ProjectionStatus | None = None,
) -> None:
    """Keeps a view up to date until it is cancelled. The members of one `group` share the
    partitions. While there is always something new, batches are taken `apart_s` seconds apart.

    `fold` gets batches as they are in the log, each partition in order, at least once. They do not
    contain records that cannot be read: those go to the dead letters of `service` first, under an
    id that is derived from their position, and events of a type that this version does not know are
    counted and left out. They do contain tombstones.

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
        apart_s=apart_s,
        status=status or ProjectionStatus(),
    )
    while True:
        await loop.retry(lambda: loop.follow(topics, group))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loop:
    log: Log
    service: str
    view: str
    positions: Positions
    fold: Fold
    apart_s: float
    status: ProjectionStatus

    async def follow(self, topics: Sequence[Topic], group: str) -> None:
        async with self.log.subscribe(*topics, group=group, starts=self._starts) as subscription:
            committed_at = time.monotonic()
            pacer = Pacer(self.apart_s)
            await pacer.turn()
            async for batch in subscription.batches():
                if batch:
                    await self._take(batch)
                if not batch or time.monotonic() - committed_at > _COMMIT_EVERY_S:
                    await subscription.commit()
                    committed_at = time.monotonic()
                self.status.turned()
                await pacer.turn()

    async def retry(self, step: Callable[[], Awaitable[None]]) -> None:
        """Repeats `step` until nothing that it needs is unavailable."""
        wait = _FIRST_WAIT_S
        while True:
            try:
                return await step()
            except Exception as error:
                if not is_away(error):
                    raise
                self.status.waiting(str(error))
                _log.warning("projection_waits", view=self.view, error=str(error), wait_s=wait)
                await asyncio.sleep(wait)
                wait = min(2 * wait, _LONGEST_WAIT_S)

    async def _starts(self, committed: Offsets) -> Offsets:
        reached: dict[tuple[str, int], int] = {}

        async def load() -> None:
            reached.update(await self.positions.load())

        await self.retry(load)
        return {place: reached.get(place, 0) for place in committed}

    async def _take(self, batch: FetchedRecords) -> None:
        readable = {place: await self._readable(records) for place, records in batch.items()}
        ends = {place: records[-1].offset + 1 for place, records in batch.items()}
        with PROJECTION_SECONDS.labels(self.view).time():
            await self._fold(readable)
            await self.retry(partial(self.positions.save, ends))
        for (topic, _), records in readable.items():
            PROJECTED_EVENTS.labels(self.view, topic).inc(len(records))
            _log.info(
                "events_folded",
                view=self.view,
                topic=topic,
                event_ids=[_id(each) for each in records],
            )

    async def _fold(self, batch: FetchedRecords) -> None:
        """Folds all of `batch` except records that cannot be folded by themselves, which go to the
        dead letters. Each partition stays in order, and what an interrupted fold had stored already
        is skipped."""
        try:
            return await self.retry(partial(self.fold, batch))
        except Exception as error:  # whatever is wrong with one record must not stop the others
            records = [record for placed in batch.values() for record in placed]
            if not records or not is_the_records(error):
                raise
            if len(records) == 1:
                return await self._put_aside(records[0], error)
        middle = len(records) // 2
        for half in (records[:middle], records[middle:]):
            await self._fold(_by_place(half))

    async def _put_aside(self, record: Record, error: Exception) -> None:
        await self.retry(partial(put_aside, self.log, record, self.service, error))
        self.status.working()

    async def _readable(self, records: Sequence[Record]) -> Sequence[Record]:
        kept = []
        for record in records:
            try:
                if record.value is not None:
                    decode_data(record.headers, record.value)
            except UnknownTypeError as error:
                skip(record, self.service, error.reason)
            except UnreadableEventError as error:
                await self.retry(
                    partial(send_to_dead_letters, self.log, record, self.service, error.reason)
                )
            except Exception as error:  # whatever is wrong with one record must not stop the others
                await self._put_aside(record, error)
            else:
                kept.append(record)
        return kept


def _by_place(records: Iterable[Record]) -> FetchedRecords:
    batch: dict[tuple[str, int], list[Record]] = {}
    for record in records:
        batch.setdefault((record.topic, record.partition), []).append(record)
    return batch


def _id(record: Record) -> str:
    return (header(record.headers, "ce_id") or b"").decode("utf-8", "replace")
