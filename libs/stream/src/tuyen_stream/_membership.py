"""The guard against a worker that the network cut off from the group, while its clock runs on."""

import asyncio
from collections.abc import Callable
from typing import Any

from aiokafka.errors import (
    IllegalGenerationError,
    NodeNotReadyError,
    NoError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from aiokafka.protocol.group import HeartbeatRequest, LeaveGroupRequest, SyncGroupRequest
from aiokafka.protocol.produce import ProduceRequest

from tuyen_stream._freeze_watchdog import running_time

_LOOK_EVERY_S = 0.05

_OUT = (UnknownMemberIdError.errno, IllegalGenerationError.errno)
"""What the group answers to who is no member any more."""


class Membership:
    """Lets nothing be written unless the group confirmed lately that this worker is a member.

    The group keeps a member for a session timeout after it heard of it, which is no earlier than
    the question was asked that it answered. The limit is below that timeout. What waits longer than
    the limit waits until the group confirms again; if it has put the worker out, the consumer ends
    the process then, and what waited is never written.

    Three things it does not see: what left in time and came late, because the network kept it and
    went on with it afterwards; that a rebalance took longer than its own timeout, until the next
    heartbeat; and that a coordinator which is still loading the group confirms everybody. Such a
    record has a place that its writer and the next one notice (`PartitionedStore.confirm`).
    """

    def __init__(self, limit_s: float, clock: Callable[[], float] = running_time) -> None:
        self._limit_s = limit_s
        self._clock = clock
        self._asked_at: float | None = None
        """When the question was asked that was confirmed last. The consumer's thread writes it, the
        producer's reads it."""

    def is_sure(self) -> bool:
        """Whether no other worker can have the partitions yet."""
        asked_at = self._asked_at
        return asked_at is not None and self._clock() - asked_at < self._limit_s

    def follow(self, coordinator: Any) -> None:
        """Notes what the group answers to an aiokafka consumer's coordinator."""
        ask = coordinator._send_req

        async def asked(request: Any) -> Any:
            if isinstance(request, LeaveGroupRequest):
                self._asked_at = None
            at = self._clock()
            answer = await ask(request)
            if isinstance(request, HeartbeatRequest | SyncGroupRequest):
                if answer.error_code in _OUT:
                    self._asked_at = None
                elif _confirms(request, answer):
                    self._asked_at = at
            return answer

        coordinator._send_req = asked

    def guard(self, client: Any) -> None:
        """Holds back what an aiokafka client is to write, for as long as that is not sure."""
        send = client.send

        async def send_as_member(node: Any, request: Any, **kwargs: Any) -> Any:
            if isinstance(request, ProduceRequest):
                await self._wait()
                # Connecting may take long, or fail; with a connection that stands it takes no time.
                while await self._connected(client, node, **kwargs) and not self.is_sure():
                    await self._wait()
            return await send(node, request, **kwargs)

        client.send = send_as_member

    async def _wait(self) -> None:
        while not self.is_sure():  # noqa: ASYNC110 - answers come in the thread of the consumer
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _connected(self, client: Any, node: Any, **kwargs: Any) -> bool:
        """Raises the client's own error, which has the request sent again, when it cannot be."""
        if not await client.ready(node, **kwargs):
            raise NodeNotReadyError(f"node {node} cannot be connected to")
        return True


def _confirms(request: Any, answer: Any) -> bool:
    """A member may go on while the others join; only its heartbeats are answered by that."""
    rebalances = answer.error_code == RebalanceInProgressError.errno
    is_known = answer.error_code == NoError.errno
    return is_known or (rebalances and isinstance(request, HeartbeatRequest))
