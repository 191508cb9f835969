"""What callers are told whom a service's end cuts short."""

import asyncio

import pytest
from starlette.types import Message, Receive, Scope, Send

from tuyen_platform.interruption import InterruptionMiddleware

_SCOPE: Scope = {"type": "http", "method": "GET", "path": "/", "headers": []}


async def _cancel(*, begins: bool) -> tuple[list[Message], bool]:
    """What a request was answered that was cancelled in the middle; whether it ended cancelled."""
    sent: list[Message] = []
    under_way = asyncio.Event()

    async def waits(_: Scope, __: Receive, send: Send) -> None:
        if begins:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        under_way.set()
        await asyncio.Event().wait()

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    task = asyncio.ensure_future(InterruptionMiddleware(waits)(_SCOPE, receive, send))
    await under_way.wait()
    task.cancel()
    await asyncio.wait([task])
    return sent, task.cancelled()


async def test_a_request_that_is_cut_short_is_asked_to_try_again() -> None:
    sent, _ = await _cancel(begins=False)
    assert [each.get("status") for each in sent] == [503, None]
    assert (b"content-type", b"application/problem+json") in sent[0]["headers"]


async def test_an_answer_that_began_is_broken_off() -> None:
    sent, cancelled = await _cancel(begins=True)
    assert [each.get("status") for each in sent] == [200]
    assert cancelled


async def test_other_errors_pass() -> None:
    async def raises(_: Scope, __: Receive, ___: Send) -> None:
        raise ValueError("odd")

    async def receive() -> Message:
        return {}

    async def send(_: Message) -> None:
        pass

    with pytest.raises(ValueError, match="odd"):
        await InterruptionMiddleware(raises)(_SCOPE, receive, send)
