"""A Faust app whose agents get whole chunks, and the one function that builds it."""

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


class BatchTransport(Transport):  # type: ignore[misc]  # Faust publishes no usable types
    """aiokafka's transport with our consumer and producer."""

    Consumer = BatchConsumer
    Producer = BatchProducer


@dataclass(frozen=True, slots=True)
class StreamHealth:
    """What the process can say of itself, for `/livez`, `/readyz` and the log."""

    is_ready: bool
    """Recovered, gate open, not rebalancing."""
    seconds_since_turn: float
    """Trap 11: grows when the fetching loop hangs; it comes round every 0.1 s, or 1 s when held."""
    seconds_since_progress: float
    """Grows while a rebalance or a recovery gets nowhere; 0 while ready."""
    unacknowledged_bytes: int
    tables: Mapping[str, TableProgress]


class StreamApp(faust.App):  # type: ignore[misc]  # Faust publishes no usable types
    """Owns the stages, the deliveries, the lease and the membership. Made by `build_app`."""

    logger = FAUST_LOGGER
    settings: StreamSettings
    stages: Mapping[str, Stage]
    stage_of_input: Mapping[str, Stage]
    lease: FreezeWatchdog
    membership: Membership
    deliveries: Deliveries

    def __init__(
        self,
        app_id: str,
        *,
        chunk_settings: StreamSettings,
        gate: Gate,
        on_recovered: Callable[[], None],
        **options: Any,
    ) -> None:
        super().__init__(app_id, **options)
        self.settings = chunk_settings
        self.stages = {}
        self.stage_of_input = {}
        self.lease = FreezeWatchdog(chunk_settings.freeze_limit_s)
        self.membership = Membership(chunk_settings.membership_limit_s)
        self._gate = gate
        self._gate_is_open = asyncio.Event()
        self._on_recovered = on_recovered
        self._owned: dict[str, frozenset[int]] = {}
        self._is_recovered = False
        self._progress_mark: object = None
        self._progressed_at = time.monotonic()

    # What the router uses.

    async def serve(self) -> None:
        """Run until the task is cancelled or the process ends; then stop in order.

        A stop waits for the outboxes under way, commits, and leaves the group. When that takes
        longer than the stop timeout (a slow or absent broker), what is under way is dropped and
        the process leaves with code 0: it is not committed, so it comes again.
        """
        try:
            await self.start()
            await self.wait_until_stopped()
        finally:
            await self._stop_in_time()

    def owned_partitions(self, stage: str) -> frozenset[int]:
        """The partitions that are recovered and handled here; none during a rebalance."""
        return self._owned.get(stage, frozenset())

    def state(self, table: str, partition: int) -> PartitionState:
        """The state of a partition of a table. Raises `KeyError` when it is not here.

        To be asked for anew in every handler and step: a partition that left and came back has
        another state.
        """
        state: PartitionState = self.tables[table].data.states[partition]
        return state

    async def run_step(self, stage: str, partition: int, step: StageStep) -> bool:
        """Run a step for a partition in the order of its chunks, and send what it adds.

        Waits for the gate and for room at the broker. False, without having run it, when the
        partition is not owned and recovered by then; whoever takes it over is told so by
        `on_recovered`. A step that raises ends the process.
        """
        await self._ready_for_work()
        if partition not in self.owned_partitions(stage):
            return False
        self.stages[stage].run_step(partition, step, self.deliveries)
        return True

    def health(self) -> StreamHealth:
        """A look at the process; cheap enough for every probe."""
        now = time.monotonic()
        tables = self.tables.recovery.progress() if self.started else {}
        mark = (self._is_recovered, self.rebalancing_count, tuple(tables.values()))
        if self._is_recovered or mark != self._progress_mark:
            self._progress_mark = mark
            self._progressed_at = now
        return StreamHealth(
            is_ready=self._is_recovered and self._gate_is_open.is_set(),
            seconds_since_turn=now - self.consumer.turned_at if self.started else 0.0,
            seconds_since_progress=now - self._progressed_at,
            unacknowledged_bytes=self.deliveries.unacknowledged_bytes,
            tables=tables,
        )

    # What Faust, the consumer and `build_app` use.

    def release_partitions(self) -> None:
        """From now on nothing is owned: a rebalance begins, or the stop."""
        self._is_recovered = False
        self._owned = {}
        for stage in self.stages.values():
            stage.forget_queue()

    def on_rebalance_end(self) -> None:
        """Faust calls this last: the tables are recovered and the inputs positioned."""
        if self.tables.recovery.is_overtaken():
            return
        super().on_rebalance_end()
        assignment = self.consumer.assignment()
        self._owned = {stage.name: self._owned_of(stage, assignment) for stage in self._stages()}
        self.consumer.start_handing_over()
        gc.freeze()  # millions of recovered objects are no garbage, and not worth looking at again
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
        """Trap 4: Faust restarts an agent that raised, and its event is gone."""
        end_process(f"agent {agent.name} raised", exc)

    def _crash(self, reason: BaseException) -> NoReturn:
        """Trap 11: Faust marks itself as crashed and goes on living without doing anything."""
        end_process("a service of the app crashed", reason)

    def _create_directories(self) -> None:
        """Nothing is kept on disk."""

    def _new_transport(self) -> BatchTransport:
        return BatchTransport(self.conf.broker_consumer, self)

    def _new_producer_transport(self) -> BatchTransport:
        return BatchTransport(self.conf.broker_producer, self)

    async def _open_gate(self) -> None:
        await self._gate()
        self._gate_is_open.set()

    async def _ready_for_work(self) -> None:
        await self._gate_is_open.wait()
        await self.deliveries.room()

    def _is_current(self, work: QueuedBatch) -> bool:
        consumer = self.consumer
        return bool(consumer.handing_over and work.assignment == consumer.positions.assignment)

    def _stages(self) -> Iterator[Stage]:
        yield from self.stages.values()

    def _owned_of(self, stage: Stage, assignment: set[TP]) -> frozenset[int]:
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
        """Make the agent of a stage: one, without concurrency (trap 2: acknowledgements overtake
        one another); what runs side by side are partitions on several workers.
        """
        self.stages = {**self.stages, stage.name: stage}
        self.stage_of_input = {**self.stage_of_input, **dict.fromkeys(stage.inputs, stage)}
        channel = self.topic(*stage.inputs, key_serializer="raw", value_serializer="raw")

        async def run(stream: Any) -> None:
            positions = self.consumer.positions
            await stage.run(
                stream, self._ready_for_work, self._is_current, self.deliveries, positions
            )

        self.agent(channel, name=stage.name, concurrency=1)(run)


def _faust_options(bootstrap_servers: str, settings: StreamSettings) -> dict[str, Any]:
    """Traps 9, 10 and 13: no topic is made by Faust, no data is served, no standby is kept."""
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
    gate: Gate,
    on_recovered: Callable[[], None],
    settings: StreamSettings,
) -> StreamApp:
    """Build the app inside the running loop that will run it.

    `inputs` and `handlers` are keyed by stage; a stage's inputs are one stream, and they and its
    changelogs have one partition count. All topics exist. Nothing is handled before `gate()` is
    done. `on_recovered` is called after every rebalance, when `owned_partitions` holds the new
    partitions and their states are recovered; it must not block.
    """
    app = StreamApp(
        app_id,
        chunk_settings=settings,
        gate=gate,
        on_recovered=on_recovered,
        **_faust_options(bootstrap_servers, settings),
    )
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
