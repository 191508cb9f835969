"""The example of the README is a complete app, and does what the README says of it."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from stream.worker_main import until

EXAMPLE = Path(__file__).with_name("example.py")
README = Path(__file__).parents[2] / "libs" / "stream" / "README.md"


def test_the_readme_shows_the_example_that_is_run_here() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert code == EXAMPLE.read_text()


@asynccontextmanager
async def _running(kafka: str) -> AsyncIterator[None]:
    """The example as a process, which is killed at the end of the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(EXAMPLE), env={**os.environ, "KAFKA": kafka}
    )
    try:
        yield
    finally:
        process.kill()
        await process.wait()


@pytest.mark.kafka
async def test_the_example_counts_on_where_a_killed_worker_stopped(kafka: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    topics = ("orders", "order-counts", "announcements", "bad-orders")
    await admin.create_topics([NewTopic(name, 2, 1) for name in topics])
    await admin.close()
    announced: dict[bytes, int] = {}

    async with (
        AIOKafkaProducer(bootstrap_servers=kafka) as producer,
        AIOKafkaConsumer(
            "announcements", bootstrap_servers=kafka, auto_offset_reset="earliest"
        ) as consumer,
    ):

        async def all_have(count: int) -> bool:
            for records in (await consumer.getmany(timeout_ms=100)).values():
                announced.update((each.key, int(each.value)) for each in records)
            return announced == {b"c%d" % number: count for number in range(10)}

        for total in (3, 6):
            async with _running(kafka):
                for number in range(30):
                    name = b"c%d" % (number % 10)
                    await producer.send("orders", b"order", key=name, partition=number % 2)
                await producer.flush()
                await until(lambda total=total: all_have(total), timeout_s=60)  # type: ignore[misc]  # bound now
