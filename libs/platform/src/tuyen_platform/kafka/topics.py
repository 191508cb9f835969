"""Creates the topics of `tuyen_events.topics`, once, before any service starts.

Works around trap 13 (`libs/stream/src/tuyen_stream/TRAPS.md`).
"""

import asyncio
import sys
from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from tuyen_events.topic import Topic
from tuyen_events.topics import TOPICS

_LEADER_POLL_S = 0.05
_LEADERS_WITHIN_S = 60.0
"""A broker that has a processor to itself needs a second for all of them."""
_SET_AT_TOPIC = 1
"""Kafka's code for the source of a setting: it was set for this topic."""


async def ensure_topics(
    bootstrap_servers: str,
    prefix: str,
    replication_factor: int,
    topics: Iterable[Topic] = TOPICS.values(),
) -> list[str]:
    """Creates the topics that are missing and returns their full names once all have leaders.

    May be repeated, also by several processes at once. Topics that exist get the table's settings
    where theirs differ, and keep settings that the table does not contain. Raises ValueError, and
    creates nothing, when one of them has another partition count than the table, because then
    customers would change partitions.

    With three replicas or more, all but one must have a record before it is acknowledged; with
    fewer, one broker that is down would stop every append.
    """
    wanted = {prefix + topic.name: topic for topic in topics}
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        missing = [name for name in wanted if name not in existing]
        older = {name: wanted[name] for name in wanted if name in existing}
        await _ready(admin, older)
        await _adjust(admin, older)
        await _create(admin, {name: wanted[name] for name in missing}, replication_factor)
        await _wait_for_leaders(admin, wanted)
    finally:
        await admin.close()
    return missing


async def _create(
    admin: AIOKafkaAdminClient, topics: dict[str, Topic], replication_factor: int
) -> None:
    if not topics:
        return
    in_sync = str(max(1, replication_factor - 1))
    answer = await admin.create_topics(
        [
            NewTopic(
                name=name,
                num_partitions=topic.partitions,
                replication_factor=replication_factor,
                topic_configs={**topic.config(), "min.insync.replicas": in_sync},
            )
            for name, topic in topics.items()
        ]
    )
    for name, code, *rest in answer.topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):
            raise for_code(code)(f"{name}: {rest[0] if rest else ''}")


async def _adjust(admin: AIOKafkaAdminClient, topics: dict[str, Topic]) -> None:
    """Gives topics of an earlier version the settings of this one.

    Kafka replaces all settings of a topic at once, so the other settings are sent as well.
    """
    if not topics:
        return
    changed = []
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in topics]
    for answer in await admin.describe_configs(resources):
        for code, problem, _, name, entries in answer.resources:
            if code:
                raise for_code(code)(f"{name}: {problem}")
            ours = {key: value for key, value, _, source, *_ in entries if source == _SET_AT_TOPIC}
            settings = ours | topics[name].config()
            if settings != ours:
                changed.append(ConfigResource(ConfigResourceType.TOPIC, name, settings))
    if not changed:
        return
    for answer in await admin.alter_configs(changed):
        for code, problem, _, name in answer.resources:
            if code:
                raise for_code(code)(f"{name}: {problem}")


async def _wait_for_leaders(admin: AIOKafkaAdminClient, wanted: dict[str, Topic]) -> None:
    try:
        async with asyncio.timeout(_LEADERS_WITHIN_S):
            while not await _ready(admin, wanted):  # noqa: ASYNC110 - a broker cannot set our event
                await asyncio.sleep(_LEADER_POLL_S)
    except TimeoutError as error:
        raise TimeoutError("the topics have no leaders yet: is a broker down?") from error


async def _ready(admin: AIOKafkaAdminClient, wanted: dict[str, Topic]) -> bool:
    """Whether all partitions have leaders. Raises ValueError for another partition count."""
    described = {found["topic"]: found for found in await admin.describe_topics(list(wanted))}
    ready = True
    for name, topic in wanted.items():
        found = described.get(name, {}).get("partitions", [])
        if found and len(found) != topic.partitions:
            raise ValueError(
                f"topic {name} has {len(found)} partitions and needs {topic.partitions}: "
                "partition counts never change once there is data; use another prefix"
            )
        ready &= bool(found) and all(partition["leader"] >= 0 for partition in found)
    return ready


if __name__ == "__main__":
    asyncio.run(ensure_topics(sys.argv[1], sys.argv[2], int(sys.argv[3])))
