"""The log in Kafka, through aiokafka: idempotent appends, readers with and without a group."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import (
    CommitFailedError,
    IllegalGenerationError,
    IllegalStateError,
    KafkaError,
)

from tuyen_events.codec import Headers, encode
from tuyen_events.event import Envelope
from tuyen_events.topic import Topic
from tuyen_platform.kafka.conditional import ConditionalProducer
from tuyen_platform.kafka.fetching import FETCH_WAIT_MS, start_fetching
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.ports import (
    Condition,
    FetchedRecords,
    LogUnavailableError,
    Offsets,
    ProducerRecord,
    Record,
    RecordMetadata,
    Starts,
)
from tuyen_platform.kafka.producer import LastingProducer, abandon
from tuyen_platform.kafka.sizes import refuse_too_large
from tuyen_platform.kafka.stopping import stop_consumer

_MAX_RECORDS = 2000
_POLL_MS = 500
_APPEND_TIMEOUT_S = 30.0
_SESSION_TIMEOUT_MS = 10_000
_HEARTBEAT_MS = 3_000


class KafkaLog:
    """One producer for the process, and a reader for each call of `tail` and `subscribe`.

    An asynchronous context: entering connects, leaving sends what is in flight.
    """

    def __init__(self, bootstrap_servers: str, prefix: str, *, linger_ms: int = 0) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._prefix = prefix
        self._producer = LastingProducer(bootstrap_servers, linger_ms)
        self._conditional = ConditionalProducer(bootstrap_servers, prefix)
        self._offsets: AIOKafkaConsumer | None = None

    async def __aenter__(self) -> "KafkaLog":
        self._offsets = self._consumer(None)
        try:
            await self._producer.start()
            await self._offsets.start()
        except BaseException as error:
            await self._stop()
            if isinstance(error, KafkaError):
                raise LogUnavailableError(f"{self._bootstrap_servers}: {error!r}") from error
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()

    async def _stop(self) -> None:
        offsets, self._offsets = self._offsets, None
        try:
            await self._producer.stop()
        finally:
            await self._conditional.stop()
            if offsets is not None:
                await stop_consumer(offsets)

    async def append(
        self, topic: Topic, key: str, envelope: Envelope, *, partition: int | None = None
    ) -> RecordMetadata:
        value, headers = encode(envelope)
        return await self.append_bytes(topic, key, value, headers, partition=partition)

    async def append_bytes(
        self,
        topic: Topic,
        key: str,
        value: bytes | None,
        headers: Headers = (),
        *,
        partition: int | None = None,
    ) -> RecordMetadata:
        producer = self._producer.current
        raw = key.encode()
        refuse_too_large(ProducerRecord(topic, key, value, headers))
        try:
            # aiokafka's idempotent producer retries a batch for ever; the caller cannot wait.
            async with asyncio.timeout(_APPEND_TIMEOUT_S):
                written = await producer.send_and_wait(
                    self._prefix + topic.name,
                    key=raw,
                    value=value,
                    headers=list(headers),
                    partition=partition_of(raw, topic.partitions)
                    if partition is None
                    else partition,
                )
        except (KafkaError, TimeoutError) as error:
            if isinstance(error, KafkaError):
                self._producer.replace(producer)
            raise LogUnavailableError(f"{topic.name}: {error!r}") from error
        return RecordMetadata(written.partition, written.offset)

    async def append_all(
        self, records: Sequence[ProducerRecord], *, within_s: float = _APPEND_TIMEOUT_S
    ) -> list[RecordMetadata]:
        producer = self._producer.current
        for record in records:
            refuse_too_large(record)
        under_way: list[asyncio.Future[Any]] = []
        try:
            async with asyncio.timeout(within_s):
                for topic, key, value, headers, partition in records:
                    raw = key.encode()
                    at = partition_of(raw, topic.partitions) if partition is None else partition
                    under_way.append(
                        await producer.send(
                            self._prefix + topic.name,
                            key=raw,
                            value=value,
                            headers=list(headers),
                            partition=at,
                        )
                    )
                written = [await future for future in under_way]
        except (KafkaError, TimeoutError) as error:
            abandon(under_way)
            if isinstance(error, KafkaError):
                self._producer.replace(producer)
            raise LogUnavailableError(f"{len(records)} records: {error!r}") from error
        return [RecordMetadata(record.partition, record.offset) for record in written]

    async def append_if(
        self, records: Sequence[ProducerRecord], holds: Condition
    ) -> Sequence[RecordMetadata] | None:
        return await self._conditional.append(records, holds)

    async def end_offsets(self, topic: Topic) -> Mapping[int, int]:
        ends = await self._ends([topic])
        return {partition: offset for (_, partition), offset in ends.items()}

    async def offsets_at(self, topic: Topic, moment: datetime) -> Mapping[int, int]:
        if self._offsets is None:
            raise LogUnavailableError("the log is not open")
        at_ms = int(moment.timestamp() * 1000)
        places = [TopicPartition(self._prefix + topic.name, p) for p in range(topic.partitions)]
        try:
            found = await self._offsets.offsets_for_times(dict.fromkeys(places, at_ms))
            ends = await self._offsets.end_offsets(places)
        except KafkaError as error:
            raise LogUnavailableError(f"offsets of {topic.name}: {error!r}") from error
        return {
            place.partition: ends[place] if found.get(place) is None else found[place].offset
            for place in places
        }

    @asynccontextmanager
    async def tail(
        self, *topics: Topic, from_start: bool = True, starts: Offsets | None = None
    ) -> AsyncIterator["KafkaTail"]:
        # What a transaction wrote counts once it is committed (`append_if`).
        consumer = self._consumer(None, isolation_level="read_committed")
        try:
            await start_fetching(consumer)
            ends = await self._ends(topics)
            places = [TopicPartition(self._prefix + topic, p) for topic, p in ends]
            consumer.assign(places)
            if from_start:
                await consumer.seek_to_beginning(*places)
            else:
                for place in places:
                    consumer.seek(place, ends[self.place(place)])
            for at, offset in (starts or {}).items():
                consumer.seek(self.partition(at), offset)
            positions = {self.place(place): await consumer.position(place) for place in places}
            yield KafkaTail(self, consumer, positions, ends)
        except KafkaError as error:
            raise LogUnavailableError(f"reading {names(topics)}: {error!r}") from error
        finally:
            await stop_consumer(consumer)

    @asynccontextmanager
    async def subscribe(
        self, *topics: Topic, group: str, starts: Starts | None = None
    ) -> AsyncIterator["KafkaSubscription"]:
        consumer = self._consumer(self._prefix + group)
        subscription = KafkaSubscription(self, consumer, starts)
        consumer.subscribe([self._prefix + topic.name for topic in topics], listener=subscription)
        try:
            await start_fetching(consumer)
            yield subscription
        except KafkaError as error:
            raise LogUnavailableError(f"reading {names(topics)}: {error!r}") from error
        finally:
            await stop_consumer(consumer)

    def _consumer(
        self, group: str | None, isolation_level: str = "read_uncommitted"
    ) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap_servers,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=FETCH_WAIT_MS,
            session_timeout_ms=_SESSION_TIMEOUT_MS,
            heartbeat_interval_ms=_HEARTBEAT_MS,
            # Range assigns one member the same partitions of topics with equal partition counts.
            partition_assignment_strategy=(RangePartitionAssignor,),
            isolation_level=isolation_level,
        )

    async def _ends(self, topics: Sequence[Topic]) -> dict[tuple[str, int], int]:
        """The ends of all partitions, after the records of transactions that are not committed
        yet."""
        if self._offsets is None:
            raise LogUnavailableError("the log is not open")
        places = [
            TopicPartition(self._prefix + topic.name, partition)
            for topic in topics
            for partition in range(topic.partitions)
        ]
        try:
            ends = await self._offsets.end_offsets(places)
        except KafkaError as error:
            raise LogUnavailableError(f"ends of {names(topics)}: {error!r}") from error
        return {self.place(place): offset for place, offset in ends.items()}

    def place(self, place: TopicPartition) -> tuple[str, int]:
        """A partition without the installation's prefix."""
        return place.topic.removeprefix(self._prefix), place.partition

    def partition(self, place: tuple[str, int]) -> TopicPartition:
        """The inverse of `place`."""
        return TopicPartition(self._prefix + place[0], place[1])

    def batch(self, fetched: Mapping[TopicPartition, Sequence[Any]]) -> FetchedRecords:
        """What aiokafka fetched, as the port's types."""
        batch = {}
        for place, records in fetched.items():
            topic, partition = self.place(place)
            batch[topic, partition] = [
                Record(topic, partition, r.offset, r.timestamp, r.key, r.value, r.headers)
                for r in records
            ]
        return batch


