"""The worker's state, in the compacted topic `outbound-state`.

There is one record for each request that is not settled, and for some time for each one that is,
and one for each partition with the offset up to which requests are in the state.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
import structlog

from tuyen_events.outbound_topics import OUTBOUND_STATE
from tuyen_outbound.domain.open_requests import OpenRequests
from tuyen_outbound.domain.requests import ClosedRequest, StoredRequest
from tuyen_outbound.identity import SERVICE
from tuyen_platform.dead_letters import reject_or_raise
from tuyen_platform.kafka.ports import (
    FetchedRecords,
    Log,
    LogUnavailableError,
    ProducerRecord,
    Record,
)
from tuyen_platform.kafka.sole_writer import SoleWriter

_ACCEPTED = "cursor"
"""The key of the record of a partition; the keys of requests have a prefix."""
_REQUEST = "request/"

_AT_ONCE = 2_000
"""How many records are written at once."""

_GATHERING_TURNS = 3
"""For how many turns of the event loop a write waits for more changes. It takes some microseconds.
A request that is accepted is in its conversation's task within two turns, so that `waiting` and
`calling` are written together: one round trip to Kafka instead of two before each call."""

_log = structlog.get_logger()


class AcceptedOffset(msgspec.Struct, frozen=True, kw_only=True, tag="cursor"):
    """The offset of the last record of `outbound` whose content is in the state; -1 before the
    first. Its names in the topic are older than the word."""

    accepted: int = msgspec.field(name="handled")


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(StoredRequest | ClosedRequest | AcceptedOffset).decode

RequestState = StoredRequest | ClosedRequest


def elapsed_time() -> float:
    """Seconds, including the time for which the process or the machine was suspended."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


@dataclass(slots=True)
class _Write:
    """Records that are written together, and partitions of which it is checked afterwards that
    nobody else wrote to them. The result is when that began."""

    records: list[ProducerRecord] = field(default_factory=list)
    checked: set[int] = field(default_factory=set)
    done: "asyncio.Future[float]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


@dataclass(slots=True)
class _Found:
    """What is in one partition: of each key the newest record, and whether it is the last one. The
    last record of a key may be one that a worker wrote after it had lost the partition."""

    accepted: int | None = None
    newest: dict[str, RequestState | None] = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)
    is_last: dict[str, bool] = field(default_factory=dict)


