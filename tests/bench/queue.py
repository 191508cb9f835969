"""How soon an agent who comes online gets the first of 10,000 waiting conversations, and all.

The time is taken from before the agent's device is heard, by the presence service, until a reader
of the log has the assignment: first for many agents who may have one conversation each, one after
another, then for one who takes all that is left.
"""

import secrets
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from bench.log import from_now_on, reading, wait_for_records
from bench.processes import free_port, ready, running, service_env
from bench.report import Bar, Row, median_of
from support import market
from support.organizations import agent, directory_record, page, rule, settings
from tuyen_events import ids
from tuyen_events.assignments import AssignmentEvent
from tuyen_events.codec import decode_data
from tuyen_events.directory import Member
from tuyen_events.event import Envelope, Event
from tuyen_events.presence import SessionSignalled
from tuyen_events.topics import ASSIGNMENTS, DIRECTORY, INBOUND, PRESENCE_SIGNALS
from tuyen_events.vocabulary import Presence
from tuyen_platform.kafka.topics import ensure_topics

WAITING = 10_000
"""So many wait until the last agent comes, who takes them all."""
AGENTS = 200
"""So many come one after another before, each of whom may have one conversation."""
RUNS = 3
_PAGES = 10
_SHOP = market.organization_of(0)
_LAST = ids.AgentId("agent-last")
_LEASE_S = 3600.0
_GIVE_UP_S = 120
_PERCENT = 100


async def measure(kafka: str) -> list[Row]:
    """Three runs; the figures are medians, of percentiles too."""
    firsts, alls = [], []
    for _ in range(RUNS):
        one_each, everything = await _run(kafka, f"bench{secrets.token_hex(3)}.")
        firsts.append(statistics.quantiles(one_each, n=_PERCENT))
        alls.append(everything)
    p50, p99 = ([cuts[at] * 1000 for cuts in firsts] for at in (49, 98))
    what = f"online to first of {WAITING:,} waiting"
    return [
        median_of(f"{what}, p50", "ms", p50),
        median_of(f"{what}, p99", "ms", p99, Bar(most=250)),
        median_of(f"all {WAITING:,} waiting handed out", "s", alls, Bar(most=10)),
    ]


async def _run(kafka: str, prefix: str) -> tuple[list[float], float]:
    """How long (s) each of the agents waited for their one, and how long the last took for all."""
    await ensure_topics(kafka, prefix, 1)
    await market.publish(kafka, prefix, DIRECTORY, _directory())
    customers = market.acquaintances(_PAGES, AGENTS + WAITING)
    await market.publish(kafka, prefix, INBOUND, customers)
    ports = free_port(), free_port()
    async with (
        running("tuyen_presence", service_env(kafka, prefix, ports[0])) as presence,
        running("tuyen_router", service_env(kafka, prefix, ports[1])) as router,
    ):
        await ready(ports[0], presence)
        await ready(ports[1], router)
        await wait_for_records(kafka, prefix, ASSIGNMENTS, AGENTS + WAITING, router)
        async with _door(kafka, prefix) as door:
            first = [await door.time(ids.AgentId(f"agent-{number}"), 1) for number in range(AGENTS)]
            return first, await door.time(_LAST, WAITING)


class _Door:
    """Lets agents in, and watches what they are given."""

    def __init__(
        self, signals: AIOKafkaProducer, topic: str, given: AsyncIterator[ids.AgentId | None]
    ) -> None:
        self._signals = signals
        self._topic = topic
        self._given = given

    async def time(self, agent: ids.AgentId, conversations: int) -> float:
        """How long after the agent came (s) they have so many conversations."""
        place, key, value, headers = market.place_event(PRESENCE_SIGNALS, *_signal(agent))
        started = time.monotonic()
        await self._signals.send(self._topic, value, key, partition=place, headers=headers)
        async for owner in self._given:
            conversations -= owner == agent
            if not conversations:
                return time.monotonic() - started
        raise RuntimeError("the log came to an end")


@asynccontextmanager
async def _door(kafka: str, prefix: str) -> AsyncIterator[_Door]:
    """From now on every assignment is seen, as soon as a reader of the log can have it."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    async with reading(kafka) as consumer, producer:
        await from_now_on(consumer, prefix, ASSIGNMENTS)
        yield _Door(producer, prefix + PRESENCE_SIGNALS.name, _owners(consumer))


async def _owners(consumer: AIOKafkaConsumer) -> AsyncIterator[ids.AgentId | None]:
    while True:
        fetched = await consumer.getmany(timeout_ms=_GIVE_UP_S * 1000)
        if not fetched:
            raise TimeoutError(f"nothing was assigned for {_GIVE_UP_S} s")
        for records in fetched.values():
            for record in records:
                event = decode_data(record.headers, record.value)
                if isinstance(event, AssignmentEvent):
                    yield event.agent_id


def _directory() -> Iterator[tuple[str, Envelope]]:
    """One organization, all of whose agents may have one conversation, but for the last."""
    about: dict[str, Any] = {"organization": _SHOP, "at": datetime.now(UTC)}
    yield directory_record(settings(**about, assignment=True, auto_assign=True))
    for number in range(_PAGES):
        connected = page(market.page_id(number), **about, external_id=str(number))
        yield directory_record(connected)
    agents = [*(ids.AgentId(f"agent-{number}") for number in range(AGENTS)), _LAST]
    for one in agents:
        yield directory_record(agent(one, **about))
    members = (Member(agent_id=one, capacity=None if one == _LAST else 1) for one in agents)
    yield directory_record(rule("everyone", members, **about))


def _signal(agent: ids.AgentId) -> tuple[str, Envelope]:
    """What the gateway writes when an agent sets their status to online."""
    event = SessionSignalled(
        organization=_SHOP,
        agent_id=agent,
        session="device",
        status=Presence.ONLINE,
        lease_s=_LEASE_S,
        at=datetime.now(UTC),
    )
    return f"{_SHOP}/{agent}", _envelope(agent, event)


def _envelope(name: str, event: Event) -> Envelope:
    return Envelope(
        id=ids.event_id(event.type, name),
        source="bench",
        subject="",
        time=datetime.now(UTC),
        data=event,
    )
