"""From a reply to its call at the channel double, through the whole running stack.

The gateway answers a reply once its own view shows it. The sender does not wait for that: it often
has called the channel before the agent has the answer, so the time from the answer to the call is
negative then. The double reports each message as the channel does, so ingest, the router and the
gateway's fold are at work as well. If the view is five seconds behind, the answer is 503: the reply
is usually in the log all the same, and is sent. If the reads before it wait for three seconds, it
is 429, and nothing is sent. No quota is reached: 20 agents reply, as often as they like.
"""

import asyncio
import json
import secrets
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bench.double_calls import DoubleCalls
from bench.load import send
from bench.processes import cpu_seconds
from bench.report import Row, median_of
from support.shop import Shop
from tuyen_local.stack import DOUBLES, SERVICES, Stack

CUSTOMERS = 400
AGENTS = 20
"""Each replies to their own twentieth of the customers."""
RUNS = 3
CONNECTIONS = 128
_AT_ONCE = 100
_WARM = 100
_POLL_S = 0.2
_PATIENCE_S = 120.0
_PERCENT = 100
_ANSWERED, _ACCEPTED, _LATE = b"HTTP/1.1 ", b"HTTP/1.1 202", b"HTTP/1.1 503"
_REFUSED = b"HTTP/1.1 429"
_MEASURED = ("gateway", "outbound")
"""Those services whose share is told; of the others, only the sum with these."""


async def measure(kafka: str, rates: Sequence[int], seconds: int) -> list[Row]:
    """Each figure is the median of three runs on one stack."""
    with tempfile.TemporaryDirectory(prefix="tuyen-bench-") as name:
        stack = Stack.on_free_ports(
            Path(name),
            kafka=kafka,
            topic_prefix=f"bench{secrets.token_hex(3)}.",
            presence_lease_s=3600,
        )
        rows: list[Row] = []
        async with stack, _desk(stack) as desk:
            await desk.steady(_WARM, 1)
            for rate in rates:
                runs = [await desk.steady(rate, seconds) for _ in range(RUNS)]
                rows += _rows(runs, f"at {rate}/s")
    return rows


@dataclass(slots=True)
class _Times:
    """Milliseconds of each reply, and CPU seconds that 1,000 of them cost."""

    sent_to_call: list[float] = field(default_factory=list)
    accepted_to_call: list[float] = field(default_factory=list)
    sent_to_accepted: list[float] = field(default_factory=list)
    late: float = 0.0
    """Percent of them, answered 503."""
    refused: float = 0.0
    """The same, answered 429: nothing is sent."""
    accepted_a_second: float = 0.0
    """So many, until the last one."""
    costs: dict[str, float] = field(default_factory=dict)


def _rows(runs: Sequence[_Times], at: str) -> list[Row]:
    rows: list[Row] = []
    for figure, taken in (
        ("reply accepted (202) to its call", [run.accepted_to_call for run in runs]),
        ("reply sent to its call", [run.sent_to_call for run in runs]),
        ("reply sent to accepted", [run.sent_to_accepted for run in runs]),
    ):
        cuts = [statistics.quantiles(each, n=_PERCENT) for each in taken]
        rows += [
            median_of(f"{figure}, p50, {at}", "ms", [cut[49] for cut in cuts]),
            median_of(f"{figure}, p99, {at}", "ms", [cut[98] for cut in cuts]),
        ]
    rows.append(median_of(f"replies answered 503, {at}", "%", [run.late for run in runs]))
    rows.append(median_of(f"replies refused (429), {at}", "%", [run.refused for run in runs]))
    reached = [run.accepted_a_second for run in runs]
    rows.append(median_of(f"replies accepted, {at}", "1/s", reached))
    costs = {name: [run.costs[name] for run in runs] for name in _MEASURED}
    costs["all services"] = [sum(run.costs.values()) for run in runs]
    for service, spent in costs.items():
        rows.append(median_of(f"replies, {service}, {at}", "CPU s/1,000 replies", spent))
    return rows


