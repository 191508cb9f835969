"""Stopping aiokafka's consumers."""

import asyncio

from aiokafka import AIOKafkaConsumer


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
