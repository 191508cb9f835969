"""Waiting until a cluster has come to rest, and making its views again."""

from collections.abc import Mapping
from contextlib import suppress

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from faults.cluster import DATABASE, PREFIX, Cluster
from faults.log import Follower, read
from faults.people import People
from faults.tenants import AGENTS
from support.shop import eventually
from tuyen_events.jobs import JobState
from tuyen_events.outbound import OutboundRequested, OutboundSettled
from tuyen_events.outbound_topics import OUTBOUND, OUTBOUND_RESULTS
from tuyen_events.topic import Topic
from tuyen_events.topics import (
    ANSWERS,
    ASSIGNMENTS,
    COMMANDS,
    CONTACTS,
    CRM_COMMANDS,
    INBOUND,
    REQUESTS,
)
from tuyen_gateway.projections.collections import FOLDED, VIEW
from tuyen_platform.mongodb import connect
from tuyen_platform.projection import MongoPositions, has_folded_up_to
from tuyen_views.view import CRM_VIEWS

_PATIENCE_S = 180.0
_COMMITTED: Mapping[str, tuple[Topic, ...]] = {
    "router": (INBOUND, ANSWERS, COMMANDS, REQUESTS),
    "crm": (INBOUND,),
    "crm-commands": (CRM_COMMANDS,),
    "outbound": (INBOUND, OUTBOUND, OUTBOUND_RESULTS),
}
_VIEWS: Mapping[str, tuple[Topic, ...]] = {
    VIEW: (*FOLDED,),
    CRM_VIEWS: (CONTACTS,),
}

Ends = Mapping[tuple[str, int], int]


async def wait_until_at_rest(cluster: Cluster, people: People, follower: Follower) -> None:
    """Returns when everything is ready, everybody's presence is what they want, and all that
    is in the log was handled by all who handle it, with no new records as a result."""
    await cluster.wait_ready()
    await eventually(lambda: _all_are_there(people), lambda: "presence differs", _PATIENCE_S)
    await eventually(lambda: _jobs_ended(people), lambda: "jobs go on", _PATIENCE_S)
    await eventually(lambda: _all_is_sent(cluster), lambda: "replies wait", _PATIENCE_S)
    before: list[Ends] = []

    async def calm() -> bool:
        with suppress(KafkaError):
            ends = await ends_of(cluster.kafka.address)
            same, before[:] = before == [ends], [ends]
            return same and not await behind(cluster, ends) and follows(ends)
        return False

    def follows(ends: Ends) -> bool:
        wanted = {place: end for place, end in ends.items() if place[0] == ASSIGNMENTS.name and end}
        return all(follower.reached.get(place[1], 0) >= end for place, end in wanted.items())

    async def describe() -> str:
        return f"behind: {await behind(cluster, await ends_of(cluster.kafka.address))}"

    try:
        await eventually(calm, lambda: "not calm", _PATIENCE_S)
    except AssertionError as error:
        error.add_note(await describe())
        raise


async def _all_are_there(people: People) -> bool:
    for tenant in {tenant for tenant, _ in people.wanted}:
        for each in await people.who[tenant, "admin"].all("/v1/presence"):
            name = each["agent_id"]
            if name in AGENTS and each["presence"] != people.expected(tenant, name):
                return False
    return True


async def _jobs_ended(people: People) -> bool:
    for tenant in {tenant for tenant, _ in people.wanted}:
        jobs = await people.who[tenant, "admin"].all("/v1/jobs")
        if any(job["state"] == JobState.RUNNING for job in jobs):
            return False
    return True


async def _all_is_sent(cluster: Cluster) -> bool:
    """Whether every request to a channel has a result: no page is stopped for ever."""
    with suppress(KafkaError):
        log = await read(cluster.kafka.address, PREFIX, (OUTBOUND, OUTBOUND_RESULTS))
        settled = {event.request_id for _, event in log.events(OUTBOUND_RESULTS, OutboundSettled)}
        requested = log.events(OUTBOUND, OutboundRequested)
        return all(event.request_id in settled for _, event in requested)
    return False


async def ends_of(kafka: str) -> Ends:
    topics = {topic for found in (*_COMMITTED.values(), *_VIEWS.values()) for topic in found}
    places = [TopicPartition(PREFIX + t.name, p) for t in topics for p in range(t.partitions)]
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka)
    await consumer.start()
    try:
        ends = await consumer.end_offsets(places)
    finally:
        await consumer.stop()
    return {(each.topic.removeprefix(PREFIX), each.partition): end for each, end in ends.items()}


async def behind(cluster: Cluster, ends: Ends) -> list[str]:
    """Who has not handled all: consumer groups by their commits, views by their positions."""
    found = []
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.kafka.address)
    await admin.start()
    try:
        for group, topics in _COMMITTED.items():
            committed = await admin.list_consumer_group_offsets(PREFIX + group)
            for (topic, partition), end in _of(ends, topics).items():
                at = committed.get(TopicPartition(PREFIX + topic, partition))
                if end > (0 if at is None else at.offset):
                    found.append(f"{group}: {topic}/{partition} {at} of {end}")
    finally:
        await admin.close()
    database = connect(cluster.mongodb.address, DATABASE)
    for view, topics in _VIEWS.items():
        if not await has_folded_up_to(MongoPositions(database, view), _of(ends, topics)):
            found.append(f"the view {view}")
    database.client.close()
    return found


def _of(ends: Ends, topics: tuple[Topic, ...]) -> dict[tuple[str, int], int]:
    names = {topic.name for topic in topics}
    return {place: end for place, end in ends.items() if place[0] in names and end}
