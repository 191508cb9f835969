"""A small app for the tests of `tuyen_stream`, run as a process: `worker_main.py CONFIG`.

Stage `one` counts the records of each key. For a record `ask` it sends a request to stage `two`,
which numbers the keys and answers. Both are idempotent: a source's offset counts once. The process
writes what it sees to a status file, which the tests read.
"""

import asyncio
import hashlib
import logging
import os
import resource
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec
import structlog
import uvloop

from tuyen_stream import (
    Batch,
    ConsumedRecord,
    Outbox,
    OutRecord,
    StreamApp,
    StreamSettings,
    TableSpec,
    WritePhase,
    build_app,
)


class Phase(WritePhase):
    STATE = 0
    MESSAGES = 1


async def until(condition: Callable[[], Awaitable[bool] | bool], timeout_s: float = 20.0) -> None:
    """Poll until the condition holds; raises `TimeoutError`."""
    async with asyncio.timeout(timeout_s):
        while True:
            holds = condition()
            if not isinstance(holds, bool):
                holds = await holds
            if holds:
                return
            await asyncio.sleep(0.05)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """What a test asks of a worker."""

    app_id: str
    bootstrap: str
    prefix: str
    partitions: int
    choosers: int
    status: str
    settings: dict[str, float] = {}
    gate: str = ""
    """A file; nothing is handled before it exists."""
    step_for: int = -1
    """Run steps for this partition of stage `two` before, during and after the recovery."""
    payload_bytes: int = 0
    fault: str = ""
    fast: bool = False
    """Stage `one` writes one small record for each record, for measurements."""


class Seen(msgspec.Struct):
    """A key's row: the number of effects, the last offset seen of each source, and the cause."""

    count: int
    offsets: dict[str, int]
    cause: tuple[str, int, int] = ("", -1, -1)
    filler: str = ""


class Rows:
    """The state of a partition of any table here: raw rows, and the last header seen."""

    def __init__(self, partition: int) -> None:
        self.partition = partition
        self.rows: dict[bytes, bytes] = {}
        self.headers_seen = 0

    def apply(self, records: Sequence[ConsumedRecord]) -> None:
        for record in records:
            assert record.key is not None
            self.headers_seen += ("source", b"test") in [tuple(pair) for pair in record.headers]
            if record.value is None:
                self.rows.pop(record.key, None)
            else:
                self.rows[record.key] = record.value

    def digest(self) -> str:
        """The same for the same rows, whatever their order."""
        joined = b"\n".join(sorted(key + b"=" + row for key, row in self.rows.items()))
        return hashlib.sha256(joined).hexdigest()


