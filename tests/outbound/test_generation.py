"""The tasks of conversations, each with the request that it is carrying out."""

import asyncio
from datetime import timedelta
from typing import Any

from outbound.asking import MOMENT, conversation, request
from outbound.rig import until
from tuyen_outbound.domain.requests import StoredRequest
from tuyen_outbound.generation import Generation
from tuyen_outbound.states import RequestStates
from tuyen_platform.kafka.memory import InMemoryLog


class Carried:
    """Carries out nothing, and notes each request that it is given."""

    has_ended = False

    def __init__(self) -> None:
        self.begun: list[str] = []

    async def advance(self, stored: StoredRequest) -> None:
        self.begun.append(stored.id)
        await asyncio.Event().wait()


async def test_i6_a_task_at_another_request_is_left_alone() -> None:
    """Whoever cancels the second request must not disturb the first one: its state may say that its
    call has begun, and nobody could tell what became of it."""
    states, carried = RequestStates(InMemoryLog(), lambda: None), Carried()
    runner: Any = carried
    generation = Generation(states, runner)
    for number in (1, 2):
        states.requests.add(3, StoredRequest(request=request(str(number)), offset=number), 10)
    generation.serve([conversation()])

    async def is_begun() -> bool:
        return bool(carried.begun)

    await until(is_begun)
    generation.restart(conversation(), "req_2")
    await asyncio.sleep(0.02)
    assert carried.begun == ["req_1"]
    first = StoredRequest(request=request("1"), offset=1)
    states.requests.close(3, "req_1", first.close(MOMENT + timedelta(hours=1)))
    generation.restart(conversation(), "req_1")

    async def is_at_the_second() -> bool:
        return carried.begun == ["req_1", "req_2"]

    await until(is_at_the_second)
    await generation.end()
