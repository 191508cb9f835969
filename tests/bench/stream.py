"""Live streams of one gateway: from an event in the log to an event in each stream that shows it,
and what the streams cost.

Messages of known customers are written to the log at a constant rate. Each of them is a row and a
message for every stream of its organization: with 5,000 streams of 50 organizations, a hundred
streams. The readers run in this process, on the same two cores as the gateway, Kafka and MongoDB.
"""

import asyncio
import os
import re
import resource
import secrets
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from bench.processes import cpu_seconds, free_port, ready, running, service_env
from bench.report import Bar, Row
from tuyen_events.event import Envelope
from tuyen_events.ids import (
    OrganizationId,
    PageId,
    customer_id,
    customer_key,
    event_id,
    message_id,
    message_thread_id,
)
from tuyen_events.inbound import Customer, MessageReceived
from tuyen_events.limits import STREAMS_OF_AGENT
from tuyen_events.topics import INBOUND
from tuyen_events.vocabulary import Channel
from tuyen_local import mongodb, server
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.topics import ensure_topics

SIZES = ((10, 1, 10), (50, 5, STREAMS_OF_AGENT))
"""Organizations, agents of each, and streams of each agent: 100 and 5,000 streams."""

EVENTS_A_SECOND = 50
SECONDS = 20
CUSTOMERS_OF_ONE = 20
_SETTLE_S = 3.0
_OPENED_AT_ONCE = 100
_OPERATOR = "operator-token-of-the-benchmark"
_SENT = re.compile(rb'"text":"(\d+)"')
_PERCENT = 100
_PATIENCE_S = 120.0
_POLL_S = 0.05
_READ_BYTES = 65_536


async def measure(kafka: str) -> list[Row]:
    """Each size on a gateway and a database of its own."""
    _allow_open_files()
    with tempfile.TemporaryDirectory(prefix="tuyen-bench-") as name:
        place = Path(name)
        views = await server.start(
            mongodb, place / "mongodb", place, os.environ.get("TUYEN_MONGODB")
        )
        try:
            rows = []
            for size in SIZES:
                rows += await _measure_size(kafka, views.address, *size)
            return rows
        finally:
            await views.stop()


async def _measure_size(
    kafka: str, views: str, organizations: int, agents: int, streams: int
) -> list[Row]:
    prefix = f"bench{secrets.token_hex(3)}."
    await ensure_topics(kafka, prefix, 1)
    port = free_port()
    env = {
        **service_env(kafka, prefix, port),
        "TUYEN_MONGODB": views,
        "TUYEN_DATABASE": f"bench{secrets.token_hex(3)}",
        "TUYEN_OPERATOR_TOKEN": _OPERATOR,
    }
    async with running("tuyen_gateway", env) as gateway, KafkaLog(kafka, prefix) as log:
        await ready(port, gateway)
        shops = [f"shop-{number}" for number in range(organizations)]
        tokens = await _hire(port, shops, agents)
        feed = _Feed(log, shops)
        await feed.begin()
        await asyncio.sleep(_SETTLE_S)
        before = _memory(gateway.pid)
        readers = _Readers(port)
        async with readers.open([token for token in tokens for _ in range(streams)]):
            await asyncio.sleep(_SETTLE_S)
            held = _memory(gateway.pid) - before
            idle = await _cores(gateway.pid, _SETTLE_S)
            readers.arrived.clear()
            spent, started = cpu_seconds(gateway.pid), time.monotonic()
            await feed.write(SECONDS)
            busy = (cpu_seconds(gateway.pid) - spent) / (time.monotonic() - started)
            await readers.wait_for(EVENTS_A_SECOND * SECONDS * agents * streams)
    total = organizations * agents * streams
    return _rows(total, list(readers.arrived.values()), held / total, idle, busy)


