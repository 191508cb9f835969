import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tuyen_local.addresses import free_ports
from tuyen_platform.health import Health
from tuyen_platform.service import Service
from tuyen_platform.settings import ServiceSettings


async def test_a_service_that_stops_can_end_responses_that_would_never_end() -> None:
    (port,) = free_ports(1)
    ends, begun, stopping = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def wait(_: Request) -> Response:
        begun.set()
        await ends.wait()
        return PlainTextResponse("ended")

    service = Service(
        settings=ServiceSettings(kafka="unused", port=port, local=True),
        app=Starlette(routes=[Route("/", wait)]),
        health=Health(),
        loops=[],
        stop=ends.set,
    )
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        tasks.create_task(service.run(stopping))
        transport = httpx.AsyncHTTPTransport(retries=20)
        async with httpx.AsyncClient(transport=transport, trust_env=False, timeout=20) as client:
            answer = tasks.create_task(client.get(f"http://127.0.0.1:{port}/"))
            await begun.wait()
            stopping.set()
            assert (await answer).text == "ended"


async def test_r9_a_loop_that_ends_as_cancelled_by_itself_ends_the_process() -> None:
    """Otherwise the service would go on without it, and nobody would know."""

    async def end() -> None:
        raise asyncio.CancelledError

    (port,) = free_ports(1)
    service = Service(
        settings=ServiceSettings(kafka="unused", port=port, local=True),
        app=Starlette(),
        health=Health(),
        loops=[end],
    )
    with pytest.raises(ExceptionGroup) as raised:
        async with asyncio.timeout(20):
            await service.run(asyncio.Event())
    assert raised.group_contains(RuntimeError, match="by itself")


async def test_r9_loops_are_cancelled_once_the_service_has_finished_its_work() -> None:
    steps: list[str] = []
    stopping = asyncio.Event()

    async def loop() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            steps.append("cancelled")

    async def finish() -> None:
        await asyncio.sleep(0)
        steps.append("finished")

    (port,) = free_ports(1)
    service = Service(
        settings=ServiceSettings(kafka="unused", port=port, local=True),
        app=Starlette(),
        health=Health(),
        loops=[loop],
        finish=finish,
    )
    stopping.set()
    async with asyncio.timeout(20):
        await service.run(stopping)
    assert steps == ["finished", "cancelled"]