class RequestStates:
    """The state of the partitions that this worker owns, and is the only one to write
    (`SoleWriter`).

    `requests` is the state in memory, which each change reaches at once. Changes are written in the
    order in which they are made, many at a time. A write that fails ends all further ones: the
    state in memory is then worthless, and has to be recovered.
    """

    def __init__(self, log: Log, working: Callable[[], None]) -> None:
        """`working` is called for each part of a recovery, which may take minutes."""
        self._log = log
        self._working = working
        self._writer = SoleWriter(log, OUTBOUND_STATE)
        self._pending = asyncio.Event()
        self._next: _Write | None = None
        self._writing = False
        self._ended: BaseException | None = None
        self._accepted: dict[int, int] = {}
        self.requests = OpenRequests()

    async def recover(self, partitions: Collection[int]) -> Mapping[int, int | None]:
        """Reads the state of `partitions`, and claims them: a worker that had one of them before
        notices it at its next write. Returns by partition the offset up to which requests are in
        the state, and None where there was no state yet."""
        found = {partition: _Found() for partition in partitions}

        async def take(batch: FetchedRecords) -> None:
            for (_, partition), records in batch.items():
                for record in records if partition in found else ():
                    await self._take(record, found[partition])
            self._working()

        await self._writer.recover(take)
        corrected: list[ProducerRecord] = []
        for partition, content in found.items():
            corrected += self._restore(partition, content)
            self._accepted[partition] = -1 if content.accepted is None else content.accepted
            corrected.append(_build_accepted_record(partition, self._accepted[partition]))
        for start in range(0, len(corrected), _AT_ONCE):
            part = corrected[start : start + _AT_ONCE]
            self._writer.check(await self._log.append_all(part))
            self._working()
        _log.info("outbound_recovered", partitions=len(found), requests=len(self.requests))
        return {partition: content.accepted for partition, content in found.items()}

    async def run(self) -> None:
        """Writes what is saved, until cancelled. Raises what a write raises."""
        try:
            while True:
                await self._pending.wait()
                for _ in range(_GATHERING_TURNS):
                    await asyncio.sleep(0)
                self._pending.clear()
                write, self._next = self._next, None
                if write is not None:
                    self._writing = True
                    await self._write(write)
                    self._writing = False
        except BaseException as error:
            self._ended = error
            if self._next is not None and not self._next.done.done():
                self._next.done.set_exception(_build_interruption())
                self._next.done.exception()
            raise

    def find_accepted(self, partition: int) -> int:
        """The offset of the last record of `outbound` whose content is in the state."""
        return self._accepted[partition]

    def accept(
        self, added: Collection[tuple[int, StoredRequest]], accepted: Mapping[int, int]
    ) -> Awaitable[object]:
        """Adds new requests, and the offsets up to which all are added. They are in memory when
        this returns, so their calls can be prepared; the caller awaits what it returns, until they,
        and everything that was changed before, are acknowledged."""
        records: list[ProducerRecord] = []
        for partition, stored in added:
            record = _build_request_record(partition, stored.id, stored)
            records.append(record)
            self.requests.add(partition, stored, len(record.value or b""))
        for partition, offset in accepted.items():
            self._accepted[partition] = max(self._accepted[partition], offset)
            records.append(_build_accepted_record(partition, self._accepted[partition]))
        return asyncio.shield(self._put(records))

    async def save(self, stored: StoredRequest) -> float:
        """Returns once the changed request is acknowledged: the `elapsed_time` at which the record
        was sent, when nobody else had claimed the partition."""
        partition = self.requests.find_partition(stored.id)
        if partition is None:
            raise KeyError(stored.id)
        self.requests.replace(stored)
        return await self._enqueue([_build_request_record(partition, stored.id, stored)])

    async def close(
        self, request_id: str, until: datetime, external_ids: tuple[str, ...] = ()
    ) -> None:
        """Returns once it is acknowledged that the request is settled. Has no effect if it is
        already."""
        stored = self.requests.find_any(request_id)
        partition = self.requests.find_partition(request_id)
        if stored is None or partition is None:
            return
        closed = stored.close(until, external_ids)
        self.requests.close(partition, request_id, closed)
        await self._enqueue([_build_request_record(partition, request_id, closed)])

    async def remember(self, partition: int, request_id: str, until: datetime) -> None:
        """Returns once it is acknowledged that a request is settled that was never accepted. Has no
        effect on one that was."""
        if self.requests.is_known(partition, request_id):
            return
        closed = ClosedRequest(step=0, until=until)
        self.requests.close(partition, request_id, closed)
        await self._enqueue([_build_request_record(partition, request_id, closed)])

    async def forget(self, now: datetime, unknown_before: datetime) -> None:
        """Removes what need not be remembered any more."""
        forgotten = self.requests.forget(now, unknown_before)
        if forgotten:
            await self._enqueue([_build_request_record(*each, None) for each in forgotten])

    async def flush(self) -> None:
        """Returns once everything that was changed so far is acknowledged."""
        if self._next is not None or self._writing:
            await self._enqueue([])

    async def require_only_writer(self, partitions: Set[int]) -> None:
        """Raises LogUnavailableError if another worker has claimed one of `partitions` since this
        worker recovered it and last wrote to it."""
        await self._enqueue([], partitions & self._accepted.keys())

    async def _enqueue(
        self, records: Sequence[ProducerRecord], checked: Set[int] = frozenset()
    ) -> float:
        return await asyncio.shield(self._put(records, checked))

    def _put(
        self, records: Sequence[ProducerRecord], checked: Set[int] = frozenset()
    ) -> "asyncio.Future[float]":
        """Adds records to the next write."""
        if self._ended is not None:
            raise _build_interruption()
        if self._next is None:
            self._next = _Write()
        write = self._next
        write.records += records
        write.checked |= checked
        self._pending.set()
        return write.done

    async def _write(self, write: _Write) -> None:
        sent_at = elapsed_time()
        try:
            for start in range(0, len(write.records), _AT_ONCE):
                part = write.records[start : start + _AT_ONCE]
                self._writer.check(await self._log.append_all(part))
            if write.checked:
                await self._writer.check_ends(write.checked)
        except BaseException as error:
            is_error = isinstance(error, Exception)
            write.done.set_exception(error if is_error else _build_interruption())
            write.done.exception()  # whoever waited may be gone
            raise
        write.done.set_result(sent_at)

    async def _take(self, record: Record, found: _Found) -> None:
        try:
            key = (record.key or b"").decode()
            content = None if record.value is None else _decode(record.value)
        except Exception as error:  # one record must not stop the others
            return await reject_or_raise(self._log, record, SERVICE, error)
        if isinstance(content, AcceptedOffset):
            found.accepted = max(content.accepted, -1 if found.accepted is None else found.accepted)
            return
        if not key.startswith(_REQUEST):
            return
        before = found.newest.get(key)
        if content is None:
            found.newest[key], found.is_last[key] = None, True
        elif content.step <= found.steps.get(key, -1):
            found.is_last[key] = before == content  # of two with one step, only the first counts
        else:
            found.newest[key], found.is_last[key] = content, True
            found.steps[key] = content.step

    def _restore(self, partition: int, found: _Found) -> list[ProducerRecord]:
        """Puts what was found into memory. Returns the records whose keys have a later record that
        does not count, to be written again."""
        overwritten: list[ProducerRecord] = []
        for key, state in found.newest.items():
            request_id = key.removeprefix(_REQUEST)
            if not found.is_last[key]:
                overwritten.append(_build_request_record(partition, request_id, state))
            match state:
                case StoredRequest():
                    self.requests.add(partition, state, len(_encode(state)))
                case ClosedRequest():
                    self.requests.close(partition, request_id, state)
                case None:
                    pass
        return overwritten


def _build_request_record(
    partition: int, request_id: str, state: RequestState | None
) -> ProducerRecord:
    value = None if state is None else _encode(state)
    return ProducerRecord(OUTBOUND_STATE, f"{_REQUEST}{request_id}", value, (), partition)


def _build_accepted_record(partition: int, accepted: int) -> ProducerRecord:
    return ProducerRecord(
        OUTBOUND_STATE, _ACCEPTED, _encode(AcceptedOffset(accepted=accepted)), (), partition
    )


def _build_interruption() -> LogUnavailableError:
    return LogUnavailableError("the state of the requests is written no more: it is read again")
