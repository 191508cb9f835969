"""Sends webhooks to ingest as the channels do: asynchronously, and again until they are answered.

Webhooks of one customer are sent in their order; nothing says in which order those of different
customers are.
"""

import asyncio
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx
import structlog

_LANES = 8
"""How many webhooks are on their way at one time."""

_MOST_WAITING = 5_000
"""Webhooks that wait in one lane; beyond them, new ones are dropped."""

_PAUSES_S = (0.1, 0.2, 0.5, 1, 2, 5, 5, 10, 10, 30, 30, 60)
"""Before each further attempt. The channels go on for hours; a stack that starts again within
minutes loses nothing."""

_TIMEOUT_S = 20

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DoubleWebhook:
    """A signed body. `customer` is whom it concerns, which decides on the order. `retry_header`
    has the number of a further attempt, at channels that say it."""

    channel: str
    customer: str
    body: bytes
    headers: Mapping[str, str]
    retry_header: str | None = None


@dataclass(slots=True)
class _Waiting:
    webhook: DoubleWebhook
    delivered: asyncio.Event = field(default_factory=asyncio.Event)


class WebhookSender:
    """Sends webhooks to one ingest. The owner must run `run`."""

    def __init__(self, ingest_url: str) -> None:
        self._ingest_url = ingest_url.rstrip("/")
        self._lanes: list[asyncio.Queue[_Waiting]] = [
            asyncio.Queue(_MOST_WAITING) for _ in range(_LANES)
        ]

    def send(self, webhook: DoubleWebhook) -> asyncio.Event:
        """Puts a webhook into its lane, and returns at once. The event is set when ingest has
        answered 200; it never is if the webhook is dropped."""
        waiting = _Waiting(webhook)
        lane = zlib.crc32(webhook.customer.encode("utf-8", "surrogatepass")) % _LANES
        try:
            self._lanes[lane].put_nowait(waiting)
        except asyncio.QueueFull:
            _log.error("double_webhook_dropped", channel=webhook.channel, reason="too many wait")
        return waiting.delivered

    async def deliver(self, webhook: DoubleWebhook, within_s: float) -> bool:
        """Sends a webhook, and returns whether ingest has answered 200 within that time. It is
        sent again also afterwards."""
        delivered = self.send(webhook)
        try:
            async with asyncio.timeout(within_s):
                await delivered.wait()
        except TimeoutError:
            return False
        return True

    async def run(self) -> None:
        """Sends until it is cancelled; what waits then is lost."""
        async with (
            httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False) as client,
            asyncio.TaskGroup() as lanes,
        ):
            for lane in self._lanes:
                lanes.create_task(self._serve(lane, client))

    async def _serve(self, lane: asyncio.Queue[_Waiting], client: httpx.AsyncClient) -> None:
        while True:
            waiting = await lane.get()
            if await self._send_until_answered(waiting.webhook, client):
                waiting.delivered.set()

    async def _send_until_answered(self, webhook: DoubleWebhook, client: httpx.AsyncClient) -> bool:
        problem = await self._attempt(webhook, client, 0)
        for attempt, pause_s in enumerate(_PAUSES_S, start=1):
            if problem is None:
                return True
            await asyncio.sleep(pause_s)
            problem = await self._attempt(webhook, client, attempt)
        if problem is not None:
            _log.error("double_webhook_dropped", channel=webhook.channel, reason=problem)
        return problem is None

    async def _attempt(
        self, webhook: DoubleWebhook, client: httpx.AsyncClient, attempt: int
    ) -> str | None:
        """Why ingest did not take the webhook; None if it did."""
        headers = {"Content-Type": "application/json", **webhook.headers}
        if attempt and webhook.retry_header is not None:
            headers[webhook.retry_header] = str(attempt)
        try:
            answer = await client.post(
                f"{self._ingest_url}/webhooks/{webhook.channel}",
                content=webhook.body,
                headers=headers,
            )
        except httpx.TransportError as error:
            return repr(error)
        return None if answer.is_success else f"answered {answer.status_code}"
