"""The guard against a worker that the network cut off from the group, while its clock runs on."""

import asyncio
from collections.abc import Callable
from typing import Any

from aiokafka.errors import NoError, RebalanceInProgressError
from aiokafka.protocol.group import HeartbeatRequest, SyncGroupRequest
from aiokafka.protocol.produce import ProduceRequest

from tuyen_router.chunks.lease import running_time

_LOOK_EVERY_S = 0.05

_ASKING = (HeartbeatRequest, SyncGroupRequest)
_MEMBER = (NoError.errno, RebalanceInProgressError.errno)
"""What the group answers to a member."""


class Membership:
    """Lets nothing be written unless the group answered lately that this worker is a member.

    The group keeps a member for a session timeout after it heard of it, which is no earlier than
    the question was asked that it answered. The limit is below that timeout. What waits longer than
    the limit waits until the group answers again; if it has put the worker out, the consumer ends
    the process then, and what waited is never written.

    It does not see what left in time and came late, because the network kept it and went on with
    it afterwards. Such a record has a place that its writer and the next one notice
    (`PartitionedStore.confirm`).
    """

    def __init__(self, limit_s: float, clock: Callable[[], float] = running_time) -> None:
        self._limit_s = limit_s
        self._clock = clock
        self._known_at: float | None = None

    def is_sure(self) -> bool:
        """Whether no other worker can have the partitions yet."""
        return self._known_at is not None and self._clock() - self._known_at < self._limit_s

    def follow(self, coordinator: Any) -> None:
        """Notes what the group answers to an aiokafka consumer's coordinator."""
        ask = coordinator._send_req

        async def asked(request: Any) -> Any:
            at = self._clock()
            answer = await ask(request)
            if isinstance(request, _ASKING) and answer.error_code in _MEMBER:
                self._known_at = at
            return answer

        coordinator._send_req = asked

    def guard(self, client: Any) -> None:
        """Holds back what an aiokafka client is to write, for as long as that is not sure."""
        send = client.send

        async def send_as_member(node: Any, request: Any, **kwargs: Any) -> Any:
            if isinstance(request, ProduceRequest):
                await self._wait()
                # Connecting may take long; a connection that stands takes no time.
                while await client.ready(node, **kwargs) and not self.is_sure():
                    await self._wait()
            return await send(node, request, **kwargs)

        client.send = send_as_member

    async def _wait(self) -> None:
        while not self.is_sure():  # noqa: ASYNC110 - answers come in the thread of the consumer
            await asyncio.sleep(_LOOK_EVERY_S)
