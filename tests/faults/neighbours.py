"""How long a quiet organization's customers wait for their agent, alone and beside a noisy one.

Measured at the end of a run, when nothing is broken any more: from the webhook's first byte to the
assignment in the hands of an external consumer.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from statistics import median_low

from faults.channel import Channel
from faults.log import Follower
from faults.odd import ODD_BODIES, ODD_REQUESTS
from faults.people import People
from faults.tenants import TENANTS, Json
from support.shop import eventually
from tuyen_events.ids import (
    ConversationId,
    OrganizationId,
    PageId,
    customer_id,
    message_thread_id,
)

QUIET, NOISY = "an", "binh"
_ROUNDS = 3
_SAMPLES = 120
_WARMING = 25
_EVERY_S = 0.4
_NOISE_PER_S = 2.5
_AT_ONCE = 5
"""The noisy organization's messages, of one webhook: as many a second as the quiet one has. With
twice as many of both, two cores are full: then everybody waits for the processor, and nobody for a
neighbour."""
_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Seconds of each customer of the quiet organization, in some rounds."""

    alone: Sequence[Sequence[float]]
    beside: Sequence[Sequence[float]]


def find_p99(rounds_s: Sequence[Sequence[float]]) -> float:
    """The 99th percentile of the median round. What the machine does by itself for a moment makes
    one round slow; a neighbour makes all of them slow."""
    return median_low(sorted(waits)[int(len(waits) * 0.99)] for waits in rounds_s)


async def measure(people: People, channel: Channel, follower: Follower) -> Neighbours:
    """The quiet organization's customers come one every _EVERY_S seconds, alone and beside the
    noisy one in turns. Before each turn come some customers who are not counted."""
    numbers = itertools.count()
    alone, beside = [], []
    for _ in range(_ROUNDS):
        await _wait_for_agents(channel, follower, numbers, _WARMING)
        alone.append(await _wait_for_agents(channel, follower, numbers, _SAMPLES))
        async with _noise(people, channel, numbers):
            await _wait_for_agents(channel, follower, numbers, _WARMING)
            beside.append(await _wait_for_agents(channel, follower, numbers, _SAMPLES))
    return Neighbours(alone, beside)


async def _wait_for_agents(
    channel: Channel, follower: Follower, numbers: "itertools.count[int]", customers: int
) -> list[float]:
    """How long each of so many new customers waited."""
    loop = asyncio.get_running_loop()
    sent: dict[ConversationId, float] = {}
    async with asyncio.TaskGroup() as tasks:
        begun = loop.time()
        for turn in range(customers):
            await asyncio.sleep(max(0.0, begun + turn * _EVERY_S - loop.time()))
            said = _message(QUIET, next(numbers))
            sent[_thread(said)] = loop.time()
            tasks.create_task(channel.deliver({"said": [said], "delay_s": 0.0, "again_s": None}))

    async def all_came() -> bool:
        return follower.came_at.keys() >= sent.keys()

    await eventually(all_came, lambda: "customers wait for nobody", _PATIENCE_S)
    return [follower.came_at[thread] - at for thread, at in sent.items()]


@asynccontextmanager
async def _noise(
    people: People, channel: Channel, numbers: "itertools.count[int]"
) -> AsyncIterator[None]:
    """All that one organization can do to the others: as many messages as the quiet one, but those
    of a second at once, and odd bodies and requests, jobs, devices without number."""

    async def again_and_again(turn: int) -> None:
        number = next(numbers)
        agent = people.who[NOISY, f"nv{turn % 5 + 1}"]
        match turn % 5:
            case 0:
                odd = _message(NOISY, number)
                given = {"which": ODD_BODIES[number % len(ODD_BODIES)], "beside": odd}
                await channel.odd({**given, "odd": {**odd, "id": f"odd_n{number}"}})
            case 1:
                given = {"tenant": NOISY, "by": agent.name}
                which = ODD_REQUESTS[number % len(ODD_REQUESTS)]
                await people.odd_request({**given, "which": which})
            case 2:
                session = {"status": "online", "session": f"s{number}"}
                await agent.ask("PUT", "/v1/presence", json=session)
            case 3:
                await agent.ask("GET", "/v1/conversations", params={"q": f"khách {number}"})
            case _:
                said = [_message(NOISY, next(numbers)) for _ in range(_AT_ONCE)]
                await channel.deliver({"said": said, "delay_s": 0.0, "again_s": None})

    async def make_noise() -> None:
        async with asyncio.TaskGroup() as tasks:
            for turn in itertools.count():
                tasks.create_task(again_and_again(turn))
                await asyncio.sleep(1 / _NOISE_PER_S)

    making = asyncio.create_task(make_noise())
    try:
        yield
    finally:
        making.cancel()
        with suppress(asyncio.CancelledError):
            await making


def _message(tenant: str, number: int) -> Json:
    """Of a customer who was never there before."""
    page = next(iter(TENANTS[tenant].pages))
    said: Json = {"kind": "message", "tenant": tenant, "page": page, "ms": 2 * 10**9 + number}
    return {**said, "id": f"m_n{number}", "customer": f"66{number:07d}"}


def _thread(said: Json) -> ConversationId:
    page = PageId(said["page"])
    return message_thread_id(customer_id(OrganizationId(said["tenant"]), page, said["customer"]))