def names(topics: Sequence[Topic]) -> str:
    """The topics' names, for a message."""
    return ", ".join(topic.name for topic in topics)


class KafkaTail:
    """Follows its partitions; for the guarantees see the port."""

    def __init__(
        self,
        log: KafkaLog,
        consumer: AIOKafkaConsumer,
        positions: dict[tuple[str, int], int],
        ends: dict[tuple[str, int], int],
    ) -> None:
        self._log = log
        self._consumer = consumer
        self._places = tuple(ends)
        self._behind = {place: end for place, end in ends.items() if positions[place] < end}

    async def batches(self) -> AsyncIterator[FetchedRecords]:
        while True:
            fetched = await self._consumer.getmany(timeout_ms=_POLL_MS, max_records=_MAX_RECORDS)
            batch = self._log.batch(fetched)
            yield batch
            await self._mark_handled()

    async def _mark_handled(self) -> None:
        if self._behind:
            for place, position in (await self.positions()).items():
                if position >= self._behind.get(place, position + 1):
                    del self._behind[place]

    async def positions(self) -> Offsets:
        # The reader's position, not the last record's offset: that may be no record at all.
        return {
            place: await self._consumer.position(self._log.partition(place))
            for place in self._places
        }

    @property
    def is_caught_up(self) -> bool:
        return not self._behind


