"""From a webhook to the inbox, through the whole running stack, at half of what it can take.

The time is taken from before a webhook is sent until MongoDB tells that its message stands in the
view that the gateway reads. Capacity is how many messages a second became visible when webhooks
came as fast as they were answered.
"""

import asyncio
import secrets
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from bench.load import request, send
from bench.report import Row
from support.shop import Shop
from tuyen_gateway.projections.collections import MESSAGES
from tuyen_local.stack import Stack
from tuyen_platform.mongodb import connect

AGENTS = 10
CUSTOMERS = 500
BLAST = 4_000
CONNECTIONS = 64
SECONDS = 12
RUNS = 3
_PATIENCE_S = 120.0
_PERCENT = 100


async def measure(kafka: str) -> list[Row]:
    """Three runs on one stack; each figure is the median of theirs."""
    with tempfile.TemporaryDirectory(prefix="tuyen-bench-") as name:
        stack = Stack.on_free_ports(
            Path(name),
            kafka=kafka,
            topic_prefix=f"bench{secrets.token_hex(3)}.",
            presence_lease_s=3600,
        )
        async with stack, _shop(stack) as shop, _seen(stack) as seen:
            run = _Run(stack, shop, seen)
            await run.blast(CUSTOMERS)
            capacity = statistics.median([await run.capacity() for _ in range(RUNS)])
            cuts = [
                statistics.quantiles(await run.steady(capacity / 2), n=_PERCENT)
                for _ in range(RUNS)
            ]
    p50, p99 = (statistics.median(cut[at] for cut in cuts) * 1000 for at in (49, 98))
    unit = f"ms, at {capacity / 2:.0f} webhooks/s"
    return [
        Row(figure="messages visible in the inbox", value=capacity, unit="messages/s", runs=RUNS),
        Row(figure="webhook to inbox, p50", value=p50, unit=unit, runs=RUNS),
        Row(figure="webhook to inbox, p99", value=p99, unit=unit, runs=RUNS),
    ]


@asynccontextmanager
async def _shop(stack: Stack) -> AsyncIterator[Shop]:
    async with httpx.AsyncClient(
        base_url=stack.gateway_url, timeout=30, trust_env=False
    ) as gateway:
        shop = Shop(stack, gateway, "bench")
        await shop.open()
        agents = [f"agent-{number}" for number in range(AGENTS)]
        await shop.hire(*agents)
        await shop.assign_by(*agents)
        yield shop
        await shop.close()


@asynccontextmanager
async def _seen(stack: Stack) -> AsyncIterator[Mapping[str, float]]:
    """When each message, by its id at the channel, came to stand in the view; filled meanwhile."""
    seen: dict[str, float] = {}
    messages = connect(stack.mongodb, stack.settings.database)[MESSAGES]

    async def watch() -> None:
        async with messages.watch([{"$match": {"operationType": "insert"}}]) as changes:
            watching.set()
            async for change in changes:
                seen[change["fullDocument"]["external_id"]] = time.monotonic()

    watching = asyncio.Event()
    watcher = asyncio.create_task(watch())
    await watching.wait()
    yield seen
    watcher.cancel()


class _Run:
    """Webhooks of one shop, each of another message."""

    def __init__(self, stack: Stack, shop: Shop, seen: Mapping[str, float]) -> None:
        self._secret = stack.secrets.facebook_app_secret
        self._page = shop.facebook.page
        self._port = int(stack.ingest_url.rpartition(":")[2])
        self._seen = seen
        self._sent = 0

    async def blast(self, count: int) -> None:
        """Sends as fast as webhooks are answered, and waits until all are visible."""
        messages = [self._message() for _ in range(count)]

        async def drive(mine: list[tuple[str, bytes]]) -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            for _, body in mine:
                await send(reader, writer, body)
            writer.close()

        await asyncio.gather(*(drive(messages[n::CONNECTIONS]) for n in range(CONNECTIONS)))
        await self._visible([mid for mid, _ in messages])

    async def capacity(self) -> float:
        """How many messages a second become visible when they come as fast as they are taken."""
        started = time.monotonic()
        await self.blast(BLAST)
        return BLAST / (time.monotonic() - started)

    async def steady(self, rate: float) -> list[float]:
        """Sends `rate` webhooks/s, whatever becomes of them; how long each took (s)."""
        sent: dict[str, float] = {}
        streams = [
            await asyncio.open_connection("127.0.0.1", self._port) for _ in range(CONNECTIONS)
        ]
        idle: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        for stream in streams:
            idle.put_nowait(stream)

        async def one(mid: str, body: bytes) -> None:
            stream = await idle.get()
            await send(*stream, body)
            idle.put_nowait(stream)

        messages = [self._message() for _ in range(int(rate * SECONDS))]
        start = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for number, (mid, body) in enumerate(messages):
                await asyncio.sleep(max(0.0, start + number / rate - time.monotonic()))
                sent[mid] = time.monotonic()
                tasks.create_task(one(mid, body))
        await self._visible(list(sent))
        for _, writer in streams:
            writer.close()
        return [self._seen[mid] - at for mid, at in sent.items()]

    def _message(self) -> tuple[str, bytes]:
        number, self._sent = self._sent, self._sent + 1
        mid = f"m_{number}"
        now = int(time.time() * 1000)
        return mid, request(self._secret, self._page, number % CUSTOMERS, mid, now)

    async def _visible(self, mids: list[str]) -> None:
        async with asyncio.timeout(_PATIENCE_S):
            while not all(mid in self._seen for mid in mids):  # noqa: ASYNC110 - MongoDB's word
                await asyncio.sleep(0.01)
