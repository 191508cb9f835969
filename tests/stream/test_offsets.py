"""Ranges have no gaps or overlaps, whatever is fetched and whenever it is acknowledged."""

from dataclasses import dataclass
from random import Random

from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from tuyen_stream._offsets import OffsetTracker

AT = TP("inbound", 3)


@dataclass(frozen=True)
class Fetched:
    offset: int
    key: bytes | None = b"k"
    value: bytes | None = b"v"
    headers: tuple[tuple[str, bytes], ...] = ()
    timestamp: int = 0


def make_fetched(*places: int) -> list[Fetched]:
    return [Fetched(offset) for offset in places]


def start_tracker(at: int = 10) -> OffsetTracker:
    offsets = OffsetTracker()
    offsets.begin({AT: at})
    return offsets


def test_a_batch_starts_where_the_last_one_ended() -> None:
    offsets = start_tracker()
    taken = offsets.take(AT, make_fetched(10, 11, 12))
    assert taken is not None
    start, batch = taken
    assert (start, batch.first_offset, batch.last_offset, len(batch.records)) == (10, 10, 12, 3)
    assert offsets.next_offset(AT) == 13


def test_records_that_were_handed_out_are_left_out() -> None:
    offsets = start_tracker()
    offsets.take(AT, make_fetched(10, 11, 12))
    taken = offsets.take(AT, make_fetched(11, 12, 13))
    assert taken is not None
    assert taken[1].first_offset == 13
    assert offsets.take(AT, make_fetched(12, 13)) is None


def test_a_jump_is_read_again_before_it_counts_as_a_hole() -> None:
    offsets = start_tracker()
    offsets.to_reread.clear()
    assert offsets.take(AT, make_fetched(15, 16)) is None
    assert offsets.to_reread == {AT}
    assert offsets.next_offset(AT) == 10

    found = offsets.take(AT, make_fetched(10, 11))
    assert found is not None, "the jump was a fetch that had been dropped"

    assert offsets.take(AT, make_fetched(15)) is None
    taken = offsets.take(AT, make_fetched(15))
    assert taken is not None, "the jump is a hole in the log"
    start, batch = taken
    assert (start, batch.first_offset) == (12, 15)


def test_trap_2_an_acknowledgement_that_overtakes_waits_for_the_earlier() -> None:
    offsets = start_tracker()
    offsets.take(AT, make_fetched(10, 11))
    offsets.take(AT, make_fetched(12, 13))
    offsets.acknowledge(offsets.assignment, AT, 12, 14)
    assert offsets.committable() == {}
    offsets.acknowledge(offsets.assignment, AT, 10, 12)
    assert offsets.committable() == {AT: 14}
    offsets.note_committed({AT: 14})
    assert offsets.committable() == {}


def test_what_was_handed_out_before_a_rebalance_is_void() -> None:
    offsets = start_tracker()
    offsets.take(AT, make_fetched(10, 11))
    before = offsets.assignment
    offsets.begin({AT: 10})
    offsets.acknowledge(before, AT, 10, 12)
    assert offsets.committable() == {}
    assert offsets.take(AT, make_fetched(10)) is not None


def test_every_partition_is_sought_to_its_start_when_an_assignment_begins() -> None:
    offsets = start_tracker()
    offsets.to_reread.clear()
    offsets.begin({AT: 7, TP("inbound", 4): 0})
    assert offsets.to_reread == {AT, TP("inbound", 4)}


def test_nothing_is_taken_of_a_partition_that_is_not_assigned() -> None:
    assert start_tracker().take(TP("inbound", 4), make_fetched(1)) is None


@given(
    st.lists(st.integers(min_value=0, max_value=3), min_size=1, max_size=30),
    st.integers(min_value=0, max_value=2**32),
)
def test_in_any_order_of_acknowledgements_the_done_part_has_no_gap(
    gaps: list[int], seed: int
) -> None:
    offsets = start_tracker(0)
    ranges: list[tuple[int, int]] = []
    offset = 0
    for gap in gaps:
        offset += gap
        taken = offsets.take(AT, make_fetched(offset)) or offsets.take(AT, make_fetched(offset))
        assert taken is not None
        start, batch = taken
        ranges.append((start, batch.last_offset + 1))
        offset += 1
    assert [start for start, _ in ranges] == [0, *[end for _, end in ranges[:-1]]]
    shuffled = list(ranges)
    Random(seed).shuffle(shuffled)  # noqa: S311  # a test's order, not a secret
    done: set[tuple[int, int]] = set()
    for start, end in shuffled:
        offsets.acknowledge(offsets.assignment, AT, start, end)
        done.add((start, end))
        prefix = 0
        while (following := [e for s, e in done if s == prefix]) != []:
            prefix = following[0]
        assert offsets.committable() == ({AT: prefix} if prefix else {})
