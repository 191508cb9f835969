"""A Faust app whose agents get whole batches, and the one function that builds it.

Works around traps 2, 3, 4, 9, 10 and 11 (`TRAPS.md`).
"""

import asyncio
import gc
import os
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import faust
import structlog
from faust.transport.drivers.aiokafka import Transport
from faust.types import TP

from tuyen_stream._consumer import BatchConsumer
from tuyen_stream._delivery import Deliveries
from tuyen_stream._fatal import end_process
from tuyen_stream._faust_logger import FAUST_LOGGER
from tuyen_stream._freeze_watchdog import FreezeWatchdog
from tuyen_stream._membership import Membership
from tuyen_stream._producer import BatchProducer
from tuyen_stream._records import PartitionState, TableSpec
from tuyen_stream._recovery import BatchTableManager, TableProgress
from tuyen_stream._settings import StreamSettings
from tuyen_stream._stage import Handler, QueuedBatch, Stage, StageStep
from tuyen_stream._tables import PartitionedTable

_log = structlog.get_logger(__name__)

Gate = Callable[[], Awaitable[object]]
"""Returns when batches and steps may be handled."""

_DEFAULT_SETTINGS = StreamSettings()


async def _open_at_once() -> None:
    """A gate for apps that have nothing to wait for."""


def _ignore() -> None:
    """For apps that have nothing to do after a recovery."""


class BatchTransport(Transport):  # type: ignore[misc]  # Faust publishes no usable types
    """aiokafka's transport with our consumer and producer."""

    Consumer = BatchConsumer
    Producer = BatchProducer


@dataclass(frozen=True, slots=True)
class StreamHealth:
    """What the process reports about itself, for `/livez`, `/readyz` and the log."""

    is_ready: bool
    """All tables are recovered, the gate is open, and no rebalance is going on."""
    seconds_since_poll: float
    """Trap 11: grows when the loop that fetches hangs. It comes round every 0.1 s, or every 1 s
    while fetching is suspended."""
    seconds_since_progress: float
    """Grows while a rebalance or a recovery makes no progress; 0 while ready."""
    unacknowledged_bytes: int
    """The size of all outboxes that the broker has not acknowledged."""
    tables: Mapping[str, TableProgress]


