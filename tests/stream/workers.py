"""What the tests of the stream engine need: topics, worker processes, and the logs read back."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import GroupCoordinatorNotAvailableError

from stream.worker_main import Config, Rows, until

__all__ = [
    "CHOOSERS",
    "INPUTS",
    "PARTITIONS",
    "SESSION_S",
    "Bench",
    "WorkerProcess",
    "digests_of",
    "until",
]

PARTITIONS = 4
CHOOSERS = 3
SESSION_S = 6.0
"""The shortest that a broker allows by default."""

INPUTS = ("inbound", "answers", "commands")


@dataclass(frozen=True)
class Read:
    """A record as a test read it."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()
    timestamp: int = 0


class Bench:
    """The topics of one test and everything around them."""

    def __init__(self, kafka: str, prefix: str, directory: Path) -> None:
        self.kafka = kafka
        self.prefix = prefix
        self.directory = directory
        self.workers: list[WorkerProcess] = []
        self.producer = AIOKafkaProducer(
            bootstrap_servers=kafka, linger_ms=5, max_batch_size=262_144
        )
        self.sent: Counter[tuple[str, int, int]] = Counter()

    @property
    def group(self) -> str:
        return f"{self.prefix}app"

    def topic(self, name: str) -> str:
        return f"{self.prefix}{name}"

    async def start(self, configs: Mapping[str, Mapping[str, str]] | None = None) -> None:
        """Create the topics, some with their own configuration."""
        names = {**dict.fromkeys((*INPUTS, "assigned", "customers"), PARTITIONS)}
        names.update(dict.fromkeys(("requests", "choices"), CHOOSERS))
        async with self.admin() as admin:
            await admin.create_topics(
                [
                    NewTopic(self.topic(name), count, 1, topic_configs=(configs or {}).get(name))
                    for name, count in names.items()
                ]
            )
        await self.producer.start()

    async def stop(self) -> None:
        for worker in self.workers:
            await worker.kill()
        await self.producer.stop()

    @asynccontextmanager
    async def admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        """An admin client for the block."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        await admin.start()
        try:
            yield admin
        finally:
            await admin.close()

    async def send(
        self, count: int, *, topic: str = "inbound", value: bytes = b"hi", keys: int = 40
    ) -> None:
        """Send records, which the key's number places; notes their offsets as sent."""
        futures = [
            await self.producer.send(
                self.topic(topic), value, key=b"%d" % (i % keys), partition=i % keys % PARTITIONS
            )
            for i in range(count)
        ]
        for future in futures:
            at = await future
            self.sent[(at.topic, at.partition, at.offset)] += 1

    async def worker(self, **options: Any) -> WorkerProcess:
        """Start a worker process."""
        status = self.directory / f"worker-{len(self.workers)}.json"
        settings = {"session_timeout_s": SESSION_S, "heartbeat_interval_s": 1.0}
        settings.update(options.pop("settings", {}))
        config = Config(
            **{
                "app_id": self.group,
                "bootstrap": self.kafka,
                "prefix": self.prefix,
                "partitions": PARTITIONS,
                "choosers": CHOOSERS,
                "status": str(status),
                "settings": settings,
                **options,
            }
        )
        worker = WorkerProcess(config, status)
        await worker.start()
        self.workers.append(worker)
        return worker

    async def read(self, topic: str) -> list[Read]:
        """All records of a topic, in the order of each partition's log."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.kafka, auto_offset_reset="earliest", enable_auto_commit=False
        )
        await consumer.start()
        try:
            count = CHOOSERS if topic.endswith(("requests", "choices")) else PARTITIONS
            tps = [TopicPartition(topic, partition) for partition in range(count)]
            consumer.assign(tps)
            ends = await consumer.end_offsets(tps)
            found: list[Read] = []
            while any([await consumer.position(tp) < ends[tp] for tp in tps]):
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    found += [
                        Read(r.topic, r.partition, r.offset, r.key, r.value, tuple(r.headers))
                        for r in batch
                    ]
            return found
        finally:
            await consumer.stop()

    async def read_committed(self) -> dict[tuple[str, int], int]:
        """The group's committed offsets, by topic and partition."""
        async with self.admin() as admin:
            try:
                offsets = await admin.list_consumer_group_offsets(self.group)
            except GroupCoordinatorNotAvailableError:
                return {}  # A fresh broker has no topic for offsets before its first group.
        return {(tp.topic, tp.partition): at.offset for tp, at in offsets.items() if at.offset >= 0}

    async def effects(self) -> Counter[tuple[str, int, int]]:
        """How many records of `assigned` each input caused, by topic, partition and offset of the
        input."""
        rows = [
            msgspec.json.decode(r.value)
            for r in await self.read(self.topic("assigned"))
            if r.value is not None
        ]
        return Counter(tuple(row["cause"]) for row in rows)

    async def all_handled(self) -> bool:
        """Whether all that was sent is committed."""
        committed = await self.read_committed()
        ends: dict[tuple[str, int], int] = {}
        for topic, partition, offset in self.sent:
            ends[topic, partition] = max(ends.get((topic, partition), 0), offset + 1)
        return all(committed.get(place, 0) >= end for place, end in ends.items())

    async def assert_each_has_one_effect(self) -> None:
        """Every input that was sent caused one record, and no record has another cause."""
        effects = await self.effects()
        assert effects == self.sent, f"lost {self.sent - effects}, doubled {effects - self.sent}"

    async def fold(self, table: str) -> dict[int, str]:
        """The digest of each partition's rows, folded from the log by the test itself."""
        rows: dict[int, Rows] = {}
        for record in await self.read(self.topic(table)):
            rows.setdefault(record.partition, Rows(record.partition)).apply([record])
        return {partition: state.digest() for partition, state in rows.items()}


@dataclass
class WorkerProcess:
    """A worker that can be asked, frozen and killed."""

    config: Config
    status_path: Path
    process: asyncio.subprocess.Process | None = None
    log: Path = field(init=False)

    async def start(self) -> None:
        path = self.status_path.with_suffix(".config")
        path.write_bytes(msgspec.json.encode(self.config))
        self.log = self.status_path.with_suffix(".log")
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                str(Path(__file__).with_name("worker_main.py")),
                str(path),
                stdout=log,
                stderr=log,
            )

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def status(self) -> dict[str, Any]:
        """What the process wrote last; empty before it wrote anything."""
        if not self.status_path.exists():
            return {}
        return dict(msgspec.json.decode(self.status_path.read_bytes()))

    async def ready(self, timeout_s: float = 20.0) -> None:
        await until(self._says_ready, timeout_s)

    def _says_ready(self) -> bool:
        assert self.process is not None
        assert self.process.returncode is None, self.log.read_text()[-4000:]
        return bool(self.status().get("ready"))

    def owned(self, stage: str = "one") -> list[int]:
        owned: list[int] = self.status().get("owned", {}).get(stage, [])
        return owned

    def digests(self, table: str) -> dict[int, str]:
        """The digest of each owned partition of a table."""
        return {int(p): row[0] for p, row in self.status()["tables"][table].items()}

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    async def exit_code(self, timeout_s: float = 20.0) -> int:
        assert self.process is not None
        async with asyncio.timeout(timeout_s):
            return await self.process.wait()

    async def kill(self) -> None:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    def has_logged(self, event: str) -> bool:
        """Whether the log contains the text."""
        return event in self.log.read_text()


def digests_of(workers: Iterable[WorkerProcess], table: str) -> dict[int, str]:
    """The digests of a table over all workers."""
    return {p: digest for worker in workers for p, digest in worker.digests(table).items()}
