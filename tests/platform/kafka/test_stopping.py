"""Stopping a consumer whose fetches fail, as aiokafka does it."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from tuyen_platform.kafka.stopping import stop_consumer


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
