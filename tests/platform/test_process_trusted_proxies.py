"""Where a caller is: as the connection says, unless it is a proxy's that is trusted."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tuyen_local.addresses import free_ports
from tuyen_platform.process import serve

DEADLINE_S = 20


async def _where(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request.client.host if request.client else "nowhere")


@pytest.mark.parametrize(
    ("trusted", "said", "seen"),
    [
        ("", "203.0.113.9", "127.0.0.1"),
        ("10.0.0.0/8", "203.0.113.9", "127.0.0.1"),
        ("127.0.0.0/8", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.0/8", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
    ],
)
async def test_r9_5_only_a_trusted_proxy_says_where_a_caller_is(
    trusted: str, said: str, seen: str
) -> None:
    (port,) = free_ports(1)
    stopping = asyncio.Event()
    app = Starlette(routes=[Route("/", _where)])
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
        tasks.create_task(serve(app, "127.0.0.1", port, stopping, trusted_proxies=trusted))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            answer = None
            while answer is None:
                try:
                    answer = await client.get("/", headers={"X-Forwarded-For": said})
                except httpx.ConnectError:
                    await asyncio.sleep(0.01)
        assert answer.text == seen
        stopping.set()
