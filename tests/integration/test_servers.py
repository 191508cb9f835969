"""The servers of a test run answer, and each test has a place of its own on them."""

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pymongo import MongoClient

from support import servers


@pytest.mark.parametrize("turn", [1, 2])
async def test_a_topic_prefix_is_free_each_time(kafka: str, topic_prefix: str, turn: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        assert not [name for name in await admin.list_topics() if name.startswith(topic_prefix)]
        await admin.create_topics([NewTopic(f"{topic_prefix}inbound", 1, 1)])
    finally:
        await admin.close()


def test_a_database_takes_writes(mongodb: str, database: str) -> None:
    with MongoClient[dict[str, object]](mongodb) as client:
        client[database].kept.insert_one({"_id": 1})


def test_asking_twice_starts_one_server(kafka: str) -> None:
    assert servers.address("kafka") == kafka
