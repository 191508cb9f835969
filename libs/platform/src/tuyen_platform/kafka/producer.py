"""A producer that stays usable for as long as the process runs, even after a batch has failed."""

import asyncio
from collections.abc import Iterable
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from tuyen_events.topics import TOPICS
from tuyen_platform.kafka.ports import LogUnavailableError

_log = structlog.get_logger()

MAX_REQUEST_BYTES = max(topic.max_batch_bytes for topic in TOPICS.values())
"""The largest record of any topic, with its framing."""

_REQUEST_TIMEOUT_MS = 30_000
_CLOSE_TIMEOUT_S = 5.0


class LastingProducer:
    """Idempotent producers of aiokafka, one after the other.

    A producer is replaced when one of its batches has failed. aiokafka counts a failed batch as
    sent (it fails a batch whose partition has had no leader for long), so Kafka would refuse
    everything after it in that partition, for ever (aio-libs/aiokafka#1017). A caller who appends a
    failed record again may append it twice, which readers expect: it has the same id.
    """

    def __init__(self, bootstrap_servers: str, linger_ms: int) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._linger_ms = linger_ms
        self._producer: AIOKafkaProducer | None = None
        self._replacing: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()
        """Producers that were replaced and still send what is in flight."""

    async def start(self) -> None:
        self._producer = self._new_producer()
        await self._producer.start()

    @property
    def current(self) -> AIOKafkaProducer:
        """Raises LogUnavailableError when it is not started."""
        if self._producer is None:
            raise LogUnavailableError("the log is not open")
        return self._producer

    def replace(self, producer: AIOKafkaProducer) -> None:
        """Replaces the producer, unless that was done already or is in progress."""
        replacing = self._replacing is not None and not self._replacing.done()
        if producer is self._producer and not replacing:
            self._replacing = asyncio.create_task(self._replace(producer))

    async def _replace(self, failed: AIOKafkaProducer) -> None:
        """If Kafka is unavailable, the producer is kept until the next append that fails."""
        producer = self._new_producer()
        try:
            await producer.start()
        except BaseException as error:
            await producer.stop()
            if isinstance(error, KafkaError):
                return
            raise
        self._producer = producer
        _log.warning("producer_replaced")
        self._end(failed)

    def _end(self, producer: AIOKafkaProducer) -> None:
        ending = asyncio.create_task(producer.stop())
        self._ending.add(ending)
        ending.add_done_callback(self._forget)

    def _forget(self, ending: "asyncio.Task[None]") -> None:
        self._ending.discard(ending)
        if not ending.cancelled() and (error := ending.exception()):
            _log.warning("producer_not_stopped", error=repr(error))

    async def stop(self) -> None:
        """Sends what is in flight. Raises LogUnavailableError if that is not acknowledged."""
        producer, self._producer = self._producer, None
        if self._replacing is not None:
            self._replacing.cancel()
            await asyncio.wait([self._replacing])
        if producer is not None:
            self._end(producer)
        if not self._ending:
            return
        _, late = await asyncio.wait(self._ending, timeout=_CLOSE_TIMEOUT_S)
        for ending in late:
            ending.cancel()
        if late:
            await asyncio.wait(late)
            raise LogUnavailableError("what was in flight is not acknowledged")

    def _new_producer(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            bootstrap_servers=self._bootstrap_servers,
            acks="all",
            enable_idempotence=True,
            linger_ms=self._linger_ms,
            max_batch_size=131_072,
            max_request_size=MAX_REQUEST_BYTES,
            request_timeout_ms=_REQUEST_TIMEOUT_MS,
        )


def abandon(under_way: Iterable[asyncio.Future[Any]]) -> None:
    """Ignores the results of these appends, which no caller awaits any more."""
    for future in under_way:
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
