"""From a webhook to the log and to the inbox, through the whole running stack, at half capacity.

Seven of ten messages are of customers who have an agent, three of new ones: as many decisions as in
the router's mix. Three times are taken: from a webhook's answer until a reader of the log has the
assignment; from before a webhook is sent until MongoDB reports its message in the view that
the gateway reads; and, for one new customer after another, until the gateway's inbox shows it to a
caller who polls. Capacity is how many messages a second became visible when webhooks
came as fast as they were answered.
"""

import asyncio
import secrets
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.load import external_id, request, send
from bench.log import from_now_on, reading
from bench.report import Bar, Row, median_of
from support.shop import Shop
from tuyen_events.ids import OrganizationId, PageId, customer_id, message_thread_id
from tuyen_events.topics import ASSIGNMENTS
from tuyen_gateway.projections.collections import MESSAGES
from tuyen_local.stack import Stack
from tuyen_platform.mongodb import connect

AGENTS = 10
CUSTOMERS = 500
BLAST = 4_000
CONNECTIONS = 64
SECONDS = 12
RUNS = 3
_FIRSTS = (2, 5, 9)
"""Three messages of ten are of new customers."""
_ASK_AGAIN_S = 0.02
_POLL_S = 0.1
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
        async with (
            stack,
            _shop(stack) as shop,
            _watch_inbox(stack) as seen,
            _watch_assignments(stack) as assigned,
        ):
            run = _Run(stack, shop, seen, assigned)
            await run.blast(CUSTOMERS)
            capacity = statistics.median([await run.capacity() for _ in range(RUNS)])
            times = [await run.steady(capacity / 2) for _ in range(RUNS)]
    unit = f"ms, at {capacity / 2:.0f} webhooks/s"
    return [
        Row(figure="messages visible in the inbox", value=capacity, unit="messages/s", runs=RUNS),
        *_rows("webhook accepted to assignment", unit, [each.log for each in times], Bar(most=100)),
        *_rows("webhook to the inbox's view", unit, [each.view for each in times]),
        *_rows("webhook to inbox, asked for", unit, [each.inbox for each in times], Bar(most=250)),
    ]


@dataclass(frozen=True, slots=True)
class _Times:
    """Seconds, each of another message."""

    log: list[float]
    view: list[float]
    inbox: list[float]


def _rows(
    figure: str, unit: str, runs: Sequence[Sequence[float]], bar: Bar | None = None
) -> list[Row]:
    """The medians over the runs of each one's percentiles; the bar is for the 99th."""
    cuts = [statistics.quantiles(run, n=_PERCENT) for run in runs]
    p50, p99 = ([cut[at] * 1000 for cut in cuts] for at in (49, 98))
    return [median_of(f"{figure}, p50", unit, p50), median_of(f"{figure}, p99", unit, p99, bar)]


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
async def _watch_inbox(stack: Stack) -> AsyncIterator[Mapping[str, float]]:
    """When each message, by its id at the channel, appeared in the view; filled meanwhile."""
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


@asynccontextmanager
async def _watch_assignments(stack: Stack) -> AsyncIterator[Mapping[str, float]]:
    """When a reader of the log had the assignment of each conversation; filled meanwhile."""
    assigned: dict[str, float] = {}

    async def read() -> None:
        async for record in consumer:
            assigned.setdefault(record.key.decode(), time.monotonic())

    async with reading(stack.kafka) as consumer:
        await from_now_on(consumer, stack.settings.topic_prefix, ASSIGNMENTS)
        reader = asyncio.create_task(read())
        yield assigned
        reader.cancel()


@dataclass(frozen=True, slots=True)
class _Message:
    mid: str
    customer: str
    """By the channel's id."""
    conversation: str
    is_first: bool
    body: bytes


