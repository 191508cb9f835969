"""Faust's recovery of tables, reading whole batches, and ended by read positions.

Works around trap 8 (`TRAPS.md`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from faust.tables import TableManager
from faust.tables.recovery import Recovery
from faust.types import TP
from mode import Service

from tuyen_stream._faust_logger import FAUST_LOGGER
from tuyen_stream._records import ConsumedRecord


@dataclass(frozen=True, slots=True)
class TableProgress:
    """How much of the changelog partitions of one table is read; offsets include holes."""

    records_applied: int
    """Since the process started."""
    offsets_total: int
    offsets_left: int


class BatchRecovery(Recovery):  # type: ignore[misc]  # Faust publishes no usable types
    """Trap 8: Faust's own reading is forty times slower, record by record through a queue.

    The course of a recovery is Faust's: it asks for the ends of the logs, seeks, resumes the flow,
    and waits for `signal_recovery_end`. The consumer calls `apply` and `check_end`.
    """

    logger = FAUST_LOGGER

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._starts: dict[TP, int] = {}
        self._awaiting: dict[TP, TP] = {}
        """Changelog partitions that are not read yet, with the one that has to be read first."""
        self._began_at_hold = 0

    @Service.task  # type: ignore[untyped-decorator]  # mode publishes no usable types
    async def _slurp_changelogs(self) -> None:
        """Does nothing: no record passes through Faust's queue of changelog events."""

    @Service.task  # type: ignore[untyped-decorator]  # mode publishes no usable types
    async def _publish_stats(self) -> None:
        """Does nothing: Faust would warn of missing events that it never sees; `progress` is
        correct."""

    async def on_rebalance(self, *args: Any, **kwargs: Any) -> None:
        self._began_at_hold = self.app.consumer.holds
        await super().on_rebalance(*args, **kwargs)

    def is_overtaken(self) -> bool:
        """Whether partitions were revoked again since this recovery began.

        Faust checks the generation before its last steps, some of which wait for the broker, and
        then resumes a flow that the next revocation has just stopped.
        """
        return bool(self.app.consumer.holds != self._began_at_hold)

    def _set_recovery_started(self) -> None:
        self.signal_recovery_end.clear()
        super()._set_recovery_started()

    async def _seek_offsets(
        self, consumer: Any, tps: set[TP], offsets: dict[TP, int], title: str
    ) -> None:
        """Seek to the offset after the last one that is applied.

        Faust would seek to that last one itself, and to before the start of a truncated log.
        """
        self._starts = {tp: offsets[tp] for tp in tps}
        self._awaiting = {
            tp: first for tp in tps if (first := self._find_awaited_by(tp)) is not None
        }
        await consumer.seek_wait({tp: offsets[tp] + 1 for tp in tps})

    def _find_awaited_by(self, tp: TP) -> TP | None:
        """The changelog partition that has to be read before this one, if there is one."""
        first = self.tp_to_table[tp].spec.recover_after
        if first is None:
            return None
        return TP(self.tables[first].spec.topic, tp.partition)

    def awaits_another(self, tp: TP) -> bool:
        """Whether a changelog partition must not be read yet."""
        return tp in self._awaiting

    def start_awaiting(self) -> set[TP]:
        """Start to read the partitions that need not wait any more; returns them, because their
        start offsets have changed."""
        due = {
            tp
            for tp, first in self._awaiting.items()
            if self.active_offsets[first] >= self.active_highwaters.get(first, -1)
        }
        for tp in due:
            del self._awaiting[tp]
            start = self.tp_to_table[tp].data.skip_to_start(tp.partition)
            self._starts[tp] = self.active_offsets[tp] = max(self.active_offsets[tp], start)
        return due

    def next_offset(self, tp: TP) -> int | None:
        """The next offset to read of a changelog partition; None when it is not being recovered."""
        if not self.in_recovery or tp not in self.active_tps:
            return None
        offset = self.active_offsets.get(tp)
        return None if offset is None else int(offset) + 1

    def apply(self, tp: TP, records: Sequence[ConsumedRecord]) -> None:
        """Apply a fetched batch of a changelog to the state of its partition."""
        if tp not in self.active_tps:
            return
        self.tp_to_table[tp].data.apply(tp.partition, records)
        self.active_offsets[tp] = max(self.active_offsets[tp], records[-1].offset)

    def check_end(self) -> None:
        """End the recovery when every log is read up to the end that it had when the recovery
        began.

        The last offsets of a log may be holes (compaction, transaction markers): no record comes
        for them, and Faust would wait forever. The read position passes them, so it decides.
        """
        if not self.in_recovery:
            return
        for tp, last in self.active_highwaters.items():
            if self.active_offsets[tp] < last and tp not in self._awaiting:
                position = self.app.consumer._thread.read_position(tp)
                if position is not None and position > last:
                    self.active_offsets[tp] = last
        if self._awaiting or self.need_recovery():
            return
        self._set_recovery_ended()
        self.signal_recovery_end.set()

    async def on_recovery_completed(self, generation_id: int = 0) -> None:
        if generation_id == self.app.consumer_generation_id:
            for tp in self.active_tps:
                store = self.tp_to_table[tp].data
                store.note_recovered_up_to(tp.partition, self.active_highwaters[tp])
        await super().on_recovery_completed(generation_id)

    def progress(self) -> dict[str, TableProgress]:
        """The progress of the last recovery, by table name."""
        return {table.name: self._progress_of(table) for table in self.tables.values()}

    def _progress_of(self, table: Any) -> TableProgress:
        total = left = 0
        for tp in self.actives_for_table[table]:
            last = self.active_highwaters.get(tp)
            start = self._starts.get(tp)
            if last is not None and start is not None:
                total += max(0, last - start)
                left += max(0, last - (self.active_offsets.get(tp) or start))
        return TableProgress(table.data.records_applied, total, left)


class BatchTableManager(TableManager):  # type: ignore[misc]  # Faust publishes no usable types
    """Faust's table manager with `BatchRecovery`."""

    logger = FAUST_LOGGER
    _recovery: BatchRecovery | None

    async def on_start(self) -> None:
        """Start at once; Faust would wait a second for tables that modules may still register."""
        await self._update_channels()
        await self.recovery.start()

    @property
    def recovery(self) -> BatchRecovery:
        if self._recovery is None:
            self._recovery = BatchRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery
