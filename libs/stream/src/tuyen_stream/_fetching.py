"""Reads fetched record batches as a whole instead of record by record.

aiokafka's reader takes each record from a generator and copies it into a frozen dataclass, which
costs 3.5 µs; the C parser that it reads from costs 1 µs. A stage needs no more than a
`ConsumedRecord`, and the parser's own records already are that.
"""

from collections import OrderedDict
from typing import Any
from weakref import ref

from aiokafka.consumer.fetcher import FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException

from tuyen_stream._records import ConsumedRecord


class Fetched(OrderedDict[Any, Any]):
    """The results that a fetcher buffers for each partition, read by whole batches."""

    def __setitem__(self, tp: Any, result: Any) -> None:
        if type(result) is FetchResult:
            result.getall = _Reading(result).getall
        super().__setitem__(tp, result)


class _Reading:
    """Replaces `FetchResult.getall` for one fetch of one partition, with the same guarantees.

    Neither this object nor aiokafka's own generator, which is never exhausted any more, may keep
    the result in a reference cycle: cycles are collected so rarely that the recovery of a million
    customers would keep everything that it fetched, a gigabyte.
    """

    def __init__(self, result: FetchResult) -> None:
        self._result = ref(result)
        result._partition_records._records_iterator = None
        self._batch: list[ConsumedRecord] = []
        """The batch that is being read, in log order."""
        self._taken = 0
        self._after_batch = 0

    def getall(self, max_records: int | None = None) -> list[ConsumedRecord]:
        """The next records, at most so many; moves the position to after them. Returns nothing if
        the partition was paused, sought elsewhere or revoked meanwhile."""
        result = self._result()
        if result is None or not (
            result.has_more() and result.check_assignment(result._topic_partition)
        ):
            return []
        fetched: PartitionRecords = result._partition_records
        records: list[ConsumedRecord] = []
        while max_records is None or len(records) < max_records:
            if self._taken == len(self._batch) and not self._next_batch(fetched):
                result._update_position()
                result._partition_records = None
                return records
            most = None if max_records is None else self._taken + max_records - len(records)
            part = self._batch[self._taken : most]
            self._taken += len(part)
            records += part
            done = self._taken == len(self._batch)
            fetched.next_fetch_offset = self._after_batch if done else part[-1].offset + 1
        result._update_position()
        return records

    def _next_batch(self, fetched: PartitionRecords) -> bool:
        """Move to the next batch that contains records to read; False when there is none."""
        while fetched._records.has_next():
            batch = fetched._records.next_batch()
            if fetched._check_crcs and not batch.validate_crc():
                raise CorruptRecordException(f"Invalid CRC - {fetched._tp}")
            start, fetched.next_fetch_offset = fetched.next_fetch_offset, batch.next_offset
            if batch.is_control_batch:
                continue
            self._batch = list(batch)
            self._taken = 0
            self._after_batch = batch.next_offset
            if self._batch and self._batch[0].offset < start:
                self._batch = [record for record in self._batch if record.offset >= start]
            if self._batch:
                return True
        self._batch = []
        self._taken = 0
        return False