class Worker:
    """The handlers, with the app that they ask for their states."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.app: StreamApp
        self.steps: list[tuple[str, bool]] = []
        self.recoveries = 0
        self.handled_before_gate = 0

    def rows(self, table: str, partition: int) -> Rows:
        state = self.app.state(table, partition)
        assert isinstance(state, Rows)
        return state

    def topic(self, name: str) -> str:
        return f"{self.config.prefix}{name}"

    def first_time(self, what: str) -> bool:
        """Whether no process of this test was here before."""
        mark = Path(f"{self.config.status}.{what}")
        if mark.exists():
            return False
        mark.touch()
        return True

    def one(self, batch: Batch, outbox: Outbox) -> None:
        self.handled_before_gate += not self.gate_is_open()
        assigned = self.rows("assigned", batch.partition)
        customers = self.rows("customers", batch.partition)
        for record in batch.records:
            key, value = record.key, record.value
            assert key is not None
            if value == b"boom" and self.first_time("boom"):
                raise RuntimeError("boom")
            row = _make_seen(assigned.rows.get(key))
            if row.offsets.get(batch.topic, -1) >= record.offset:
                continue
            row.count += 1
            row.offsets[batch.topic] = record.offset
            row.cause = (batch.topic, batch.partition, record.offset)
            row.filler = "x" * self.config.payload_bytes
            data = msgspec.json.encode(row)
            assigned.rows[key] = data
            outbox.add(
                Phase.STATE,
                self.topic("assigned"),
                batch.partition,
                key,
                data,
                headers=[("source", b"test")],
            )
            customers.rows[key] = b"%d" % row.count
            outbox.add_atomically(
                Phase.STATE,
                self.topic("customers"),
                batch.partition,
                [OutRecord(key, b"%d" % row.count)],
            )
            if value == b"ask":
                chooser = int(key) % self.config.choosers
                outbox.add(
                    Phase.MESSAGES, self.topic("requests"), chooser, key, b"%d" % batch.partition
                )

    def fast(self, batch: Batch, outbox: Outbox) -> None:
        rows = self.rows("assigned", batch.partition).rows
        topic, partition = self.topic("assigned"), batch.partition
        decode, encode = msgspec.json.decode, msgspec.json.encode
        for record in batch.records:
            key = record.key
            assert key is not None
            old = rows.get(key)
            count = decode(old)[1] + 1 if old is not None else 1
            data = encode((record.offset, count, "agent-1"))
            rows[key] = data
            outbox.add(Phase.STATE, topic, partition, key, data)

    def two(self, batch: Batch, outbox: Outbox) -> None:
        choices = self.rows("choices", batch.partition)
        for record in batch.records:
            key, value = record.key, record.value
            assert key is not None
            assert value is not None
            number = _number(choices, key)
            outbox.add(Phase.STATE, self.topic("choices"), batch.partition, key, number)
            outbox.add(Phase.MESSAGES, self.topic("answers"), int(value), key, number)

    def step(self, partition: int, outbox: Outbox) -> None:
        choices = self.rows("choices", partition)
        choices.rows[b"step"] = b"%d" % os.getpid()
        outbox.add(Phase.STATE, self.topic("choices"), partition, b"step", choices.rows[b"step"])

    def recovered(self) -> None:
        self.recoveries += 1

    async def gate(self) -> None:
        await until(self.gate_is_open, timeout_s=60.0)

    def gate_is_open(self) -> bool:
        return not self.config.gate or Path(self.config.gate).exists()

    async def try_steps(self) -> None:
        """Ask for a step again and again; note each answer, and whether the partition was owned."""
        partition = self.config.step_for
        while partition >= 0:
            owned = "owned" if partition in self.app.list_owned_partitions("two") else "not owned"
            ran = await self.app.run_step("two", partition, lambda box: self.step(partition, box))
            if (owned, ran) not in self.steps:
                self.steps.append((owned, ran))
            await asyncio.sleep(0.05)

    def status(self, started_at: float) -> dict[str, object]:
        app = self.app
        tables = {}
        for name in ("assigned", "customers", "choices"):
            stage = "two" if name == "choices" else "one"
            tables[name] = (
                {
                    partition: [
                        self.rows(name, partition).digest(),
                        len(self.rows(name, partition).rows),
                        self.rows(name, partition).headers_seen,
                    ]
                    for partition in app.list_owned_partitions(stage)
                }
                if not self.config.fast
                else {}
            )
        health = app.health()
        return {
            "at": time.time(),
            "since_start": time.time() - started_at,
            "ready": health.is_ready,
            "poll": health.seconds_since_poll,
            "progress": health.seconds_since_progress,
            "unacknowledged": health.unacknowledged_bytes,
            "applied": {name: table.records_applied for name, table in health.tables.items()},
            "left": {name: table.offsets_left for name, table in health.tables.items()},
            "owned": {stage: sorted(app.list_owned_partitions(stage)) for stage in app.stages},
            "assignment": sorted([tp.topic, tp.partition] for tp in app.consumer.assignment())
            if health.is_ready
            else [],
            "queued": {name: stage.queued_records for name, stage in app.stages.items()},
            "handled": {name: stage.records_handled for name, stage in app.stages.items()},
            "tables": tables,
            "steps": self.steps,
            "recoveries": self.recoveries,
            "handled_before_gate": self.handled_before_gate,
            "rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "cpu_s": time.process_time(),
        }

    async def fail(self) -> None:
        """Do to aiokafka what a broker or a bug can do to it, once the worker is ready."""
        if not self.config.fault:
            return
        await until(lambda: bool(self.app.started and self.app.health().is_ready))
        thread = self.app.consumer._thread
        if self.config.fault == "fetcher ends":
            thread.thread_loop.call_soon_threadsafe(thread._consumer._fetcher._fetch_task.cancel)
        elif self.config.fault == "removed":
            coordinator = thread._consumer._coordinator
            thread.thread_loop.call_soon_threadsafe(coordinator.reset_generation)
            thread.thread_loop.call_soon_threadsafe(coordinator.request_rejoin)

    async def report(self) -> None:
        started_at = time.time()
        path = Path(self.config.status)
        while True:
            await asyncio.sleep(0.1)
            if not self.app.started:
                continue
            fresh = path.with_suffix(".new")
            fresh.write_bytes(msgspec.json.encode(self.status(started_at)))
            fresh.replace(path)


def _make_seen(row: bytes | None) -> Seen:
    return msgspec.json.decode(row, type=Seen) if row is not None else Seen(0, {})


def _number(choices: Rows, key: bytes) -> bytes:
    """The number of a key: the same for every repeated request."""
    number = choices.rows.get(key)
    if number is None:
        number = b"%d" % len(choices.rows)
        choices.rows[key] = number
    return number


def build(worker: Worker) -> StreamApp:
    config = worker.config
    topic = worker.topic
    return build_app(
        app_id=config.app_id,
        bootstrap_servers=config.bootstrap,
        inputs={
            "one": [topic("inbound"), topic("answers"), topic("commands")],
            "two": [topic("requests")],
        },
        handlers={"one": worker.fast if config.fast else worker.one, "two": worker.two},
        tables=[
            TableSpec("assigned", topic("assigned"), "one", Rows),
            TableSpec("customers", topic("customers"), "one", Rows),
            TableSpec("choices", topic("choices"), "two", Rows),
        ],
        gate=worker.gate,
        on_recovered=worker.recovered,
        settings=msgspec.convert(config.settings, StreamSettings, strict=False),
    )


async def run(config: Config) -> None:
    worker = Worker(config)
    worker.app = build(worker)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(worker.app.serve()),
            group.create_task(worker.report()),
            group.create_task(worker.try_steps()),
            group.create_task(worker.fail()),
        ]
        await stop.wait()
        for task in tasks:
            task.cancel()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    for name in ("aiokafka", "faust", "mode"):
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.processors.format_exc_info,
            structlog.processors.TimeStamper("iso"),
            structlog.processors.JSONRenderer(),
        ]
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Config)))
