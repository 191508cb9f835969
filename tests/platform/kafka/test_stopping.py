"""Stopping a consumer whose fetches fail, and a producer whose broker hangs."""

import asyncio
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from tuyen_platform.kafka.stopping import stop_consumer, stop_producer


class FailingConsumer:
    """As aiokafka's consumer while Kafka is away: a fetch pauses after an error, and passes on the
    cancellation by which the consumer ends it."""

    def __init__(self) -> None:
        self.closed = False
        self._client = SimpleNamespace(close=self._close)
        self._fetch = asyncio.create_task(self._fail())

    async def _fail(self) -> None:
        try:
            raise ConnectionError
        except ConnectionError:
            await asyncio.sleep(60)

    async def stop(self) -> None:
        await asyncio.sleep(0)
        self._fetch.cancel()
        await self._fetch
        await self._close()

    async def _close(self) -> None:
        self.closed = True


async def test_r9_a_consumer_that_stops_while_its_fetches_fail_ends_nobody_else() -> None:
    consumer: Any = FailingConsumer()
    await stop_consumer(consumer)
    assert consumer.closed


async def test_who_stops_a_consumer_can_be_cancelled() -> None:
    never: Any = SimpleNamespace(stop=asyncio.Event().wait)
    stopping = asyncio.create_task(stop_consumer(never))
    await asyncio.sleep(0.01)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping


async def test_what_stopping_raises_is_raised() -> None:
    async def fail() -> None:
        raise ConnectionError

    broken: Any = SimpleNamespace(stop=fail)
    with pytest.raises(ConnectionError):
        await stop_consumer(broken)


class HangingProducer:
    """As aiokafka's producer while a broker takes connections and answers nothing."""

    def __init__(self) -> None:
        self.open = {"sender", "client"}
        self._sender = SimpleNamespace(close=partial(self._close, "sender"))
        self.client = SimpleNamespace(close=partial(self._close, "client"))
        self.flushing = asyncio.Event()

    async def stop(self) -> None:
        self.flushing.set()
        await asyncio.Event().wait()

    async def _close(self, part: str) -> None:
        self.open.discard(part)


async def test_r9_6_a_producer_leaves_no_connection_open_if_its_broker_hangs() -> None:
    """A gateway starts another one after each error."""
    producer: Any = HangingProducer()
    await stop_producer(producer, 0.01)
    assert producer.open == set()


async def test_r9_6_who_is_cancelled_while_stopping_a_producer_leaves_no_connection_open() -> None:
    producer: Any = HangingProducer()
    stopping = asyncio.create_task(stop_producer(producer, 60))
    await producer.flushing.wait()
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert producer.open == set()
