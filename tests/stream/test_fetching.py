"""What aiokafka fetched, read by whole batches, is what its own reader gives."""

import gc
from dataclasses import dataclass, field
from weakref import ref

import pytest
from aiokafka.consumer.fetcher import FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from faust.types import TP

from tuyen_stream._fetching import Fetched

HERE = TP("topic", 0)
HEADERS = [("ce_type", b"a.b.v1")]


@dataclass
class Assignment:
    """The one partition of an assignment, as the fetcher sees it."""

    position: int
    paused: bool = False
    active: bool = True
    moves: list[int] = field(default_factory=list)

    def state_value(self, _tp: TP) -> "Assignment":
        return self

    def consumed_to(self, position: int) -> None:
        self.position = position
        self.moves.append(position)


def batch(base: int, *offsets: int, last: int | None = None, control: bool = False) -> bytes:
    """A record batch with records at `offsets`; the others were compacted away."""
    builder = BatchBuilder(100_000, 0)
    for offset in offsets:
        builder._builder.append(offset - base, 1_000, b"k%d" % offset, b"v", HEADERS)
    raw = bytearray(builder._build())
    raw[:8] = base.to_bytes(8, "big")
    if last is not None:
        raw[23:27] = (last - base).to_bytes(4, "big")
    if control:
        raw[21:23] = (0x20).to_bytes(2, "big")
    return bytes(raw)


def make_fetched(
    start: int, *batches: bytes, check_crcs: bool = False
) -> tuple[FetchResult, Assignment]:
    assignment = Assignment(start)
    records = PartitionRecords(
        HERE, MemoryRecords(b"".join(batches)), [], start, None, None, check_crcs, 0
    )
    result = FetchResult(HERE, assignment=assignment, partition_records=records, backoff=0)
    return result, assignment


LOG = (
    batch(0, 0, 1, 2),
    batch(3, 4, last=6),
    batch(7, 7, last=8, control=True),
    batch(9, 9, 10, 12, 13),
)


@pytest.mark.parametrize("most", [1, 2, 3, 4, 100, None])
@pytest.mark.parametrize("start", [0, 1, 5, 12])
def test_the_same_records_and_positions_as_aiokafkas_own_reader(
    start: int, most: int | None
) -> None:
    theirs, their_position = make_fetched(start, *LOG)
    ours, our_position = make_fetched(start, *LOG)
    Fetched()[HERE] = ours
    while theirs.has_more():
        expected = [(r.offset, r.key, r.value, list(r.headers)) for r in theirs.getall(most)]
        got = [(r.offset, r.key, r.value, list(r.headers)) for r in ours.getall(most)]
        if expected or got:
            assert got == expected
    assert not ours.has_more()
    assert our_position.position == their_position.position == 14


def test_nothing_is_returned_of_a_partition_that_was_sought_elsewhere() -> None:
    result, assignment = make_fetched(0, *LOG)
    Fetched()[HERE] = result
    assert [record.offset for record in result.getall(2)] == [0, 1]
    assignment.position = 9
    assert result.getall(2) == []
    assert not result.has_more()
    assert assignment.moves == [2]


def test_a_batch_that_was_damaged_on_its_way_is_refused() -> None:
    damaged = bytearray(LOG[0])
    damaged[-3] ^= 1
    result, _ = make_fetched(0, bytes(damaged), check_crcs=True)
    Fetched()[HERE] = result
    with pytest.raises(CorruptRecordException):
        result.getall(None)


@pytest.mark.parametrize("most", [2, None])
def test_what_was_fetched_is_freed_without_a_search_for_cycles(most: int | None) -> None:
    result, _ = make_fetched(0, *LOG)
    kept = Fetched()
    kept[HERE] = result
    fetch, batches = ref(result), ref(result._partition_records)
    gc.disable()
    try:
        result.getall(most)
        del kept, result
        assert fetch() is None
        assert batches() is None
    finally:
        gc.enable()
