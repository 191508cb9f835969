"""The read and acknowledged offsets of each input partition. Pure bookkeeping.

Decides R9.1 and INV2 (`docs/reference/rules.md`).

Works around trap 2 (`TRAPS.md`).
"""

from collections.abc import Iterable, Mapping, Sequence

from faust.types import TP

from tuyen_stream._records import Batch, ConsumedRecord


class OffsetTracker:
    """The next offset to pass to a stage, and the next offset to commit, of each input partition.

    Ranges of offsets are passed on without gaps and overlaps. An offset may be committed when all
    earlier ranges are acknowledged: an acknowledgement that overtakes an earlier one waits for it
    (trap 2). All offsets are those of the next record to be read, as in Kafka.
    """

    def __init__(self) -> None:
        self.assignment = 0
        """Grows with every change of the assignment; what belongs to an earlier one is void."""
        self.to_reread: set[TP] = set()
        """Partitions in which the fetcher's position is not `next_offset`."""
        self._next: dict[TP, int] = {}
        self._done: dict[TP, int] = {}
        """The offset up to which everything is acknowledged."""
        self._committed: dict[TP, int] = {}
        self._early: dict[TP, dict[int, int]] = {}
        """Ranges that were acknowledged before an earlier one: their ends by their starts."""
        self._holes: dict[TP, tuple[int, int]] = {}
        """The last jump that was seen: the expected offset and the one that came."""

    def begin(self, starts: Mapping[TP, int]) -> None:
        """Start an assignment, with each partition at its committed or first offset.

        The fetcher must be moved there, whatever its position: an earlier fetch may still change
        the position, and the records of a fetch that is dropped without seeking back would never be
        handled.
        """
        self.clear()
        self.to_reread.update(starts)
        self._next = dict(starts)
        self._done = dict(starts)
        self._committed = dict(starts)

    def clear(self) -> None:
        """Forget the assignment; every range that was passed on is void."""
        self.assignment += 1
        self.to_reread.clear()
        self._next, self._done, self._committed = {}, {}, {}
        self._early, self._holes = {}, {}

    def next_offset(self, tp: TP) -> int | None:
        """None when the partition is not part of this assignment."""
        return self._next.get(tp)

    def knows(self, tps: Iterable[TP]) -> bool:
        """Whether all of the partitions are part of this assignment."""
        return all(tp in self._next for tp in tps)

    def take(self, tp: TP, records: Sequence[ConsumedRecord]) -> tuple[int, Batch] | None:
        """Turn fetched records into a batch; also returns the offset at which its range starts.

        Records before the next offset are left out. A jump to a later offset may be due to a fetch
        that was dropped, so the partition is read again; a hole in the log (compaction, retention)
        shows the same jump again, and is then included in the range. None: there is nothing to pass
        on.
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
        """Note that the offsets from start up to end (exclusive) need not be read again."""
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
        """The offsets that may be committed and are not committed yet."""
        return {tp: done for tp, done in self._done.items() if done > self._committed[tp]}

    def note_committed(self, offsets: Mapping[TP, int]) -> None:
        """Note what the group has stored."""
        for tp, offset in offsets.items():
            if tp in self._committed:
                self._committed[tp] = max(self._committed[tp], offset)