@asynccontextmanager
async def _desk(stack: Stack) -> AsyncIterator["_Desk"]:
    """A shop with one Facebook page, to which each customer has written."""
    async with (
        httpx.AsyncClient(base_url=stack.gateway_url, timeout=60, trust_env=False) as gateway,
        httpx.AsyncClient(base_url=stack.url(DOUBLES), timeout=60, trust_env=False) as double,
    ):
        shop = Shop(stack, gateway, "bench")
        await shop.open()
        await shop.admin.put(
            f"/v1/pages/{shop.page_id}",
            channel="facebook",
            external_id=shop.facebook.page,
            name="Trang",
            credentials={"access_token": "a-token-of-the-benchmark"},
        )
        agents = [f"nv-{number}" for number in range(AGENTS)]
        await shop.hire(*agents, online=False)
        names = [f"khach-{number}" for number in range(CUSTOMERS)]
        for start in range(0, CUSTOMERS, _AT_ONCE):
            await shop.facebook.write(*names[start : start + _AT_ONCE])
        async with asyncio.timeout(_PATIENCE_S):
            while len(rows := await shop.admin.inbox()) < CUSTOMERS:  # noqa: ASYNC110 - polled
                await asyncio.sleep(_POLL_S)
        tokens = [shop.people[agent].token for agent in agents]
        yield _Desk(stack, tokens, DoubleCalls(double), [row["id"] for row in rows])
        await shop.close()


@dataclass(slots=True)
class _Desk:
    """Agents who reply in one conversation after the other."""

    stack: Stack
    tokens: Sequence[str]
    calls: DoubleCalls
    conversations: Sequence[str]
    sent: int = 0

    async def steady(self, rate: int, seconds: int) -> _Times:
        """Sends `rate` replies a second, whatever becomes of them."""
        count = rate * seconds
        port = int(self.stack.gateway_url.rpartition(":")[2])
        streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CONNECTIONS)]
        idle: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        for stream in streams:
            idle.put_nowait(stream)
        sent: dict[str, float] = {}
        accepted: dict[str, float] = {}

        async def reply() -> None:
            text, message = self._next_reply()
            sent[text] = time.time()
            stream = await idle.get()
            head = await send(*stream, message, _ANSWERED)
            idle.put_nowait(stream)
            if head.startswith(_ACCEPTED):
                accepted[text] = time.time()
            elif head.startswith(_REFUSED):
                del sent[text]
            elif not head.startswith(_LATE):
                raise RuntimeError(head.decode("latin-1"))

        spent = self._spent()
        begun = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for number in range(count):
                await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
                tasks.create_task(reply())
        called = await self.calls.wait_for(accepted)
        for _, writer in streams:
            writer.close()
        return _Times(
            sent_to_call=[
                (called[text] - at) * 1000 for text, at in sent.items() if text in called
            ],
            accepted_to_call=[(called[text] - at) * 1000 for text, at in accepted.items()],
            sent_to_accepted=[(at - sent[text]) * 1000 for text, at in accepted.items()],
            late=(len(sent) - len(accepted)) / count * 100,
            refused=(count - len(sent)) / count * 100,
            accepted_a_second=len(accepted) / (max(accepted.values()) - min(sent.values())),
            costs={
                name: (total - spent[name]) / count * 1000 for name, total in self._spent().items()
            },
        )

    def _spent(self) -> dict[str, float]:
        return {name: cpu_seconds(self.stack.pid(name)) for name in SERVICES}

    def _next_reply(self) -> tuple[str, bytes]:
        """A text that no other reply has, and the request as it is on the wire."""
        number, self.sent = self.sent, self.sent + 1
        text = f"Dạ còn ạ, số {number}"
        body = json.dumps({"text": text}).encode()
        conversation = self.conversations[number % len(self.conversations)]
        token = self.tokens[number % len(self.tokens)]
        head = (
            f"POST /v1/conversations/{conversation}/messages HTTP/1.1\r\nHost: gateway\r\n"
            f"Authorization: Bearer {token}\r\n"
            f"Idempotency-Key: reply-{number}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return text, head.encode() + body
