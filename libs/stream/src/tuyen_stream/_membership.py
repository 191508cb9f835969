"""Guards against a worker that the network cut off from the group while its clock goes on."""

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

_CHECK_EVERY_S = 0.05

_NOT_A_MEMBER = (UnknownMemberIdError.errno, IllegalGenerationError.errno)
"""What the group answers to a worker that is not a member any more."""


class Membership:
    """Allows a write only if the group confirmed recently that this worker is a member.

    The group keeps a member for one session timeout after it received a heartbeat of it. The limit
    is below that timeout, and is counted from the moment at which the confirmed request was sent. A
    write that comes later is held back until the group confirms the worker again. If the group has
    removed the worker, the consumer ends the process, and what was held back is never written.

    It does not detect three cases: a write that left in time but was delivered late, because the
    network delayed it; a rebalance that took longer than its own timeout, until the next heartbeat;
    and a coordinator that confirms everybody while it is still loading the group. The offset of
    such a write shows its writer and the next one what happened (`PartitionedStore.confirm`).
    """

    def __init__(self, limit_s: float, clock: Callable[[], float] = running_time) -> None:
        self._limit_s = limit_s
        self._clock = clock
        self._confirmed_at: float | None = None
        """When the request was sent that was confirmed last. Written by the consumer's thread, read
        by the producer's."""

    def is_confirmed(self) -> bool:
        """Whether it is certain that no other worker has the partitions yet."""
        confirmed_at = self._confirmed_at
        return confirmed_at is not None and self._clock() - confirmed_at < self._limit_s

    def follow(self, coordinator: Any) -> None:
        """Watch the group's answers to an aiokafka consumer's coordinator."""
        ask = coordinator._send_req

        async def ask_and_note(request: Any) -> Any:
            if isinstance(request, LeaveGroupRequest):
                self._confirmed_at = None
            at = self._clock()
            answer = await ask(request)
            if isinstance(request, HeartbeatRequest | SyncGroupRequest):
                if answer.error_code in _NOT_A_MEMBER:
                    self._confirmed_at = None
                elif _confirms(request, answer):
                    self._confirmed_at = at
            return answer

        coordinator._send_req = ask_and_note

    def guard(self, client: Any) -> None:
        """Hold back the produce requests of an aiokafka client while the membership is
        not confirmed."""
        send = client.send

        async def send_as_member(node: Any, request: Any, **kwargs: Any) -> Any:
            if isinstance(request, ProduceRequest):
                await self._wait()
                # Connecting may take long, or fail; with an open connection it takes no time.
                while await self._connect(client, node, **kwargs) and not self.is_confirmed():
                    await self._wait()
            return await send(node, request, **kwargs)

        client.send = send_as_member

    async def _wait(self) -> None:
        while not self.is_confirmed():  # noqa: ASYNC110 - the consumer's thread gets the answers
            await asyncio.sleep(_CHECK_EVERY_S)

    async def _connect(self, client: Any, node: Any, **kwargs: Any) -> bool:
        """Connect if there is no connection.

        Raises the client's own error when that fails, so that the request is sent again.
        """
        if not await client.ready(node, **kwargs):
            raise NodeNotReadyError(f"node {node} cannot be connected to")
        return True


def _confirms(request: Any, answer: Any) -> bool:
    """Whether an answer confirms the member. It may go on during a rebalance while others join, but
    only a heartbeat's answer says so."""
    rebalances = answer.error_code == RebalanceInProgressError.errno
    is_known = answer.error_code == NoError.errno
    return is_known or (rebalances and isinstance(request, HeartbeatRequest))
