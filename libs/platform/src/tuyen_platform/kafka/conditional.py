"""Conditional appends: a transaction commits records only if a condition holds for everything
before them.

Kafka has no conditional append. But the offset of a record in an open transaction is known before
any reader of committed records gets it, and so is everything before it: whether the transaction
ends in a commit can depend on that. If the process dies first, Kafka undoes the transaction. Of
several open transactions of a partition, each waits for those before it, and for none after it.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from uuid import uuid4

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerFenced

from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.ports import (
    Condition,
    LogUnavailableError,
    ProducerRecord,
    RecordMetadata,
)
from tuyen_platform.kafka.producer import MAX_REQUEST_BYTES
from tuyen_platform.kafka.sizes import refuse_too_large
from tuyen_platform.kafka.stopping import stop_producer

UNDONE_AFTER_MS = 3_000
"""For how long a transaction may be open. Readers of the partition wait for its end, and with them
whoever writes after it: if the process was killed, this and the time after which Kafka looks for
such transactions have to be less than the 5 s for which a request waits. It takes some
hundredths of a second otherwise; one that takes longer is undone, and begun once more."""
_WITHIN_S = 10.0
_START_S = 20.0
"""The first transaction of an installation makes Kafka create a topic for them."""
_CLOSE_TIMEOUT_S = 5.0


class _NotBegunError(Exception):
    """A record was not accepted, or Kafka undid the transaction because it was open for too long:
    it has no effect, and may be begun again."""


class ConditionalProducer:
    """The transactions of this process, one after another. Connects when it is first needed, and
    again after an error."""

    def __init__(self, bootstrap_servers: str, prefix: str) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._prefix = prefix
        # The same one after an error: beginning with it undoes what was left open.
        self._id = f"{prefix}conditional-{uuid4().hex}"
        self._producer: AIOKafkaProducer | None = None
        self._turn = asyncio.Lock()

    async def append(
        self, records: Sequence[ProducerRecord], holds: Condition
    ) -> list[RecordMetadata] | None:
        """Implements `Log.append_if`."""
        for record in records:
            refuse_too_large(record)
        async with self._turn:
            try:
                try:
                    return await self._transact(records, holds)
                except _NotBegunError:
                    # Kafka forgets a transactional id that was not used for a week, and a
                    # transaction that waited for one which a killed process had left open is undone
                    # with that.
                    await self.stop()
                    return await self._transact(records, holds)
            except BaseException as error:
                await self.stop()
                if isinstance(error, KafkaError | TimeoutError | _NotBegunError):
                    raise LogUnavailableError(f"{len(records)} records: {error!r}") from error
                raise

    async def _transact(
        self, records: Sequence[ProducerRecord], holds: Condition
    ) -> list[RecordMetadata] | None:
        producer = self._producer or await self._start()
        async with asyncio.timeout(_WITHIN_S):
            await producer.begin_transaction()
            try:
                written = await self._send(producer, records)
                held = await holds(written[0].offset)
            except _NotBegunError:
                raise
            except BaseException:
                await _abort(producer)
                raise
            await _end(producer, commits=held)
            return written if held else None

    async def _start(self) -> AIOKafkaProducer:
        self._producer = producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap_servers,
            transactional_id=self._id,
            transaction_timeout_ms=UNDONE_AFTER_MS,
            max_request_size=MAX_REQUEST_BYTES,
        )
        async with asyncio.timeout(_START_S):
            await producer.start()
        return producer

    async def _send(
        self, producer: AIOKafkaProducer, records: Sequence[ProducerRecord]
    ) -> list[RecordMetadata]:
        try:
            under_way = [
                await producer.send(
                    self._prefix + topic.name,
                    key=key.encode(),
                    value=value,
                    headers=list(headers),
                    partition=partition_of(key, topic.partitions)
                    if partition is None
                    else partition,
                )
                for topic, key, value, headers, partition in records
            ]
            written = [await future for future in under_way]
        except KafkaError as error:
            raise _NotBegunError(repr(error)) from error
        return [RecordMetadata(one.partition, one.offset) for one in written]

    async def stop(self) -> None:
        """Disconnects, within 5 s."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(KafkaError):
                await stop_producer(producer, _CLOSE_TIMEOUT_S)


async def _end(producer: AIOKafkaProducer, *, commits: bool) -> None:
    """Raises _NotBegunError if Kafka refuses that because it has undone the transaction.

    It does so with an epoch that is higher than this producer's, which nothing else gives: the
    transactional id is this process's own, and a commit that Kafka accepted before, and whose
    answer was lost, it answers as accepted again. Should a transaction have taken effect all the
    same, the condition sees its records when it is asked once more.
    """
    try:
        if commits:
            await producer.commit_transaction()
        else:
            await producer.abort_transaction()
    except ProducerFenced as error:
        raise _NotBegunError(repr(error)) from error


async def _abort(producer: AIOKafkaProducer) -> None:
    """Undoes what is open; if Kafka does not answer within 5 s, it does so by itself."""
    with suppress(KafkaError, TimeoutError):
        async with asyncio.timeout(_CLOSE_TIMEOUT_S):
            await producer.abort_transaction()
