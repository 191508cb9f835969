"""Tables with one state per partition, recovered by whole batches of their changelogs.

Works around trap 9 (`TRAPS.md`).
"""

from collections.abc import Sequence
from typing import Any, NoReturn

import faust
from faust.stores import memory
from faust.types import TP

from tuyen_stream._delivery import BaseOffset
from tuyen_stream._fatal import end_process
from tuyen_stream._faust_logger import FAUST_LOGGER
from tuyen_stream._records import ConsumedRecord, PartitionState, TableSpec, TailState


class PartitionedStore(memory.Store):  # type: ignore[misc]  # Faust publishes no usable types
    """The states of the partitions that this worker owns, and the last offset of the changelog that
    each of them contains.

    A partition that stays across a rebalance keeps its state, and only the new records of its
    changelog are read. A partition that is revoked is dropped at once.
    """

    logger = FAUST_LOGGER

    def __init__(self, *args: Any, spec: TableSpec, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._spec = spec
        self.states: dict[int, PartitionState] = {}
        self.records_applied = 0
        self._last: dict[int, int] = {}

    def apply(self, partition: int, records: Sequence[ConsumedRecord]) -> None:
        """Apply those records of the changelog that the state does not contain yet."""
        last = self._last[partition]
        if records[0].offset <= last:
            records = [record for record in records if record.offset > last]
            if not records:
                return
        self.states[partition].apply(records)
        self._last[partition] = records[-1].offset
        self.records_applied += len(records)

    def note_recovered_up_to(self, partition: int, last: int) -> None:
        """Note the last offset of the log; offsets up to it that were never read are holes.

        The state counts as containing them: the broker assigns the offset after them to our next
        record.
        """
        self._last[partition] = max(self._last[partition], last)
        state = self.states[partition]
        if isinstance(state, TailState):
            state.on_recovered(self._last[partition])

    def skip_to_start(self, partition: int) -> int:
        """Skip what the snapshot in the other table contains; returns the last offset that the
        state contains with it."""
        state = self.states[partition]
        if isinstance(state, TailState):
            self._last[partition] = max(self._last[partition], state.starts_at() - 1)
        return self._last[partition]

    def confirm(self, partition: int, base: BaseOffset, count: int) -> None:
        """Check the offset that the broker assigned to one of our batches.

        A gap means that somebody else wrote to the topic: another program, or another worker that
        believes it owns the partition. The state here is wrong then.
        """
        if partition not in self._last:
            end_process(f"wrote to {self._spec.topic}-{partition}, which is not owned")
        expected = self._last[partition] + 1
        if base != expected:
            end_process(
                f"a foreign record in {self._spec.topic}-{partition}: "
                f"ours went to {base} and not to {expected}"
            )
        self._last[partition] = base + count - 1

    def persisted_offset(self, tp: TP) -> int:
        """The last offset that the state contains; -1 if none.

        Never None, or Faust would continue from an offset of an earlier ownership.
        """
        return self._last.get(tp.partition, -1)

    async def on_rebalance(self, *_args: Any, **_kwargs: Any) -> None:
        owned = {
            tp.partition
            for tp in self.app.assignor.assigned_actives()
            if tp.topic == self._spec.topic
        }
        for partition in set(self.states) - owned:
            del self.states[partition], self._last[partition]
        for partition in owned - set(self.states):
            self.states[partition] = self._spec.new_state(partition)
            self._last[partition] = -1

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Does nothing: there is one state per partition."""

    def apply_changelog_batch(self, *_args: Any, **_kwargs: Any) -> None:
        """Does nothing: Faust's buffers stay empty; batches come through `apply`."""


class PartitionedTable(faust.Table):  # type: ignore[misc]  # Faust publishes no usable types
    """A Faust table, for its name, its changelog and its part in partition assignment."""

    logger = FAUST_LOGGER

    def __init__(self, app: faust.App, spec: TableSpec) -> None:
        self.spec = spec
        changelog = app.topic(spec.topic, key_serializer="raw", value_serializer="raw")
        super().__init__(app, name=spec.name, changelog_topic=changelog)

    def _new_store(self) -> PartitionedStore:
        return PartitionedStore(
            "memory://", self.app, self, table_name=self.name, loop=self.loop, spec=self.spec
        )

    def send_changelog(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Trap 9: Faust would write to the partition of the current event, without our noticing."""
        raise NotImplementedError("records of a table leave through an Outbox")
