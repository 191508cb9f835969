"""The consumer: fetches batches, passes them to stages, applies changelogs, commits offset ranges.

Works around traps 6, 8 and 11 (`TRAPS.md`).
"""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import uvloop
from faust.events import Event
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer
from faust.types import TP, Message

from tuyen_fetch_sessions import use_fetch_sessions
from tuyen_stream._fatal import end_process
from tuyen_stream._faust_logger import FAUST_LOGGER
from tuyen_stream._fetching import Fetched
from tuyen_stream._offsets import OffsetTracker
from tuyen_stream._records import Batch

_FETCH_TIMEOUT_S = 0.1
"""How long a fetch waits for records; a change of the wanted partitions takes effect within this
time."""

_CHECK_EVERY_S = 0.5
"""How often a worker that is giving its partitions back checks whether the group still knows it."""

_NO_MEMBER = ""


class BatchConsumerThread(AIOKafkaConsumerThread):  # type: ignore[misc]  # Faust has no types
    """The thread that runs aiokafka's consumer, and with it the heartbeats and both guards
    (`FreezeWatchdog`, `Membership`)."""

    logger = FAUST_LOGGER

    async def on_start(self) -> None:
        await super().on_start()
        consumer = self._ensure_consumer()
        use_fetch_sessions(consumer)
        consumer._fetcher._records = Fetched(consumer._fetcher._records)
        self.app.membership.follow(consumer._coordinator)
        self.add_future(self.app.freeze_watchdog.watch())

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # Trap 8: Faust passes 1500 ms and has no setting for it; the fetcher reads it at start.
        consumer._fetch_max_wait_ms = self.app.settings.fetch_wait_ms
        self.app.freeze_watchdog.guard(consumer._client)
        return consumer

    async def getmany(
        self,
        active_partitions: set[TP] | None,
        timeout: float,  # noqa: ASYNC109 - Faust's own parameter
    ) -> Any:
        """Faust's own method, with larger fetches while tables are recovered and no input waits."""
        settings = self.app.settings
        most = settings.max_fetched_records
        if self.app.in_recovery:
            most = settings.max_recovered_records
        return await self.call_thread(
            self._fetch_records,
            self._ensure_consumer(),
            active_partitions,
            timeout=timeout,
            max_records=most,
        )

    async def find_starts(self, inputs: Iterable[TP]) -> dict[TP, int]:
        """Where each input continues: at its committed offset, else at the start of the log."""
        return dict(await self.call_thread(self._find_starts, list(inputs)))

    async def _find_starts(self, inputs: list[TP]) -> dict[TP, int]:
        """One request of each kind for all partitions; Faust asks for each partition separately.

        The changelogs are recovered by now. If they were not paused, aiokafka would fetch our own
        records back, buffer up to one fetch of each partition, and delay the broker's other fetches
        by 0.1 s each time. The next assignment starts with all partitions resumed.
        """
        consumer = self._ensure_consumer()
        consumer.pause(*(consumer.assignment() - set(inputs)))
        stored = await consumer._coordinator.fetch_committed_offsets(inputs)
        log_starts = await consumer.beginning_offsets(inputs)
        log_ends = await consumer.end_offsets(inputs)
        starts: dict[TP, int] = {}
        for tp in inputs:
            committed = stored[tp].offset if tp in stored else -1
            if committed > log_ends[tp]:
                end_process(f"{tp} ends at {log_ends[tp]}, before its committed offset {committed}")
            starts[tp] = max(committed, log_starts[tp])
        return starts

    def read_position(self, tp: TP) -> int | None:
        """The offset of the next record to be read, after all holes that aiokafka has passed."""
        subscription = self._ensure_consumer()._subscription.subscription
        if subscription is None or subscription.assignment is None:
            return None
        state = subscription.assignment.state_value(tp)
        if state is None or not state.has_valid_position:
            return None
        return int(state.position)

    def is_removed(self) -> bool:
        """Whether the group has removed this member."""
        return bool(self._ensure_consumer()._coordinator.member_id == _NO_MEMBER)

    def is_alive(self) -> bool:
        """Trap 11: whether aiokafka's own background tasks still run."""
        consumer = self._ensure_consumer()
        tasks = (consumer._fetcher._fetch_task, consumer._coordinator._coordination_task)
        return not any(task is not None and task.done() for task in tasks)


