"""How long nobody answers a customer whose router worker was killed.

Two workers share the partitions; one is killed while first messages come in for all of them. The
time is taken from the kill until every partition has had an answer, seen by a reader of the log, to
a message that was sent after it.
"""

import asyncio
import json
import secrets
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from aiokafka import AIOKafkaProducer

from bench.log import from_now_on, reading
from bench.processes import free_port, ready, running, service_env
from bench.report import Bar, Row, median_of
from support import market
from support.shop import eventually
from tuyen_events.assignments import AssignmentEvent
from tuyen_events.codec import decode_data
from tuyen_events.ids import ConversationId
from tuyen_events.inbound import MessageReceived
from tuyen_events.topic import CUSTOMER_PARTITIONS
from tuyen_events.topics import ASSIGNMENTS, DIRECTORY, INBOUND, PRESENCE
from tuyen_platform.kafka.topics import ensure_topics

PAGES = 100
AGENTS = 20
RUNS = 3
_MESSAGES_PER_S = 200
_PATIENCE_S = 120.0


async def measure(kafka: str) -> list[Row]:
    """Three runs, each with two new workers."""
    gaps = [await _run(kafka, f"bench{secrets.token_hex(3)}.") for _ in range(RUNS)]
    return [median_of("killed router worker, last partition answered", "s", gaps, Bar(most=15))]


async def _run(kafka: str, prefix: str) -> float:
    await ensure_topics(kafka, prefix, 1)
    entities = list(market.directory(PAGES, AGENTS))
    for topic in (DIRECTORY, PRESENCE):
        mine = ((key, event) for at, key, event in entities if at is topic)
        await market.publish(kafka, prefix, topic, mine)
    with tempfile.TemporaryDirectory() as name:
        logs = [Path(name) / "one.log", Path(name) / "two.log"]
        ports = free_port(), free_port()
        async with (
            running("tuyen_router", service_env(kafka, prefix, ports[0]), log=logs[0]) as one,
            running("tuyen_router", service_env(kafka, prefix, ports[1]), log=logs[1]) as two,
        ):
            await ready(ports[0], one)
            await ready(ports[1], two)
            await workers_share(logs)
            async with _messages(kafka, prefix) as sent:
                await _wait_for_answers(kafka, prefix, sent)
                two.send_signal(signal.SIGKILL)
                await two.wait()
                killed = time.monotonic()
                await _wait_for_answers(kafka, prefix, sent)
                return time.monotonic() - killed


async def workers_share(logs: Sequence[Path]) -> None:
    """Waits until the workers, by their logs, have dealt out all of the customers' partitions."""

    async def so() -> bool:
        owned = [_count_owned(log) for log in logs]
        return 0 not in owned and sum(owned) == CUSTOMER_PARTITIONS

    await eventually(
        so, lambda: f"the workers own {[_count_owned(log) for log in logs]}", _PATIENCE_S
    )


def _count_owned(log: Path) -> int:
    """How many of the customers' partitions a worker has, by the latest entry of its log."""
    recovered = [line for line in log.read_text().splitlines() if "partitions_recovered" in line]
    return len(json.loads(recovered[-1])["owned"]["customers"]) if recovered else 0


@asynccontextmanager
async def _messages(kafka: str, prefix: str) -> AsyncIterator[dict[ConversationId, float]]:
    """Customers who write for the first time, evenly; when each conversation's message was sent."""
    sent: dict[ConversationId, float] = {}

    async def send() -> None:
        number = 0
        while True:
            key, envelope = market.message(number, number % PAGES, number)
            if isinstance(envelope.data, MessageReceived) and envelope.data.conversation_id:
                sent[envelope.data.conversation_id] = time.monotonic()
            place, raw, value, headers = market.place_event(INBOUND, key, envelope)
            await producer.send(topic, value, raw, partition=place, headers=headers)
            number += 1
            await asyncio.sleep(1 / _MESSAGES_PER_S)

    topic = prefix + INBOUND.name
    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all") as producer:
        sending = asyncio.create_task(send())
        try:
            yield sent
        finally:
            sending.cancel()


async def _wait_for_answers(kafka: str, prefix: str, sent: dict[ConversationId, float]) -> None:
    """Waits until every partition has an answer to a message that is sent from now on."""
    begun = time.monotonic()
    silent = set(range(CUSTOMER_PARTITIONS))
    async with asyncio.timeout(_PATIENCE_S), reading(kafka) as consumer:
        await from_now_on(consumer, prefix, ASSIGNMENTS)
        while silent:
            for place, records in (await consumer.getmany(timeout_ms=500)).items():
                for record in records:
                    event = decode_data(record.headers, record.value)
                    if (
                        isinstance(event, AssignmentEvent)
                        and event.agent_id is not None
                        and sent.get(event.conversation_id, 0.0) > begun
                    ):
                        silent.discard(place.partition)