class _Run:
    """Webhooks of one shop, each of another message."""

    def __init__(
        self, stack: Stack, shop: Shop, seen: Mapping[str, float], assigned: Mapping[str, float]
    ) -> None:
        self._secret = stack.secrets.facebook_app_secret
        self._shop = shop
        self._port = int(stack.ingest_url.rpartition(":")[2])
        self._seen = seen
        self._assigned = assigned
        self._sent = 0

    async def blast(self, count: int) -> None:
        """Sends as fast as webhooks are answered, and waits until all are visible."""
        messages = [self._message() for _ in range(count)]

        async def drive(mine: list[_Message]) -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            for message in mine:
                await send(reader, writer, message.body)
            writer.close()

        await asyncio.gather(*(drive(messages[n::CONNECTIONS]) for n in range(CONNECTIONS)))
        await self._visible(messages)

    async def capacity(self) -> float:
        """How many messages a second become visible when they come as fast as they are taken."""
        started = time.monotonic()
        await self.blast(BLAST)
        return BLAST / (time.monotonic() - started)

    async def steady(self, rate: float) -> _Times:
        """Sends `rate` webhooks/s, whatever becomes of them; how long each took."""
        sent: dict[str, float] = {}
        answered: dict[str, float] = {}
        asked: dict[str, _Message] = {}
        streams = [
            await asyncio.open_connection("127.0.0.1", self._port) for _ in range(CONNECTIONS)
        ]
        idle: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        for stream in streams:
            idle.put_nowait(stream)

        async def one(message: _Message) -> None:
            stream = await idle.get()
            await send(*stream, message.body)
            answered[message.mid] = time.monotonic()
            idle.put_nowait(stream)

        messages = [self._message() for _ in range(int(rate * SECONDS))]
        firsts = [message for message in messages if message.is_first]
        start = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(self._read_shown(asked, messages[-1]))
            for number, message in enumerate(messages):
                await asyncio.sleep(max(0.0, start + number / rate - time.monotonic()))
                sent[message.mid] = time.monotonic()
                tasks.create_task(one(message))
                if message.is_first and not asked:
                    asked[message.mid] = message
        await self._visible(messages)
        for _, writer in streams:
            writer.close()
        return _Times(
            log=[self._assigned[each.conversation] - answered[each.mid] for each in firsts],
            view=[self._seen[mid] - at for mid, at in sent.items()],
            inbox=[at - sent[mid] for mid, at in asking.result().items()],
        )

    def _message(self) -> _Message:
        number, self._sent = self._sent, self._sent + 1
        is_first = number < CUSTOMERS or number % 10 in _FIRSTS
        customer = number if is_first else number % CUSTOMERS
        mid = f"m_{number}"
        now = int(time.time() * 1000)
        body = request(self._secret, self._shop.facebook.page, customer, mid, now)
        writer = external_id(customer)
        page = PageId(self._shop.page_id)
        thread = message_thread_id(customer_id(OrganizationId(self._shop.id), page, writer))
        return _Message(mid, writer, thread, is_first, body)

    async def _read_shown(self, asked: dict[str, _Message], last: _Message) -> dict[str, float]:
        """When the inbox showed each message that is put into `asked`, and taken out when shown.

        Ends once the last message is in the view and nothing is requested any more.
        """
        shown: dict[str, float] = {}
        async with asyncio.timeout(SECONDS + _PATIENCE_S):
            while asked or last.mid not in self._seen:
                for mid, message in list(asked.items()):
                    rows = await self._shop.admin.inbox(external_id=message.customer)
                    if any(mid in row["last_text"] for row in rows):
                        shown[mid] = time.monotonic()
                        del asked[mid]
                await asyncio.sleep(_ASK_AGAIN_S)
        return shown

    async def _visible(self, messages: Sequence[_Message]) -> None:
        """Waits until all are visible, and those of new customers assigned."""

        def all_there() -> bool:
            return all(
                each.mid in self._seen
                and (not each.is_first or each.conversation in self._assigned)
                for each in messages
            )

        async with asyncio.timeout(_PATIENCE_S):
            while not all_there():  # noqa: ASYNC110 - MongoDB's and Kafka's word
                await asyncio.sleep(_POLL_S)
