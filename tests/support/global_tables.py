"""Whether a running stack's services know by now what was set up at its gateway.

A change is answered once it is in the log; workers read it a moment later, on a busy machine
seconds later. What a webhook brings in between is decided by what they knew before.
"""

import asyncio
from collections.abc import Mapping, Sequence

import httpx
from prometheus_client.parser import text_string_to_metric_families

from support.processes import eventually
from tuyen_events.topics import DIRECTORY, PAGE_TOKENS, PRESENCE
from tuyen_local.stack import Stack

_METRIC = "tuyen_copied_records"
_TOPICS = frozenset({DIRECTORY.name, PRESENCE.name, PAGE_TOKENS.name})

_Place = tuple[str, str]
"""A topic and a partition of it."""


class GlobalTables:
    """What ingest and all workers of the router have applied of what the gateway has published."""

    def __init__(self, stack: Stack) -> None:
        workers = (f"router-{number}" for number in range(2, stack.settings.router_workers + 1))
        self._gateway = stack.insight_url("gateway")
        self._others = [stack.insight_url(name) for name in ("ingest", "router", *workers)]
        self._behind = True
        self._looking = asyncio.Lock()
        """Hundreds of senders at once wait for one that looks: a page of metrics is dear."""

    def changed(self) -> None:
        """Something was changed at the gateway."""
        self._behind = True

    async def wait_until_known(self) -> None:
        """Returns once all of them have applied what the gateway had applied at the call."""
        async with self._looking:
            if self._behind:
                self._behind = False
                await self._look_until_known()

    async def _look_until_known(self) -> None:
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:

            async def all_know() -> bool:
                try:
                    told = await _read_copied(client, self._gateway)
                    heard = [await _read_copied(client, url) for url in self._others]
                except httpx.TransportError:
                    return False  # it was killed, and is started again
                return all(_is_beside(copied, told) for copied in heard)

            await eventually(all_know, lambda: "somebody has not heard what was set up")


def _is_beside(copied: Mapping[_Place, float], told: Mapping[_Place, float]) -> bool:
    topics: Sequence[str] = [topic for topic, _ in copied]
    return bool(topics) and all(
        copied.get(place, 0) >= offset for place, offset in told.items() if place[0] in topics
    )


async def _read_copied(client: httpx.AsyncClient, url: str) -> Mapping[_Place, float]:
    """By topic and partition. Its lines alone are parsed: a gateway has thousands of others."""
    answer = (await client.get(f"{url}/metrics")).text
    own = [line for line in answer.splitlines(keepends=True) if line.startswith(_METRIC)]
    return {
        (sample.labels["topic"], sample.labels["partition"]): sample.value
        for family in text_string_to_metric_families("".join(own))
        for sample in family.samples
        if sample.labels["topic"] in _TOPICS
    }
