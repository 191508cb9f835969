"""Where reading and acknowledging stand in each input partition. Pure bookkeeping."""

from collections.abc import Iterable, Mapping, Sequence

from faust.types import TP

from tuyen_stream._records import Batch, ConsumedRecord


class OffsetTracker:
    """The next offset to hand to a stage, and the next to commit, per input partition.

    Ranges of offsets are handed out without a gap and without an overlap, and what may be
    committed only moves over ranges that are acknowledged without a gap: an acknowledgement that
    overtakes an earlier one waits for it (trap 2).
    """

    def __init__(self) -> None:
        self.assignment = 0
        """Grows with every change of the assignment; what belongs to an older one is void."""
        self.to_reread: set[TP] = set()
        """Partitions whose fetcher stands elsewhere than `next_offset`."""
        self._next: dict[TP, int] = {}
        self._done: dict[TP, int] = {}
        self._committed: dict[TP, int] = {}
        self._early: dict[TP, dict[int, int]] = {}
        self._holes: dict[TP, tuple[int, int]] = {}

    def begin(self, starts: Mapping[TP, int]) -> None:
        """Start over with an assignment, each partition at its committed or first offset.

        Wherever the fetcher stands, it has to be brought there: a fetch of before may still move
        it, and one that is dropped without seeking back leaves a tail that is never handled.
        """
        self.clear()
        self.to_reread.update(starts)
        self._next = dict(starts)
        self._done = dict(starts)
        self._committed = dict(starts)

    def clear(self) -> None:
        """Forget the assignment; every range that was handed out is void."""
        self.assignment += 1
        self.to_reread.clear()
        self._next, self._done, self._committed = {}, {}, {}
        self._early, self._holes = {}, {}

    def next_offset(self, tp: TP) -> int | None:
        """None when the partition is not of this assignment."""
        return self._next.get(tp)

    def knows(self, tps: Iterable[TP]) -> bool:
        """Whether all of the partitions are of this assignment."""
        return all(tp in self._next for tp in tps)

    def take(self, tp: TP, records: Sequence[ConsumedRecord]) -> tuple[int, Batch] | None:
        """Turn fetched records into a chunk, and give the offset at which its range starts.

        Records below the next offset are left out. A jump beyond it may be a fetch that was
        dropped, so the partition is read again; a hole in the log (compaction, retention) shows
        the same jump again, and then belongs to the range. None: there is nothing to hand out.
        """
        expected = self._next.get(tp)
        if expected is None:
            return None
        if records[0].offset < expected:
            records = [record for record in records if record.offset >= expected]
            if not records:
                return None
        first = records[0].offset
        if first > expected and self._holes.get(tp) != (expected, first):
            self._holes[tp] = (expected, first)
            self.to_reread.add(tp)
            return None
        last = records[-1].offset
        self._next[tp] = last + 1
        return expected, Batch(tp.topic, tp.partition, first, last, records)

    def acknowledge(self, assignment: int, tp: TP, start: int, end: int) -> None:
        """Note that the offsets from start up to end (exclusive) need not come again."""
        if assignment != self.assignment:
            return
        if self._done[tp] != start:
            self._early.setdefault(tp, {})[start] = end
            return
        early = self._early.get(tp, {})
        while (following := early.pop(end, None)) is not None:
            end = following
        self._done[tp] = end

    def committable(self) -> dict[TP, int]:
        """The offsets that may be committed and are not, as Kafka wants them: the next to read."""
        return {tp: done for tp, done in self._done.items() if done > self._committed[tp]}

    def committed(self, offsets: Mapping[TP, int]) -> None:
        """Note what the group has stored."""
        for tp, offset in offsets.items():
            if tp in self._committed:
                self._committed[tp] = max(self._committed[tp], offset)
