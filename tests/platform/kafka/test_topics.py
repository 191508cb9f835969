import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from tuyen_events.topics import ASSIGNMENTS, CUSTOMERS, DIRECTORY, INBOUND, RAW, TOPICS
from tuyen_platform.kafka.topics import ensure_topics

pytestmark = pytest.mark.kafka

SOME = (ASSIGNMENTS, DIRECTORY, INBOUND, RAW)


@pytest.fixture
async def admin(kafka: str) -> AsyncIterator[Any]:
    client = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await client.start()
    yield client
    await client.close()


async def settings(admin: Any, name: str) -> dict[str, str]:
    resource = ConfigResource(ConfigResourceType.TOPIC, name)
    (answer,) = await admin.describe_configs([resource])
    (described,) = answer.resources
    return {key: value for key, value, *_ in described[4]}


async def until_it_has(admin: Any, name: str, wanted: dict[str, str]) -> None:
    """A broker reports new settings some time after it accepted them."""
    async with asyncio.timeout(30):
        while wanted.items() - (await settings(admin, name)).items():  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.05)


async def test_all_topics_of_the_table_are_created_with_its_settings(
    kafka: str, topic_prefix: str, admin: Any
) -> None:
    created = await ensure_topics(kafka, topic_prefix, 1)
    assert sorted(created) == sorted(topic_prefix + name for name in TOPICS)
    described = await admin.describe_topics(created)
    assert {d["topic"].removeprefix(topic_prefix): len(d["partitions"]) for d in described} == {
        name: topic.partitions for name, topic in TOPICS.items()
    }
    for topic in SOME:
        found = await settings(admin, topic_prefix + topic.name)
        wanted = {**topic.config(), "min.insync.replicas": "1"}
        assert {key: found[key] for key in wanted} == wanted


async def test_creating_again_creates_nothing(kafka: str, topic_prefix: str) -> None:
    await ensure_topics(kafka, topic_prefix, 1, SOME)
    assert await ensure_topics(kafka, topic_prefix, 1, SOME) == []


async def test_what_is_missing_is_added(kafka: str, topic_prefix: str) -> None:
    await ensure_topics(kafka, topic_prefix, 1, (DIRECTORY,))
    assert await ensure_topics(kafka, topic_prefix, 1, (DIRECTORY, RAW)) == [topic_prefix + "raw"]


async def test_r9_6_a_topic_of_an_earlier_version_gets_the_settings_of_this_one(
    kafka: str, topic_prefix: str, admin: Any
) -> None:
    """And keeps what an operator set beside them."""
    await ensure_topics(kafka, topic_prefix, 1, (CUSTOMERS,))
    name = topic_prefix + CUSTOMERS.name
    old = {"cleanup.policy": "compact", "segment.ms": "604800000", "flush.messages": "1000"}
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, old)])
    await until_it_has(admin, name, old)
    assert await ensure_topics(kafka, topic_prefix, 1, (CUSTOMERS,)) == []
    await until_it_has(admin, name, {**CUSTOMERS.config(), "flush.messages": "1000"})


async def test_several_at_once_do_not_disturb_one_another(kafka: str, topic_prefix: str) -> None:
    await asyncio.gather(*(ensure_topics(kafka, topic_prefix, 1, SOME) for _ in range(4)))
    assert await ensure_topics(kafka, topic_prefix, 1, SOME) == []


async def test_trap_13_another_partition_count_is_refused_and_nothing_created(
    kafka: str, topic_prefix: str, admin: Any
) -> None:
    await ensure_topics(kafka, topic_prefix, 1, (replace(INBOUND, partitions=2),))
    with pytest.raises(ValueError, match="has 2 partitions and needs 24"):
        await ensure_topics(kafka, topic_prefix, 1, SOME)
    ours = [name for name in await admin.list_topics() if name.startswith(topic_prefix)]
    assert ours == [topic_prefix + "inbound"]
