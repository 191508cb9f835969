"""Replaces records of a partition only if nobody replaced them meanwhile, by a transaction.

Kafka has no conditional append. But the offset of a record in an open transaction is known before
any reader gets the record, and so is everything in front of it: whether the transaction ends in a
commit can depend on that. If the process dies first, Kafka undoes the transaction.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.ports import LogUnavailableError, ProducerRecord
from tuyen_platform.kafka.sizes import refuse_too_large
from tuyen_platform.kafka.stopping import stop_consumer

_UNDONE_AFTER_MS = 20_000
"""For how long a transaction may be open. Readers of the partition wait for its end."""
_POLL_MS = 500


class _ReplacedError(Exception):
    """Somebody else wrote one of the keys: the transaction must not be committed."""


async def replace_in_partition(
    bootstrap_servers: str, prefix: str, records: Sequence[ProducerRecord], read_to: int
) -> bool:
    """Implements `ReplacingLog.replace`. Of concurrent calls for a partition the last one ends all
    others with LogUnavailableError."""
    for record in records:
        refuse_too_large(record)
    place = _find_place(prefix, records[0])
    try:
        async with _open_producer(bootstrap_servers, place) as producer, producer.transaction():
            first = await _send(producer, place, records)
            keys = {record.key.encode() for record in records}
            if not keys.isdisjoint(await _read_keys(bootstrap_servers, place, read_to, first)):
                raise _ReplacedError
    except _ReplacedError:
        return False
    except (KafkaError, TimeoutError) as error:
        raise LogUnavailableError(f"{len(records)} records: {error!r}") from error
    return True


def _find_place(prefix: str, record: ProducerRecord) -> TopicPartition:
    topic, key, *_, partition = record
    at = partition_of(key, topic.partitions) if partition is None else partition
    return TopicPartition(prefix + topic.name, at)


@asynccontextmanager
async def _open_producer(
    bootstrap_servers: str, place: TopicPartition
) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers,
        # One for each partition: what a process left open that died, is undone by the next one.
        transactional_id=f"{place.topic}-{place.partition}-replacing",
        transaction_timeout_ms=_UNDONE_AFTER_MS,
    )
    try:
        await producer.start()
        yield producer
    finally:
        await producer.stop()


async def _send(
    producer: AIOKafkaProducer, place: TopicPartition, records: Sequence[ProducerRecord]
) -> int:
    """The offset of the first of the records."""
    under_way = [
        await producer.send(
            place.topic,
            key=record.key.encode(),
            value=record.value,
            headers=list(record.headers),
            partition=place.partition,
        )
        for record in records
    ]
    offsets: list[int] = [(await future).offset for future in under_way]
    return min(offsets)


async def _read_keys(
    bootstrap_servers: str, place: TopicPartition, begin: int, end: int
) -> set[bytes]:
    """The keys of the records from one offset up to another one."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers,
        enable_auto_commit=False,
        isolation_level="read_committed",
    )
    found: set[bytes] = set()
    try:
        await consumer.start()
        consumer.assign([place])
        consumer.seek(place, begin)
        while await consumer.position(place) < end:
            for records in (await consumer.getmany(timeout_ms=_POLL_MS)).values():
                found.update(one.key for one in records if one.key is not None)
    finally:
        await stop_consumer(consumer)
    return found