class StreamApp(faust.App):  # type: ignore[misc]  # Faust publishes no usable types
    """A worker of the app; made by `build_app`.

    Its public methods are `serve`, `list_owned_partitions`, `state`, `run_step` and `health`; the
    others are for Faust. All of them are to be called in the event loop that runs the app.
    """

    logger = FAUST_LOGGER
    settings: StreamSettings
    stages: Mapping[str, Stage]
    stage_of_input: Mapping[str, Stage]
    freeze_watchdog: FreezeWatchdog
    membership: Membership
    deliveries: Deliveries

    def __init__(
        self,
        app_id: str,
        *,
        stream_settings: StreamSettings,
        gate: Gate,
        on_recovered: Callable[[], None],
        **options: Any,
    ) -> None:
        super().__init__(app_id, **options)
        self.settings = stream_settings
        self.stages = {}
        self.stage_of_input = {}
        self.freeze_watchdog = FreezeWatchdog(stream_settings.freeze_limit_s)
        self.membership = Membership(stream_settings.membership_limit_s)
        self._gate = gate
        self._gate_is_open = asyncio.Event()
        self._on_recovered = on_recovered
        self._owned: dict[str, frozenset[int]] = {}
        self._is_recovered = False
        self._progress_mark: object = None
        self._progressed_at = time.monotonic()

    # For the users of this package.

    async def serve(self) -> None:
        """Run until the task is cancelled or the process ends; then stop in order.

        A stop waits for the outboxes in flight, commits, and leaves the group. When that takes
        longer than the stop timeout (a slow or absent broker), what is in flight is dropped and the
        process exits with code 0: its input is not committed, so it will be read again.
        """
        try:
            await self.start()
            await self.wait_until_stopped()
        finally:
            await self._stop_in_time()

    def list_owned_partitions(self, stage: str) -> frozenset[int]:
        """The partitions that are recovered and handled by this worker; none during a rebalance."""
        return self._owned.get(stage, frozenset())

    def state(self, table: str, partition: int) -> PartitionState:
        """The state of a partition of a table. Raises `KeyError` when this worker does not own the
        partition.

        Look it up again in every handler and step: a partition that was lost and assigned again has
        a new state.
        """
        state: PartitionState = self.tables[table].data.states[partition]
        return state

    async def run_step(self, stage: str, partition: int, step: StageStep) -> bool:
        """Run a step for a partition, in order with its batches, and send what it adds.

        Waits for the gate and for room in the outboxes. Returns False, without having run the step,
        when this worker does not own the recovered partition by then; the next owner's
        `on_recovered` is called. A step that raises ends the process.
        """
        await self._ready_for_work()
        if partition not in self.list_owned_partitions(stage):
            return False
        self.stages[stage].run_step(partition, step, self.deliveries)
        return True

    def health(self) -> StreamHealth:
        """The health of the process; cheap enough for every probe."""
        now = time.monotonic()
        tables = self.tables.recovery.progress() if self.started else {}
        mark = (self._is_recovered, self.rebalancing_count, tuple(tables.values()))
        if self._is_recovered or mark != self._progress_mark:
            self._progress_mark = mark
            self._progressed_at = now
        return StreamHealth(
            is_ready=self._is_recovered and self._gate_is_open.is_set(),
            seconds_since_poll=now - self.consumer.polled_at if self.started else 0.0,
            seconds_since_progress=now - self._progressed_at,
            unacknowledged_bytes=self.deliveries.unacknowledged_bytes,
            tables=tables,
        )

    # For Faust, the consumer and `build_app`.

    def release_partitions(self) -> None:
        """From now on this worker owns nothing: a rebalance begins, or the process stops."""
        self._is_recovered = False
        self._owned = {}
        for stage in self.stages.values():
            stage.forget_queue()

    def on_rebalance_end(self) -> None:
        """Faust calls this last: the tables are recovered and the inputs have their offsets."""
        if self.tables.recovery.is_overtaken():
            return
        super().on_rebalance_end()
        assignment = self.consumer.assignment()
        self._owned = {stage.name: self._find_owned(stage, assignment) for stage in self._stages()}
        self.consumer.start_handing_over()
        gc.freeze()  # recovered objects stay, in millions: do not scan them again
        self._is_recovered = True
        _log.info(
            "partitions_recovered",
            owned={name: sorted(partitions) for name, partitions in self._owned.items()},
        )
        self._on_recovered()

    async def on_start(self) -> None:
        await super().on_start()
        self.add_future(self._open_gate())

    async def _on_agent_error(self, agent: Any, exc: BaseException) -> NoReturn:
        """Trap 4: Faust restarts an agent that raised, and loses its event."""
        end_process(f"agent {agent.name} raised", exc)

    def _crash(self, reason: BaseException) -> NoReturn:
        """Trap 11: Faust marks itself as crashed and stays alive without doing anything."""
        end_process("a service of the app crashed", reason)

    def _create_directories(self) -> None:
        """Does nothing: nothing is kept on disk."""

    def _new_transport(self) -> BatchTransport:
        return BatchTransport(self.conf.broker_consumer, self)

    def _new_producer_transport(self) -> BatchTransport:
        return BatchTransport(self.conf.broker_producer, self)

    async def _open_gate(self) -> None:
        await self._gate()
        self._gate_is_open.set()

    async def _ready_for_work(self) -> None:
        await self._gate_is_open.wait()
        await self.deliveries.wait_for_room()

    def _is_current(self, work: QueuedBatch) -> bool:
        consumer = self.consumer
        return bool(consumer.handing_over and work.assignment == consumer.offsets.assignment)

    def _stages(self) -> Iterator[Stage]:
        yield from self.stages.values()

    def _find_owned(self, stage: Stage, assignment: set[TP]) -> frozenset[int]:
        """The partitions of a stage; its inputs and changelogs must all have the same ones."""
        tables = (table.spec for table in self.tables.values())
        topics = [*stage.inputs, *(spec.topic for spec in tables if spec.stage == stage.name)]
        by_topic = {
            topic: frozenset(tp.partition for tp in assignment if tp.topic == topic)
            for topic in topics
        }
        if len(set(by_topic.values())) > 1:
            end_process(f"the topics of stage {stage.name} are not co-partitioned: {by_topic}")
        return by_topic[topics[0]]

    async def _stop_in_time(self) -> None:
        try:
            async with asyncio.timeout(self.settings.stop_timeout_s):
                await self.stop()
        except TimeoutError:
            _log.warning("stop_took_too_long", dropped_bytes=self.deliveries.unacknowledged_bytes)
            os._exit(0)

    def add_stage(self, stage: Stage) -> None:
        """Make the agent of a stage. There is one per stage, without concurrency (trap 2:
        acknowledgements would overtake one another). Only several workers handle partitions in
        parallel."""
        self.stages = {**self.stages, stage.name: stage}
        self.stage_of_input = {**self.stage_of_input, **dict.fromkeys(stage.inputs, stage)}
        channel = self.topic(*stage.inputs, key_serializer="raw", value_serializer="raw")

        async def run(stream: Any) -> None:
            await stage.run(
                stream,
                self._ready_for_work,
                self._is_current,
                self.deliveries,
                self.consumer.offsets,
            )

        self.agent(channel, name=stage.name, concurrency=1)(run)


