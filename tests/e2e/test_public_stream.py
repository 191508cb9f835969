"""The public topic, read by somebody who knows nothing but what is said of it."""

import json
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer

from support.shop import Json, Shop, eventually
from tuyen_local.stack import Stack


class Reader:
    """Keeps of each conversation the record with the highest version, the first of several."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self.kept: dict[str, Json] = {}
        self.read_of: dict[str, list[Json]] = {}

    async def read(self) -> None:
        """What has come since the last time."""
        batches = await self._consumer.getmany(timeout_ms=200)
        for records in batches.values():
            for record in records:
                told = json.loads(record.value)
                place = {"partition": record.partition, "offset": record.offset}
                self.read_of.setdefault(told["conversation_id"], []).append({**told, **place})
                newest = self.kept.get(told["conversation_id"])
                if newest is None or told["version"] > newest["version"]:
                    self.kept[told["conversation_id"]] = told


@pytest.fixture
async def reader(stack: Stack) -> AsyncIterator[Reader]:
    consumer = AIOKafkaConsumer(
        f"{stack.settings.topic_prefix}assignments",
        bootstrap_servers=stack.kafka,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        yield Reader(consumer)
    finally:
        await consumer.stop()


async def test_o1_what_it_keeps_of_all_shops_is_what_their_inboxes_show(
    opened: list[Shop], shop: Shop, reader: Reader
) -> None:
    """Runs after the others: each of them has left its conversations in `opened`."""
    await shop.add("an", "binh")
    await shop.assign_by("an", "binh", applies_to="all")
    await shop.facebook.comments("1_1", "1_2", "1_3")
    await shop.owners(["1_1", "1_2", "1_3"])

    for each in (*opened, shop):
        await _alike(each, reader)

    assert sum(told["organization"] == shop.id for told in reader.kept.values()) == 3


async def _alike(shop: Shop, reader: Reader) -> None:
    shown: set[tuple[str, int, str | None]] = set()
    kept: set[tuple[str, int, str | None]] = set()

    async def are_alike() -> bool:
        nonlocal shown, kept
        rows = [row for row in await shop.admin.inbox() if row["version"]]
        told = [told for told in reader.kept.values() if told["organization"] == shop.id]
        shown = {
            (row["id"], row["version"], row["assignee"] and row["assignee"]["agent_id"])
            for row in rows
        }
        kept = {(each["conversation_id"], each["version"], each["agent_id"]) for each in told}
        if shown != kept:
            await reader.read()
        return shown == kept

    def describe() -> str:
        conversations = {each[0] for each in shown ^ kept}
        records = [reader.read_of.get(each) for each in conversations]
        return f"{shop.id} shows {shown - kept}, its log {kept - shown} of {records}"

    await eventually(are_alike, describe)
