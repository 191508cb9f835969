from collections import Counter

import pytest

from tuyen_events.catalogue import EVENT_TYPES
from tuyen_events.directory import REMOVED_TYPES
from tuyen_events.topic import Cleanup, Topic
from tuyen_events.topics import (
    ANSWERS,
    ASSIGNMENTS,
    CHOICES,
    COMMANDS,
    CREDENTIALS,
    CUSTOMERS,
    DIRECTORY,
    INBOUND,
    JOBS,
    LOGINS,
    PAGE_CONNECTIONS,
    PAGE_CREDENTIALS,
    PAGE_TOKENS,
    POOLS,
    PRESENCE,
    RAW,
    TOPICS,
)


def test_every_event_type_is_in_exactly_one_topic() -> None:
    assert Counter(event.type for topic in TOPICS.values() for event in topic.events) == Counter(
        list(EVENT_TYPES)
    )


def test_public_topics_carry_events_alone() -> None:
    assert all(topic.events for topic in TOPICS.values() if topic.public)


@pytest.mark.parametrize(
    "topic",
    [RAW, CREDENTIALS, LOGINS, PAGE_TOKENS, PAGE_CREDENTIALS, PAGE_CONNECTIONS],
    ids=lambda topic: topic.name,
)
def test_bodies_password_hashes_and_tokens_are_no_events_and_not_public(topic: Topic) -> None:
    assert topic.events == ()
    assert not topic.public


def test_removals_are_in_compacted_topics_alone_and_are_no_events() -> None:
    removals = {name: topic for topic in TOPICS.values() for name in topic.removals}
    assert {topic.cleanup for topic in removals.values()} == {Cleanup.COMPACT}
    assert not removals.keys() & EVENT_TYPES.keys()
    assert DIRECTORY.removals == tuple(REMOVED_TYPES.values())


def test_what_the_router_joins_by_customer_has_equal_partition_counts() -> None:
    joined = (INBOUND, ANSWERS, COMMANDS, ASSIGNMENTS, CUSTOMERS)
    assert len({topic.partitions for topic in joined}) == 1


def test_records_that_stay_for_ever_say_so_to_kafka() -> None:
    assert INBOUND.retention_ms is None
    assert INBOUND.config()["retention.ms"] == "-1"


def test_a_compacted_topic_keeps_superseded_records_for_its_retention() -> None:
    month_ms = 30 * 24 * 3600 * 1000
    assert ASSIGNMENTS.config() == {
        "cleanup.policy": "compact",
        "compression.type": "producer",
        "max.message.bytes": str(1024 * 1024 + 4096),
        "min.compaction.lag.ms": str(month_ms),
        "delete.retention.ms": str(month_ms),
        "segment.bytes": str(16 * 1024 * 1024),
        "segment.ms": str(24 * 3600 * 1000),
        "min.cleanable.dirty.ratio": "0.2",
    }


def test_r9_6_of_jobs_the_last_records_stay_for_a_month() -> None:
    settings = JOBS.config()
    assert settings["cleanup.policy"] == "compact,delete"
    assert settings["retention.ms"] == str(30 * 24 * 3600 * 1000)
    assert int(settings["min.compaction.lag.ms"]) <= 10 * 60_000


READ_AT_STARTS = [
    topic
    for topic in TOPICS.values()
    if topic.cleanup is Cleanup.COMPACT and topic not in (ASSIGNMENTS, POOLS)
]
"""Of assignments a start reads what the snapshot lacks; pools are a projection's."""


@pytest.mark.parametrize("topic", READ_AT_STARTS, ids=lambda topic: topic.name)
def test_r9_6_what_is_read_whole_at_a_start_is_compacted_within_minutes(topic: Topic) -> None:
    """A customer's record is written with each of their events, an agent's with each of their
    comings and goings: what is superseded goes soon."""
    settings = {name: float(value) for name, value in topic.config().items() if value[0].isdigit()}
    often = topic in (CUSTOMERS, CHOICES)
    assert settings["min.compaction.lag.ms"] <= (60_000 if often else 10 * 60_000)
    assert settings["segment.ms"] <= 10 * 60_000
    assert settings["segment.bytes"] <= 16 * 1024 * 1024
    assert settings["min.cleanable.dirty.ratio"] <= 0.2


@pytest.mark.parametrize(
    "topic", [PRESENCE, DIRECTORY, CREDENTIALS, LOGINS], ids=lambda topic: topic.name
)
def test_r1_8_who_was_removed_is_nobodys_agent_also_where_a_process_was_cut_off(
    topic: Topic,
) -> None:
    """It goes on from where it was, and must come to the removal."""
    assert int(topic.config()["delete.retention.ms"]) >= 24 * 3600 * 1000


@pytest.mark.parametrize(
    "topic",
    [each for each in TOPICS.values() if each.cleanup is Cleanup.COMPACT],
    ids=lambda topic: topic.name,
)
def test_r9_6_a_removal_outlives_every_reader_who_began_before_it(topic: Topic) -> None:
    assert int(topic.config()["delete.retention.ms"]) >= 3600 * 1000