def _faust_options(bootstrap_servers: str, settings: StreamSettings) -> dict[str, Any]:
    """Traps 9 and 10: Faust creates no topics, serves no data and keeps no standby replicas."""
    return {
        "broker": [f"kafka://{server}" for server in bootstrap_servers.split(",")],
        "store": "memory://",
        "TableManager": BatchTableManager,
        "autodiscover": False,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "table_standby_replicas": 0,
        "web_enabled": False,
        "web_tables_enabled": False,
        "producer_threaded": False,
        "producer_linger": 0.0,
        "producer_max_batch_size": settings.batch_bytes,
        "producer_request_timeout": settings.produce_timeout_s,
        "processing_guarantee": "at_least_once",
        "stream_wait_empty": True,
        "consumer_auto_offset_reset": "earliest",
        "consumer_max_fetch_size": settings.fetch_bytes_per_partition,
        "broker_max_poll_records": settings.max_fetched_records,
        "broker_commit_interval": settings.commit_interval_s,
        "broker_session_timeout": settings.session_timeout_s,
        "broker_heartbeat_interval": settings.heartbeat_interval_s,
        "broker_rebalance_timeout": settings.rebalance_timeout_s,
    }


def build_app(
    *,
    app_id: str,
    bootstrap_servers: str,
    inputs: Mapping[str, Sequence[str]],
    handlers: Mapping[str, Handler],
    tables: Sequence[TableSpec],
    gate: Gate = _open_at_once,
    on_recovered: Callable[[], None] = _ignore,
    settings: StreamSettings = _DEFAULT_SETTINGS,
) -> StreamApp:
    """Build a worker of an app; call it in the event loop that will run the worker.

    `app_id` is the consumer group: all workers that share it share the partitions.
    `bootstrap_servers` are separated by commas. `inputs` (topics) and `handlers` are keyed by
    stage. The inputs of a stage and the changelogs of its tables must exist and have the same
    number of partitions.

    Nothing is handled before `gate()` has returned. `on_recovered` is called after every rebalance,
    when `list_owned_partitions` contains the new partitions and their states are recovered; it must
    not block.
    """
    app = StreamApp(
        app_id,
        stream_settings=settings,
        gate=gate,
        on_recovered=on_recovered,
        **_faust_options(bootstrap_servers, settings),
    )
    _add_tables(app, tables, settings)
    for name, topics in inputs.items():
        stage = Stage(
            name,
            topics,
            handlers[name],
            max_queued_records=settings.max_queued_records,
            batch_bytes=settings.batch_bytes,
        )
        app.add_stage(stage)
    return app


def _add_tables(app: StreamApp, tables: Sequence[TableSpec], settings: StreamSettings) -> None:
    """Add the tables, and the deliveries, which confirm their records to them."""
    stores = {}
    for spec in tables:
        table = app.tables.add(PartitionedTable(app, spec))
        stores[spec.topic] = table.data
    app.deliveries = Deliveries(
        lambda: app.producer._ensure_producer(),  # noqa: PLW0108  # app.producer starts later
        {topic: store.confirm for topic, store in stores.items()},
        batch_bytes=settings.batch_bytes,
        max_unacknowledged_bytes=settings.max_unacknowledged_bytes,
        beacon=app.beacon,
    )
    app.add_dependency(app.deliveries)
