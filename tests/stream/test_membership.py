"""A worker that its group has not confirmed lately writes nothing until it is confirmed."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import (
    BrokerResponseError,
    IllegalGenerationError,
    NodeNotReadyError,
    NoError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from aiokafka.protocol.group import HeartbeatRequest, LeaveGroupRequest, SyncGroupRequest
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.produce import ProduceRequest

from stream.worker_main import until
from tuyen_stream._membership import Membership

HEARTBEAT = HeartbeatRequest("router", 1, "worker")
SYNC = SyncGroupRequest("router", 1, "worker", None, [])
PRODUCE: Any = object.__new__(ProduceRequest)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Coordinator:
    """A group that answers as the test says, after a delay."""

    def __init__(self, clock: Clock) -> None:
        self.error_code = NoError.errno
        self.takes_s = 0.0
        self._clock = clock

    async def _send_req(self, request: Any) -> Any:
        self._clock.now += self.takes_s
        return SimpleNamespace(error_code=self.error_code)


class Client:
    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.is_connected = asyncio.Event()
        self.is_connected.set()
        self.can_connect = True

    async def ready(self, node: int) -> bool:
        await self.is_connected.wait()
        return self.can_connect

    async def send(self, node: int, request: Any) -> str:
        self.requests.append(request)
        return f"answer of {node}"


class Rig:
    def __init__(self) -> None:
        self.clock = Clock()
        self.coordinator = Coordinator(self.clock)
        self.client = Client()
        self.membership = Membership(8.0, self.clock)
        self.membership.follow(self.coordinator)
        self.membership.guard(self.client)


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.mark.parametrize("asked", [HEARTBEAT, SYNC])
async def test_a_member_writes(rig: Rig, asked: Any) -> None:
    await rig.coordinator._send_req(asked)
    rig.clock.now += 7.9
    assert await rig.client.send(1, PRODUCE) == "answer of 1"


async def test_what_was_held_back_is_written_when_the_group_answers(rig: Rig) -> None:
    await rig.coordinator._send_req(HEARTBEAT)
    rig.clock.now += 8.0
    writing = asyncio.create_task(rig.client.send(1, PRODUCE))
    await asyncio.sleep(0.2)
    assert rig.client.requests == []
    rig.coordinator.error_code = RebalanceInProgressError.errno
    await rig.coordinator._send_req(HEARTBEAT)
    assert await writing == "answer of 1"


async def test_a_connection_that_fails_does_not_bypass_the_guard(rig: Rig) -> None:
    """The client itself would try to connect once more, and then send."""
    await rig.coordinator._send_req(HEARTBEAT)
    rig.client.can_connect = False
    with pytest.raises(NodeNotReadyError):
        await rig.client.send(1, PRODUCE)
    assert rig.client.requests == []


async def test_a_worker_that_has_to_join_again_is_not_confirmed(rig: Rig) -> None:
    rig.coordinator.error_code = RebalanceInProgressError.errno
    await rig.coordinator._send_req(SYNC)
    assert not rig.membership.is_confirmed()


async def test_a_worker_that_leaves_is_not_confirmed_from_then_on(rig: Rig) -> None:
    await rig.coordinator._send_req(HEARTBEAT)
    await rig.coordinator._send_req(LeaveGroupRequest("router", "worker"))
    assert not rig.membership.is_confirmed()


@pytest.mark.parametrize("refusal", [UnknownMemberIdError, IllegalGenerationError])
async def test_a_removed_worker_never_writes_what_was_held_back(
    rig: Rig, refusal: type[BrokerResponseError]
) -> None:
    await rig.coordinator._send_req(HEARTBEAT)
    rig.coordinator.error_code = refusal.errno
    await rig.coordinator._send_req(HEARTBEAT)
    writing = asyncio.create_task(rig.client.send(1, PRODUCE))
    await asyncio.sleep(0.2)
    assert rig.client.requests == []
    writing.cancel()


async def test_an_answer_counts_from_when_its_request_was_sent(rig: Rig) -> None:
    """It may have been on its way for long."""
    rig.coordinator.takes_s = 9.0
    await rig.coordinator._send_req(HEARTBEAT)
    assert not rig.membership.is_confirmed()


async def test_connecting_does_not_bypass_the_guard(rig: Rig) -> None:
    """A connection that is made late, as when the network is back, confirms nothing."""
    await rig.coordinator._send_req(HEARTBEAT)
    rig.client.is_connected.clear()
    writing = asyncio.create_task(rig.client.send(1, PRODUCE))
    await asyncio.sleep(0)
    rig.clock.now += 10.0
    rig.client.is_connected.set()
    await asyncio.sleep(0.2)
    assert rig.client.requests == []
    await rig.coordinator._send_req(HEARTBEAT)
    await until(lambda: rig.client.requests == [PRODUCE])
    await writing


async def test_other_requests_than_writes_are_not_held_back(rig: Rig) -> None:
    """A worker that is not a member yet looks for the leaders of its partitions."""
    assert await rig.client.send(1, MetadataRequest([])) == "answer of 1"
