"""Rows of a file that become contacts (C9), through a gateway and the CRM as processes, and the
memory that this takes."""

import asyncio
import io
import os
import secrets
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from bench.people import name_of
from bench.processes import free_port, peak_memory, ready, running, service_env
from bench.report import Bar, Row
from tuyen_events.topics import TOPICS
from tuyen_local import mongodb, server
from tuyen_platform.kafka.topics import ensure_topics

ROWS = int(os.environ.get("BENCH_ROWS", "100000"))
EARLY = ROWS // 10
BAR_ROWS = 100_000 / 300.0
"""100,000 rows in five minutes."""
BAR_GROWTH_MB = 32.0

_POLL_S = 0.5
_GIVE_UP_S = 1_800.0
_MB = 1024 * 1024
_OPERATOR = "o" * 32
_PASSWORD = "boss-password"


class _Peak(NamedTuple):
    """The most memory (bytes) that each service has had."""

    gateway: int
    crm: int


async def measure_import(kafka: str) -> list[Row]:
    """All rows are new contacts. The memory is that of both services when a tenth of the rows and
    when all of them are in; the decider keeps each contact, and the gateway nothing."""
    async with _services(kafka) as (client, pids):
        started = time.monotonic()
        job = await _start(client)
        after_start = time.monotonic()
        early = None
        async with asyncio.timeout(_GIVE_UP_S):
            while (progress := await _read(client, job))["state"] in ("waiting", "running"):
                if early is None and progress["done"] >= EARLY:
                    early = _peak(pids)
                await asyncio.sleep(_POLL_S)
        last = _peak(pids)
        taken = time.monotonic() - after_start
    if progress["changed"] != ROWS or early is None:
        raise RuntimeError(f"the import ended with {progress}")
    grown = (last.gateway - early.gateway) / _MB
    per_contact = (last.crm - early.crm) / (ROWS - EARLY)
    return [
        Row(
            figure=f"CRM, a file of {ROWS:,} rows, imported",
            value=ROWS / taken,
            unit="rows/s",
            bar=Bar(least=BAR_ROWS),
        ),
        Row(figure="CRM, its upload and preview", value=after_start - started, unit="s"),
        Row(figure="CRM, the gateway's memory, all rows", value=last.gateway / _MB, unit="MB"),
        Row(
            figure="CRM, the gateway's memory, from a tenth of the rows to all",
            value=grown,
            unit="MB",
            bar=Bar(most=BAR_GROWTH_MB),
        ),
        Row(figure="CRM, the decider's memory for a contact", value=per_contact, unit="bytes"),
    ]


@asynccontextmanager
async def _services(kafka: str) -> AsyncIterator[tuple[httpx.AsyncClient, tuple[int, int]]]:
    """A gateway that an administrator is logged in to, and the CRM, both ready, by their ids."""
    prefix = f"bench{secrets.token_hex(3)}."
    await ensure_topics(kafka, prefix, 1, TOPICS.values())
    async with AsyncExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tuyen-bench-")))
        views = await server.start(
            mongodb, place / "mongodb", place, os.environ.get("TUYEN_MONGODB")
        )
        stack.push_async_callback(views.stop)
        pids, port = [], 0
        for module in ("tuyen_crm", "tuyen_gateway"):
            port = free_port()
            env = {
                **service_env(kafka, prefix, port),
                "TUYEN_MONGODB": views.address,
                "TUYEN_DATABASE": prefix.rstrip("."),
                "TUYEN_JWT_KEY": "j" * 32,
                "TUYEN_OPERATOR_TOKEN": _OPERATOR,
            }
            process = await stack.enter_async_context(running(module, env))
            await ready(port, process)
            pids.append(process.pid)
        client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=600, trust_env=False)
        )
        await _log_in(client)
        yield client, (pids[0], pids[1])


async def _log_in(client: httpx.AsyncClient) -> None:
    admin = {"username": "boss", "password": _PASSWORD}
    body = {"id": "shop", "name": "Shop", "admin": admin}
    client.headers["Authorization"] = f"Bearer {_OPERATOR}"
    await _done(await client.post("/v1/organizations", json=body))
    login = await client.post("/v1/auth/login", json={"organization": "shop", **admin})
    client.headers["Authorization"] = f"Bearer {(await _done(login))['access_token']}"


async def _start(client: httpx.AsyncClient) -> str:
    """Uploads the file and starts the import; returns its id."""
    files = {"file": ("contacts.csv", _write_file(), "text/csv")}
    uploaded = await _done(await client.post("/v1/imports", files=files))
    job = f"/v1/imports/{uploaded['id']}"
    preview = await client.put(f"{job}/mapping", json={"mapping": uploaded["guess"]})
    if (await _done(preview))["valid"] != ROWS:
        raise RuntimeError(f"the preview says {preview.text[:500]}")
    await _done(await client.post(f"{job}/start"))
    return job


async def _read(client: httpx.AsyncClient, job: str) -> Any:
    return await _done(await client.get(job))


async def _done(answer: httpx.Response) -> Any:
    if answer.is_error:
        raise RuntimeError(f"{answer.request.url}: {answer.status_code} {answer.text[:500]}")
    return answer.json()


def _write_file() -> bytes:
    file = io.StringIO()
    file.write("Họ tên,SĐT,Email,Địa chỉ\n")
    for number in range(ROWS):
        phone, email = f"09{number:08}", f"khach.{number}@shop.example"
        file.write(f"{name_of(number)},{phone},{email},{number % 900} Lê Lợi\n")
    return file.getvalue().encode()


def _peak(pids: tuple[int, int]) -> _Peak:
    crm, gateway = map(peak_memory, pids)
    return _Peak(gateway, crm)
