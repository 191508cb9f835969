"""The least that can call a channel for each record of a topic: fetch, decode, call, commit.

It keeps no state, so a crash sends again or loses; it has no order, limits, retries or results.
"""

import asyncio
import os

import httpx
import msgspec
import uvloop
from aiokafka import AIOKafkaConsumer


async def main() -> None:
    """Calls for the whole input topic, then goes on waiting for more until it is ended."""
    consumer = AIOKafkaConsumer(
        os.environ["BENCH_INPUT"],
        bootstrap_servers=os.environ["BENCH_KAFKA"],
        group_id=os.environ["BENCH_APP"],
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    address = os.environ["BENCH_CALL"]
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.TaskGroup() as calls:

        async def call(value: bytes) -> None:
            request = msgspec.json.decode(value)
            body = {
                "recipient": {"id": request["customer_external_id"]},
                "message": {"text": request["text"], "metadata": request["client_id"]},
                "messaging_type": "RESPONSE",
            }
            answer = await client.post(address, params={"access_token": "token"}, json=body)
            answer.raise_for_status()

        while True:
            fetched = await consumer.getmany(timeout_ms=200, max_records=2000)
            for records in fetched.values():
                for record in records:
                    calls.create_task(call(record.value))
            if fetched:
                await consumer.commit()


if __name__ == "__main__":
    uvloop.run(main())