class BatchConsumer(Consumer):  # type: ignore[misc]  # Faust publishes no usable types
    """Faust's consumer with another inner loop.

    Everything around the loop (subscription, rebalances, recovery, commits, stop) is Faust's.
    `handing_over` is true from the end of a recovery to the next revocation: only then are inputs
    fetched and passed to stages. So Faust never drops a batch that would be missed when it clears
    the agents' queues, as it does when it suspends or resumes its flow: after that, reading starts
    again at the committed offsets.
    """

    logger = FAUST_LOGGER

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offsets = OffsetTracker()
        self.handing_over = False
        self.holds = 0
        """How often fetching inputs was stopped."""
        self._next_fetch_at = 0.0
        """When the next fetch may be made, by the monotonic clock."""
        self._last_fetched = 0
        """How many records the last fetch returned."""
        self.polled_at = time.monotonic()
        """When the loop came round last, by the monotonic clock."""
        self._epoch = 0
        """Grows whenever the fetcher's positions move during a fetch that may be in progress."""

    def _new_consumer_thread(self) -> BatchConsumerThread:
        # mode would use the standard library's loop, which costs twice as much per request.
        return BatchConsumerThread(
            self, loop=self.loop, thread_loop=uvloop.new_event_loop(), beacon=self.beacon
        )

    # Rebalances: stop, wait for what is in flight, commit, start again after the recovery.

    def start_handing_over(self) -> None:
        """Begin to fetch inputs; the tables are recovered."""
        inputs = self._inputs(self.assignment())
        if not self.offsets.knows(inputs):
            end_process("the assigned inputs have no offsets after a recovery")
        self.handing_over = True

    def stop_flow(self) -> None:
        self._hold()
        super().stop_flow()

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        self._hold()
        giving_back = asyncio.ensure_future(super().on_partitions_revoked(revoked))
        try:
            while not giving_back.done():
                if revoked and self._thread.is_removed():
                    # Others may own the partitions already. What is in flight would be records of a
                    # second writer, and is held back for ever, since the group does not confirm
                    # this member.
                    end_process("the consumer group has removed this worker")
                await asyncio.wait([giving_back], timeout=_CHECK_EVERY_S)
        finally:
            giving_back.cancel()
        await giving_back
        self.offsets.clear()

    async def wait_empty(self) -> None:
        """Wait for the outboxes in flight, then commit what they acknowledged.

        No new batch starts meanwhile. Faust's own version waits for its count of messages and
        collects garbage again and again, which takes seconds with large tables.
        """
        await self.app.deliveries.wait_until_acknowledged()
        await self.maybe_wait_for_commit_to_finish()
        await self.commit_and_end_transactions()

    async def perform_seek(self) -> None:
        """Move the inputs of this assignment to their start offsets."""
        inputs = self._inputs(self.assignment())
        self.offsets.clear()
        assignment = self.offsets.assignment
        starts = await self._thread.find_starts(inputs) if inputs else {}
        if assignment == self.offsets.assignment:
            self.offsets.begin(starts)

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        self._epoch += 1
        await super().seek_wait(partitions)
        self._epoch += 1

    def _hold(self) -> None:
        self.handing_over = False
        self.holds += 1
        self._epoch += 1
        self.app.release_partitions()

    async def verify_all_partitions_active(self) -> None:
        """Does nothing: Faust would detect stuck streams by counts of single events; see
        `StreamHealth`."""

    def _inputs(self, tps: Iterable[TP]) -> set[TP]:
        return {tp for tp in tps if tp.topic in self.app.stage_of_input}

    # Commits: ranges instead of single offsets.

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        return (
            tp
            for tp in self.offsets.committable()
            if topics is None or tp in topics or tp.topic in topics
        )

    def _new_offset(self, tp: TP) -> int | None:
        return self.offsets.committable().get(tp)

    async def _commit_offsets(self, offsets: Mapping[TP, int], **kwargs: Any) -> bool:
        did_commit = bool(await super()._commit_offsets(offsets, **kwargs))
        if did_commit:
            self.offsets.note_committed(offsets)
        return did_commit

    # The loop.

    async def _drain_messages(self, fetcher: Any) -> None:
        """Run for as long as the fetcher does; an exception that escapes crashes the process."""
        try:
            while not (self.should_stop or fetcher.should_stop):
                self.polled_at = time.monotonic()
                if self.flow_active:
                    await self._poll()
                else:
                    await self.wait(self.can_resume_flow, timeout=1.0)
        except self.consumer_stopped_errors:
            if not self.app.should_stop:
                raise

    async def _poll(self) -> None:
        if self._last_fetched < self.app.settings.busy_poll_records:
            await self._pause()
        if self.app.in_recovery:
            self.offsets.to_reread.update(self.app.tables.recovery.start_awaiting())
        await self._reread()
        wanted = self._find_wanted()
        if not wanted:
            await asyncio.sleep(_FETCH_TIMEOUT_S / 10)
            return
        epoch = self._epoch
        fetched = await self._getmany(wanted, _FETCH_TIMEOUT_S)
        self._last_fetched = sum(map(len, fetched.values()))
        if epoch != self._epoch:
            # Without seeking back, the records of a dropped fetch would never be handled.
            self.offsets.to_reread.update(fetched)
            return
        for tp, records in fetched.items():
            if tp.topic in self.app.stage_of_input:
                self._hand_over(tp, records)
            else:
                self.app.tables.recovery.apply(tp, records)
        if self.app.in_recovery:
            self.app.tables.recovery.check_end()
        if not fetched and not self.should_stop and not self._thread.is_alive():
            end_process("aiokafka's fetcher or coordinator has stopped")

    async def _pause(self) -> None:
        """Keep two fetches apart; the first one after an idle time is not delayed.

        A fetch costs nearly the same for one record as for a hundred. Without a pause, a hundred
        records a second are as many fetches.
        """
        early_s = self._next_fetch_at - time.monotonic()
        if early_s > 0:
            await asyncio.sleep(early_s)
        self._next_fetch_at = time.monotonic() + self.app.settings.poll_interval_s

    def _find_wanted(self) -> set[TP]:
        """The partitions to fetch now: changelogs in recovery, inputs whose stage has room."""
        recovery = self.app.tables.recovery
        return {
            tp
            for tp in self._get_active_partitions()
            if (
                not recovery.awaits_another(tp)
                if (stage := self.app.stage_of_input.get(tp.topic)) is None
                else self.handing_over and stage.has_room()
            )
        }

    async def _reread(self) -> None:
        """Seek back where the fetcher has read further than what was passed to the stage."""
        if not self.offsets.to_reread:
            return
        mine = self.assignment()
        back: dict[TP, int] = {}
        for tp in self.offsets.to_reread & mine:
            offset = self.offsets.next_offset(tp)
            if offset is None:
                offset = self.app.tables.recovery.next_offset(tp)
            if offset is not None:
                back[tp] = offset
        self.offsets.to_reread.clear()
        if back:
            await self.seek_wait(back)

    def _hand_over(self, tp: TP, records: list[Any]) -> None:
        taken = self.offsets.take(tp, records)
        if taken is None:
            return
        start, batch = taken
        stage = self.app.stage_of_input[tp.topic]
        work = stage.enqueue(batch, start, self.offsets.assignment)
        event = Event(self.app, None, work, None, self._to_message(tp, batch))
        (channel,) = self.app.topics._tp_index[tp]
        channel.queue.force_put_nowait(event)

    def _to_message(self, tp: TP, batch: Batch) -> Message:
        """What Faust's stream sees of a batch: its last offset."""
        return Message(
            tp.topic,
            tp.partition,
            batch.last_offset,
            batch.records[-1].timestamp / 1000,
            timestamp_type=0,
            headers=None,
            key=None,
            value=None,
            checksum=None,
            tp=tp,
            generation_id=self.app.consumer_generation_id,
        )