def _allow_open_files() -> None:
    """A connection is a file, here and in the gateway, which inherits the limit."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _rows(
    total: int, delays: Sequence[float], bytes_of_one: float, idle: float, busy: float
) -> list[Row]:
    cuts = statistics.quantiles(delays, n=_PERCENT)
    what, at = f"{total:,} live streams", f"at {EVENTS_A_SECOND} events/s"
    return [
        Row(figure=f"{what}, log to stream, p50, {at}", unit="ms", value=cuts[49] * 1000),
        Row(
            figure=f"{what}, log to stream, p99, {at}",
            unit="ms",
            value=cuts[98] * 1000,
            bar=Bar(most=1000),
        ),
        Row(figure=f"{what}, memory of each", unit="kB", value=bytes_of_one / 1000),
        Row(figure=f"{what}, gateway, idle", unit="cores", value=idle),
        Row(figure=f"{what}, gateway, {at}", unit="cores", value=busy),
    ]


async def _hire(port: int, shops: list[str], agents: int) -> list[str]:
    """Creates organizations with agents; an access token of each agent."""
    tokens = []
    operator = {"Authorization": f"Bearer {_OPERATOR}"}
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False
    ) as client:

        async def call(method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
            answer = await client.request(method, path, json=body, headers=headers)
            answer.raise_for_status()
            return answer.json()

        async def login(shop: str, who: str) -> str:
            body = {"organization": shop, "username": who, "password": "a-password"}
            token: str = (await call("POST", "/v1/auth/login", body, {}))["access_token"]
            return token

        for shop in shops:
            admin = {"username": "boss", "password": "a-password"}
            made = {"id": shop, "name": shop, "admin": admin}
            await call("POST", "/v1/organizations", made, operator)
            boss = {"Authorization": f"Bearer {await login(shop, 'boss')}"}
            for number in range(agents):
                who = f"agent-{number}"
                agent = {"name": who, "username": who, "role": "agent", "password": "a-password"}
                await call("PUT", f"/v1/agents/{who}", agent, boss)
                tokens.append(await login(shop, who))
    return tokens


@dataclass
class _Feed:
    """Customers who write. The text of a message is when it was written, in nanoseconds."""

    log: KafkaLog
    shops: list[str]
    number: int = 0

    async def begin(self) -> None:
        """Every customer writes once, so that nobody is new later."""
        for _ in range(len(self.shops) * CUSTOMERS_OF_ONE):
            await self._write_one()

    async def write(self, seconds: float) -> None:
        begun = time.monotonic()
        for each in range(round(seconds * EVENTS_A_SECOND)):
            await asyncio.sleep(max(0.0, begun + each / EVENTS_A_SECOND - time.monotonic()))
            await self._write_one()

    async def _write_one(self) -> None:
        shop = OrganizationId(self.shops[self.number % len(self.shops)])
        who = f"psid-{self.number // len(self.shops) % CUSTOMERS_OF_ONE}"
        page, mid = PageId("page"), f"mid-{self.number}"
        self.number += 1
        customer = customer_id(shop, page, who)
        now = datetime.now(UTC)
        event = MessageReceived(
            organization=shop,
            page_id=page,
            channel=Channel.FACEBOOK,
            occurred_at=now,
            accepted_at=now,
            customer=Customer(id=customer, external_id=who, name=who),
            conversation_id=message_thread_id(customer),
            message_id=message_id(shop, page, mid),
            external_id=mid,
            text=str(time.monotonic_ns()),
        )
        envelope = Envelope(
            id=event_id(shop, mid), source="bench", subject=who, time=now, data=event
        )
        await self.log.append(INBOUND, customer_key(shop, page, who), envelope)


@dataclass
class _Readers:
    """Streams that are read as fast as they send."""

    port: int
    arrived: dict[tuple[int, bytes], float] = field(default_factory=dict)
    """By stream and text, after how many seconds it was there first: what is noted twice is sent
    twice."""
    opened: int = 0
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @asynccontextmanager
    async def open(self, tokens: list[str]) -> AsyncIterator[None]:
        """One stream for each token, all open on entering."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                for number, token in enumerate(tokens):
                    self._tasks.append(asyncio.create_task(self._read(number, token)))
                    await self._until_open(number - _OPENED_AT_ONCE)
                await self._until_open(len(tokens))
            yield
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def wait_for(self, events: int) -> None:
        """Returns once so many have arrived."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                while len(self.arrived) < events:
                    self._raise_what_broke()
                    await asyncio.sleep(_POLL_S)
        except TimeoutError:
            raise RuntimeError(f"{len(self.arrived)} of {events} events arrived") from None

    async def _until_open(self, streams: int) -> None:
        while self.opened < streams:
            self._raise_what_broke()
            await asyncio.sleep(_POLL_S)

    def _raise_what_broke(self) -> None:
        for task in self._tasks:
            if task.done():
                task.result()
                raise RuntimeError("a stream has ended")

    async def _read(self, number: int, token: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        head = f"GET /v1/events HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {token}\r\n\r\n"
        writer.write(head.encode())
        try:
            first = await reader.readuntil(b": open")
            if not first.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(first.decode())
            self.opened += 1
            rest = b""
            while received := await reader.read(_READ_BYTES):
                now = time.monotonic_ns()
                whole, mark, rest = (rest + received).rpartition(b"\n\n")
                for event in (whole + mark).split(b"\n\n"):
                    if b"event: message.upserted" in event:
                        found = _SENT.search(event)
                        if found is not None:
                            after = (now - int(found[1])) / 1e9
                            self.arrived.setdefault((number, found[1]), after)
        finally:
            writer.close()


async def _cores(pid: int, seconds: float) -> float:
    before = cpu_seconds(pid)
    await asyncio.sleep(seconds)
    return (cpu_seconds(pid) - before) / seconds


def _memory(pid: int) -> int:
    """The resident set of a process, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"the system does not tell the memory of {pid}")
