"""The least that a loop over aiokafka can do: fetch, decode, dict, encode, send, commit.

One send for each event, or as many as it is told.
"""

import asyncio
import os

import msgspec
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer


async def main() -> None:
    """Handles the whole input topic, then goes on waiting for more until it is ended."""
    consumer = AIOKafkaConsumer(
        os.environ["BENCH_INPUT"],
        bootstrap_servers=os.environ["BENCH_KAFKA"],
        group_id=os.environ["BENCH_APP"],
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=os.environ["BENCH_KAFKA"],
        acks="all",
        enable_idempotence=True,
        linger_ms=5,
        max_batch_size=131_072,
    )
    await consumer.start()
    await producer.start()
    owners: dict[str, int] = {}
    output = os.environ["BENCH_OUTPUT"]
    sends = int(os.environ["BENCH_SENDS"])
    while True:
        sent = []
        for place, records in (await consumer.getmany(timeout_ms=200, max_records=2000)).items():
            for record in records:
                customer = msgspec.json.decode(record.value)["customer"]["id"]
                owners[customer] = owners.get(customer, 0) + 1
                value = msgspec.json.encode({"customer": customer, "count": owners[customer]})
                sent += [
                    await producer.send(
                        output, key=record.key, value=value, partition=place.partition
                    )
                    for _ in range(sends)
                ]
        if sent:
            await asyncio.gather(*sent)
            await consumer.commit()


if __name__ == "__main__":
    uvloop.run(main())
