"""From a reply to its call at the channel: through the whole running stack (`bench.replies`), and
from the log through the sender alone, compared with a bare consumer that calls the same double.

The sender alone is what its own path costs: it takes a request from the log, stores it, stores that
its call begins, and calls. The bare consumer calls at once, and would send again, or lose, whatever
is under way when it ends.
"""

import asyncio
import os
import secrets
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
from pydantic import SecretStr

from bench import replies
from bench.double_calls import DoubleCalls
from bench.processes import cpu_seconds, free_port, ready, running, service_env
from bench.report import Row, compare
from support.organizations import directory_record, page, profile
from tuyen_doubles.registry import host_paths
from tuyen_events.event import Envelope
from tuyen_events.ids import (
    AgentId,
    OrganizationId,
    PageId,
    customer_id,
    customer_key,
    derive_event_id,
    message_thread_id,
    outbound_request_id,
    reply_id,
)
from tuyen_events.outbound import OutboundAction, OutboundRequested
from tuyen_events.outbound_topics import OUTBOUND
from tuyen_events.topics import DIRECTORY
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.topics import ensure_topics
from tuyen_platform.page_credentials import AccountCredentials, PageCredentials, name_account
from tuyen_platform.settings import LOCAL_SECRETS_KEY

RATES = (50, 200)
SECONDS = int(os.environ.get("BENCH_SECONDS", "15"))
RUNS = 3
CUSTOMERS = 500
_WARM = 50
_PERCENT = 100
_SHOP, _PAGE, _ACCOUNT = OrganizationId("shop"), PageId("page"), "104000000000001"
_NOBODY = "mongodb://127.0.0.1:1"
"""Nothing is attached, so nobody connects to it."""


async def measure(kafka: str) -> list[Row]:
    """The whole stack first, then the sender and the bare consumer in turn."""
    rows = await replies.measure(kafka, RATES, SECONDS)
    async with AsyncExitStack() as opened:
        double = await opened.enter_async_context(_double())
        sides = [await opened.enter_async_context(_sender(kafka, double))]
        sides.append(await opened.enter_async_context(_bare(kafka, double)))
        for side in sides:
            await side.warm_up()
        for rate in RATES:
            rows += await _measure_rate(sides, rate)
    return rows


async def _measure_rate(sides: Sequence["_Side"], rate: int) -> list[Row]:
    runs: list[list[_Taken]] = [[], []]
    for _ in range(RUNS):
        for taken, side in zip(runs, sides, strict=True):
            taken.append(await side.steady(rate))
    ours, bare = runs
    at = f"at {rate}/s"
    against = "bare consumer and call"
    what = "request in the log to its call"
    return [
        compare(f"{what}, p50, {at}", "ms", [t.p50 for t in ours], against, [t.p50 for t in bare]),
        compare(f"{what}, p99, {at}", "ms", [t.p99 for t in ours], against, [t.p99 for t in bare]),
        compare(
            f"sender, cost, {at}",
            "CPU s/1,000 requests",
            [taken.cost for taken in ours],
            against,
            [taken.cost for taken in bare],
        ),
    ]


@dataclass(frozen=True, slots=True)
class _Taken:
    """Milliseconds from the log to the call, and CPU seconds for 1,000."""

    p50: float
    p99: float
    cost: float


@dataclass(slots=True)
class _Double:
    url: str
    calls: DoubleCalls


