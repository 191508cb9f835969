"""Stopping aiokafka's consumers and producers."""

import asyncio

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer


async def stop_consumer(consumer: AIOKafkaConsumer) -> None:
    """Stops a consumer.

    aiokafka cancels its fetches then and awaits each of them. One that just failed, and pauses,
    lets that cancellation through, and `stop` raises it: whoever awaits it would end, silently, as
    if it had been cancelled itself. So it has a task of its own.
    """
    stopping = asyncio.create_task(consumer.stop())
    try:
        await asyncio.wait([stopping])
    except asyncio.CancelledError:
        stopping.cancel()
        await asyncio.wait([stopping])
        raise
    if stopping.cancelled():
        await consumer._client.close()  # what was still to be done
    else:
        stopping.result()


async def stop_producer(producer: AIOKafkaProducer, within_s: float) -> None:
    """Sends what is in flight, for so long at most, and closes the connections in any case:
    aiokafka leaves them open if its `stop` does not come to its end."""
    try:
        async with asyncio.timeout(within_s):
            await producer.stop()
    except (TimeoutError, asyncio.CancelledError) as error:
        if producer._sender is not None:
            await producer._sender.close()
        await producer.client.close()
        if isinstance(error, asyncio.CancelledError):
            raise
