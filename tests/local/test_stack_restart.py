"""A later start in the same directory goes on with the same data, on other ports."""

from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pymongo import AsyncMongoClient

from tuyen_local import kafka, mongodb, server


async def topics(bootstrap_servers: str, create: str | None = None) -> list[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        if create is not None:
            await admin.create_topics([NewTopic(create, 1, 1)])
        return list(await admin.list_topics())
    finally:
        await admin.close()


async def test_a_kafka_topic_is_there_after_a_restart(tmp_path: Path) -> None:
    first = await server.start(kafka, tmp_path / "kafka", tmp_path)
    try:
        assert await topics(first.address, create="kept") == ["kept"]
    finally:
        await first.stop()
    second = await server.start(kafka, tmp_path / "kafka", tmp_path)
    try:
        assert second.address != first.address
        assert await topics(second.address) == ["kept"]
    finally:
        await second.stop()


async def test_a_mongodb_document_is_there_after_a_restart(tmp_path: Path) -> None:
    first = await server.start(mongodb, tmp_path / "mongodb", tmp_path)
    try:
        async with AsyncMongoClient[dict[str, object]](first.address) as client:
            await client.db.kept.insert_one({"_id": "lan"})
    finally:
        await first.stop()
    second = await server.start(mongodb, tmp_path / "mongodb", tmp_path)
    try:
        assert second.address != first.address
        async with AsyncMongoClient[dict[str, object]](second.address) as client:
            await client.db.kept.insert_one({"_id": "minh"})
            assert await client.db.kept.count_documents({}) == 2
    finally:
        await second.stop()