@asynccontextmanager
async def _double() -> AsyncIterator[_Double]:
    """The channel double. It reports nothing of what is sent: there is no ingest."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with (
        running("tuyen_doubles", {"TUYEN_PORT": str(port)}) as process,
        httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client,
    ):
        await ready(port, process)
        quiet = {"channel": "facebook", "action": "send", "drop_echo": True, "times": 1_000_000}
        (await client.put("/_double/faults", json=quiet)).raise_for_status()
        yield _Double(url, DoubleCalls(client))


@asynccontextmanager
async def _sender(kafka: str, double: _Double) -> AsyncIterator["_Side"]:
    """The service, with one page."""
    prefix, port = await _new_topics(kafka), free_port()
    env = {
        **service_env(kafka, prefix, port),
        "TUYEN_MONGODB": _NOBODY,
        "TUYEN_FACEBOOK_API": double.url + host_paths()["facebook_api"],
    }
    account = name_account(_SHOP, Channel.FACEBOOK, _ACCOUNT)
    credentials = AccountCredentials(access_token=SecretStr("token"))
    keys = PageCredentials(SecretStr(LOCAL_SECRETS_KEY))
    async with KafkaLog(kafka, prefix) as log:
        await log.append(DIRECTORY, *directory_record(profile(organization=_SHOP)))
        connected = page(_PAGE, organization=_SHOP, external_id=_ACCOUNT)
        await log.append(DIRECTORY, *directory_record(connected))
        await log.append_all([keys.set_record(account, credentials)])
        async with running("tuyen_outbound", env) as process:
            await ready(port, process)
            yield _Side(log, double.calls, process.pid, "ours")


@asynccontextmanager
async def _bare(kafka: str, double: _Double) -> AsyncIterator["_Side"]:
    prefix = await _new_topics(kafka)
    env = {
        "BENCH_KAFKA": kafka,
        "BENCH_INPUT": prefix + OUTBOUND.name,
        "BENCH_APP": f"{prefix}bare",
        "BENCH_CALL": f"{double.url}{host_paths()['facebook_api']}/{_ACCOUNT}/messages",
    }
    async with KafkaLog(kafka, prefix) as log, running("bench.bare_outbound", env) as process:
        yield _Side(log, double.calls, process.pid, "bare")


async def _new_topics(kafka: str) -> str:
    prefix = f"bench{secrets.token_hex(3)}."
    await ensure_topics(kafka, prefix, 1)
    return prefix


@dataclass(slots=True)
class _Side:
    """What calls the double for each request in its own topic."""

    log: KafkaLog
    calls: DoubleCalls
    pid: int
    name: str
    asked: int = 0

    async def warm_up(self) -> None:
        written: dict[str, float] = {}
        for _ in range(_WARM):
            await self._ask(written)
        await self.calls.wait_for(written)

    async def steady(self, rate: int) -> _Taken:
        """Writes `rate` requests a second, whatever becomes of them."""
        count = rate * SECONDS
        written: dict[str, float] = {}
        spent = cpu_seconds(self.pid)
        begun = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for number in range(count):
                await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
                tasks.create_task(self._ask(written))
        called = await self.calls.wait_for(written)
        cost = (cpu_seconds(self.pid) - spent) / count * 1000
        taken = [(called[text] - at) * 1000 for text, at in written.items()]
        cuts = statistics.quantiles(taken, n=_PERCENT)
        return _Taken(cuts[49], cuts[98], cost)

    async def _ask(self, written: dict[str, float]) -> None:
        """Notes when the next request is acknowledged."""
        number, self.asked = self.asked, self.asked + 1
        request = _request(number % CUSTOMERS, f"{self.name}-{number}")
        envelope = Envelope(
            id=derive_event_id(request.request_id, request.type),
            source="bench",
            subject=request.conversation_id,
            time=request.at,
            data=request,
        )
        key = customer_key(_SHOP, _PAGE, request.customer_external_id)
        partition = partition_of(key, OUTBOUND.partitions)
        await self.log.append(OUTBOUND, request.conversation_id, envelope, partition=partition)
        written[str(request.text)] = time.time()


def _request(customer: int, name: str) -> OutboundRequested:
    external_id = f"psid-{customer}"
    customer_of = customer_id(_SHOP, _PAGE, external_id)
    thread = message_thread_id(customer_of)
    reply = reply_id(thread, name)
    return OutboundRequested(
        request_id=outbound_request_id(reply),
        organization=_SHOP,
        page_id=_PAGE,
        channel=Channel.FACEBOOK,
        conversation_id=thread,
        message_id=reply,
        at=datetime.now(UTC),
        action=OutboundAction.SEND,
        customer_id=customer_of,
        customer_external_id=external_id,
        kind=ConversationKind.MESSAGE,
        by=AgentId("lan"),
        by_name="Lan",
        client_id=name,
        text=name,
    )