class KafkaSubscription(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """A member of a group; for the guarantees see the port."""

    def __init__(self, log: KafkaLog, consumer: AIOKafkaConsumer, starts: Starts | None) -> None:
        self._log = log
        self._consumer = consumer
        self._starts = starts
        self._assigned: set[TopicPartition] | None = None
        """The partitions of the last assignment; None during a rebalance."""
        self._placed: set[TopicPartition] | None = None
        """The assignment whose start offsets were requested."""
        self._handled: dict[TopicPartition, int] = {}

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self._assigned = None
        self._handled.clear()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self._assigned = set(assigned)
        self._handled.clear()
        if self._starts is not None:  # a fetch from elsewhere would only be in the way
            self._consumer.pause(*assigned)

    async def batches(self) -> AsyncIterator[FetchedRecords]:
        while True:
            if self._starts is not None and self._assigned is not self._placed:
                await self._place(self._starts)
            fetched = await self._consumer.getmany(timeout_ms=_POLL_MS, max_records=_MAX_RECORDS)
            if self._is_new_assignment():
                yield {}  # rebalanced meanwhile: these records are fetched again
                continue
            self._handled.update((place, read[-1].offset + 1) for place, read in fetched.items())
            yield self._log.batch(fetched)

    def _is_new_assignment(self) -> bool:
        """Whether the start offsets of the present assignment are still to be requested."""
        return self._starts is not None and (
            self._assigned is None or self._assigned is not self._placed
        )

    async def _place(self, starts: Starts) -> None:
        """Seeks to the start offsets of the new assignment, unless there was another rebalance
        meanwhile."""
        assigned = self._assigned
        if assigned is None:
            return
        try:
            committed = {place: await self._consumer.committed(place) for place in assigned}
        except IllegalStateError:
            return
        wanted = await starts({self._log.place(place): at or 0 for place, at in committed.items()})
        if self._assigned is not assigned:
            return
        for given, offset in wanted.items():
            place = self._log.partition(given)
            self._consumer.seek(place, offset)
            if offset > (committed.get(place) or 0):
                self._handled[place] = offset  # or it would look like a lag until the next record
        self._consumer.resume(*assigned)
        self._placed = assigned

    async def commit(self) -> None:
        assigned = self._consumer.assignment()
        handled = {place: end for place, end in self._handled.items() if place in assigned}
        if not handled:
            return
        try:
            await self._consumer.commit(handled)
        except (CommitFailedError, IllegalGenerationError):
            return  # another member has the partitions and handles the records again
        except KafkaError as error:
            raise LogUnavailableError(f"commit: {error!r}") from error
        for place, end in handled.items():
            if self._handled.get(place) == end:
                del self._handled[place]

    def partitions(self) -> frozenset[tuple[str, int]]:
        return frozenset(self._log.place(place) for place in self._consumer.assignment())

    async def positions(self) -> Offsets:
        if self._is_new_assignment():
            return {}
        try:
            return {
                self._log.place(place): await self._consumer.position(place)
                for place in self._consumer.assignment()
            }
        except IllegalStateError:  # rebalanced meanwhile
            return {}
