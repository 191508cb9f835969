"""R9.6: of a table that another one has a snapshot of, only the tail of the changelog is read."""

from types import SimpleNamespace
from typing import Any

from faust.types import TP

from tuyen_stream._records import PartitionState, TableSpec
from tuyen_stream._recovery import BatchRecovery
from tuyen_stream._tables import PartitionedStore

FIRST, SECOND = TP("first-log", 3), TP("second-log", 3)


class _Tail:
    def __init__(self) -> None:
        self.last = -1

    def apply(self, records: Any) -> None:
        raise AssertionError("nothing is read here")

    def starts_at(self) -> int:
        return 40

    def on_recovered(self, last: int) -> None:
        self.last = last


def _recovery(state: PartitionState) -> tuple[BatchRecovery, PartitionedStore]:
    """A recovery as Faust begins it: the ends of the logs are known, and nothing is read."""
    store = PartitionedStore.__new__(PartitionedStore)
    store.states, store._last = {3: state}, {3: -1}
    specs = {
        FIRST: TableSpec("first", FIRST.topic, "one", lambda _: state),
        SECOND: TableSpec("second", SECOND.topic, "one", lambda _: state, recover_after="first"),
    }
    tables = {tp: SimpleNamespace(spec=spec, data=store) for tp, spec in specs.items()}
    recovery = BatchRecovery.__new__(BatchRecovery)
    recovery.tables = {table.spec.name: table for table in tables.values()}
    recovery.tp_to_table = tables
    recovery.active_offsets = {FIRST: -1, SECOND: -1}
    recovery.active_highwaters = {FIRST: 9, SECOND: 50}
    recovery._starts = {}
    recovery._awaiting = {
        tp: first for tp in tables if (first := recovery._find_awaited_by(tp)) is not None
    }
    return recovery, store


def test_r9_6_a_table_waits_for_the_one_that_it_is_recovered_after() -> None:
    recovery, _ = _recovery(_Tail())
    assert (recovery.awaits_another(FIRST), recovery.awaits_another(SECOND)) == (False, True)
    assert recovery.start_awaiting() == set()


def test_r9_6_it_is_read_from_the_offset_that_its_state_names() -> None:
    recovery, store = _recovery(_Tail())
    recovery.active_offsets[FIRST] = 9
    assert recovery.start_awaiting() == {SECOND}
    assert not recovery.awaits_another(SECOND)
    assert recovery.active_offsets[SECOND] == 39
    assert store._last[3] == 39
    assert recovery.start_awaiting() == set()


def test_r9_6_what_was_read_after_that_offset_is_not_read_again() -> None:
    """A rebalance came in between, and this worker kept the partition."""
    recovery, store = _recovery(_Tail())
    recovery.active_offsets = {FIRST: 9, SECOND: 45}
    store._last[3] = 45
    recovery.start_awaiting()
    assert recovery.active_offsets[SECOND] == 45
    assert store._last[3] == 45


def test_r9_6_a_state_knows_the_end_of_its_changelog() -> None:
    state = _Tail()
    _, store = _recovery(state)
    store.note_recovered_up_to(3, 50)
    assert state.last == 50
