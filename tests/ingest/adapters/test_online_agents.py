"""L2, L4: who is online, from the topic of presence."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from support.processes import until
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.presence import REMOVED_TYPE, PresenceChanged
from tuyen_events.topics import PRESENCE
from tuyen_events.vocabulary import Presence, PresenceCause
from tuyen_ingest.adapters.online_agents import OnlineAgentsTable
from tuyen_platform.kafka.memory import InMemoryLog

ORGANIZATION, LAN = OrganizationId("hoa-sen"), AgentId("lan")
AT = datetime(2026, 11, 21, 8, tzinfo=UTC)


@pytest.fixture
def log() -> InMemoryLog:
    return InMemoryLog()


@pytest.fixture
async def agents(log: InMemoryLog) -> AsyncIterator[OnlineAgentsTable]:
    table = OnlineAgentsTable(log)
    running = asyncio.create_task(table.table.run())
    yield table
    running.cancel()


async def say(log: InMemoryLog, presence: Presence, version: int) -> None:
    data = PresenceChanged(
        organization=ORGANIZATION,
        agent_id=LAN,
        presence=presence,
        previous=Presence.OFFLINE,
        cause=PresenceCause.LOGIN,
        at=AT,
        version=version,
    )
    envelope = Envelope(id=f"evt_{version}", source="test", subject="lan", time=AT, data=data)
    await log.append(PRESENCE, "hoa-sen/lan", envelope)


async def test_l4_an_agent_is_there_while_online(
    log: InMemoryLog, agents: OnlineAgentsTable
) -> None:
    assert not agents.is_online(ORGANIZATION, LAN)
    await say(log, Presence.ONLINE, 1)
    await until(lambda: agents.is_online(ORGANIZATION, LAN))
    await say(log, Presence.AWAY, 2)
    await until(lambda: not agents.is_online(ORGANIZATION, LAN))
    await say(log, Presence.ONLINE, 2)  # a frozen worker: of two with one version the first counts
    await say(log, Presence.ONLINE, 3)
    await until(lambda: agents.is_online(ORGANIZATION, LAN))
    await log.append_bytes(PRESENCE, "hoa-sen/lan", None, [("ce_type", REMOVED_TYPE.encode())])
    await until(lambda: not agents.is_online(ORGANIZATION, LAN))
