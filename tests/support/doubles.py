"""The channel doubles for tests, over real HTTP: running, steered, and with an ingest to write to.

async with running_doubles() as doubles:
    await doubles.fault(channel="facebook", status=500, body={}, times=2)
    ... call doubles.facebook_api ...
    sent = await doubles.calls(action="send")
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from support.processes import eventually
from tuyen_doubles.bootstrap import build
from tuyen_doubles.registry import host_paths
from tuyen_doubles.serving import serve_doubles
from tuyen_doubles.settings import DoublesSettings
from tuyen_platform.clock import Clock, SystemClock

Json = dict[str, Any]

APP_ID = "990000000000001"
APP_SECRET = "app-secret-of-the-tests"
ZALO_APP_ID = "3600000000000000001"
ZALO_APP_SECRET = "zalo-app-secret-of-the-tests"
OA_SECRET = "oa-secret-of-the-tests"


class Ingest:
    """Takes the doubles' webhooks, checks their signatures, and keeps them."""

    def __init__(self) -> None:
        self.received: list[Json] = []
        self.refusals = 0
        """How many webhooks will still be answered 503."""
        self.retries: list[str | None] = []
        """The header `num_retry` of each webhook that was kept."""
        self.server: uvicorn.Server | None = None

    def stop(self) -> None:
        """Takes no more webhooks, from a moment later on."""
        if self.server is not None:
            self.server.should_exit = True

    async def events(self, count: int) -> list[Json]:
        """The bodies of the first webhooks, once there are so many; AssertionError if they do not
        come."""

        async def come() -> bool:
            return len(self.received) >= count

        await eventually(come, lambda: f"{len(self.received)} webhooks of {count}")
        return self.received[:count]

    def app(self) -> Starlette:
        path = "/webhooks/{channel}"
        return Starlette(routes=[Route(path, self._take, methods=["POST"])])

    async def _take(self, request: Request) -> Response:
        if self.refusals:
            self.refusals -= 1
            return Response(status_code=503)
        body = await request.body()
        expected = _facebook_signature(body)
        if request.path_params["channel"] == "zalo":
            expected = _zalo_signature(body)
        if (request.headers.get(expected[0]) or "") != expected[1]:
            return Response(status_code=401)
        self.received.append(json.loads(body))
        self.retries.append(request.headers.get("num_retry"))
        return Response()


def _facebook_signature(body: bytes) -> tuple[str, str]:
    digest = hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
    return "X-Hub-Signature-256", f"sha256={digest}"


def _zalo_signature(body: bytes) -> tuple[str, str]:
    timestamp = json.loads(body)["timestamp"]
    signed = ZALO_APP_ID.encode() + body + f"{timestamp}{OA_SECRET}".encode()
    return "X-ZEvent-Signature", f"mac={hashlib.sha256(signed).hexdigest()}"


class RunningDoubles:
    """The doubles at `url`, steered as a person would steer them."""

    def __init__(self, url: str, client: httpx.AsyncClient, ingest: Ingest) -> None:
        self.url = url
        self.ingest = ingest
        self.addresses = {name: url + path for name, path in host_paths().items()}
        self.facebook_api = self.addresses["facebook_api"]
        self.facebook_dialog = self.addresses["facebook_dialog"]
        self.zalo_api = self.addresses["zalo_api"]
        self.zalo_oauth = self.addresses["zalo_oauth"]
        self.client = client

    async def calls(self, **filters: Any) -> list[Json]:
        """What was called: by `channel`, `action`, `account`, `after`."""
        answer = await self.client.get("/_double/calls", params=filters)
        return list(answer.raise_for_status().json()["items"])

    async def fault(self, **fault: Any) -> None:
        """Switches a fault on: `channel`, and what happens to the next calls."""
        (await self.client.put("/_double/faults", json=fault)).raise_for_status()

    async def clear_faults(self) -> None:
        (await self.client.delete("/_double/faults")).raise_for_status()

    async def say(self, **said: Any) -> Json:
        """A customer writes: `channel`, `account`, `customer`, `text`, and more."""
        answer = await self.client.post("/_double/say", json=said)
        return dict(answer.raise_for_status().json())

    async def receipt(self, **receipt: Any) -> None:
        """What was sent to a customer was `delivered` or `seen`."""
        (await self.client.post("/_double/receipts", json=receipt)).raise_for_status()

    async def token(self, **token: Any) -> None:
        """Says whose a token is, and whether it works."""
        (await self.client.put("/_double/tokens", json=token)).raise_for_status()


@asynccontextmanager
async def running_doubles(
    *, ingest_url: str | None = None, clock: Clock | None = None
) -> AsyncIterator[RunningDoubles]:
    """The doubles on a free port of this process, over real HTTP. Without `ingest_url` their
    webhooks go to `doubles.ingest`, which checks and keeps them."""
    ingest, stopping = Ingest(), asyncio.Event()
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    async with _running(ingest) as own_url:
        settings = DoublesSettings(
            port=0,
            ingest_url=ingest_url or own_url,
            channels={
                "facebook_app_id": SecretStr(APP_ID),
                "facebook_app_secret": SecretStr(APP_SECRET),
                "zalo_app_id": SecretStr(ZALO_APP_ID),
                "zalo_app_secret": SecretStr(ZALO_APP_SECRET),
                "zalo_oa_secret": SecretStr(OA_SECRET),
            },
        )
        doubles = build(settings, clock or SystemClock())
        serving = asyncio.create_task(serve_doubles(doubles, settings, stopping, port.set_result))
        try:
            await asyncio.wait((serving, port), return_when=asyncio.FIRST_COMPLETED)
            url = f"http://127.0.0.1:{port.result()}"
            async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as client:
                yield RunningDoubles(url, client, ingest)
        finally:
            stopping.set()
            ingest.stop()
            await serving


@asynccontextmanager
async def _running(ingest: Ingest) -> AsyncIterator[str]:
    """The address of an ingest that runs."""
    config = uvicorn.Config(ingest.app(), port=0, lifespan="off", log_config=None, access_log=False)
    server = ingest.server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())
    try:
        while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
            await asyncio.sleep(0.01)
        (listener,) = server.servers
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    finally:
        ingest.stop()
        await serving
