"""R9.5: bodies are bounded in size and in time, whoever sends them."""

import asyncio
import json

import pytest
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from tuyen_platform.bodies import BodyRefusedError, CallerGoneError, read_body, refuse_body

LIMIT = 20


async def echo(scope: Scope, receive: Receive, send: Send, within_s: float) -> None:
    try:
        body = await read_body(scope, receive, max_bytes=LIMIT, within_s=within_s)
    except CallerGoneError:
        return
    except BodyRefusedError as refused:
        await refuse_body(send, refused)
        return
    await JSONResponse({"got": body.decode()})(scope, receive, send)


async def answer(
    *messages: Message, size: int | None = None, within_s: float = 30.0
) -> tuple[int, dict[bytes, bytes], bytes] | None:
    """Status, headers and body for a request whose body comes in these messages and then stops."""
    coming, sent = list(messages), list[Message]()
    headers = [] if size is None else [(b"content-length", str(size).encode())]
    scope: Scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}

    async def receive() -> Message:
        if not coming:
            await asyncio.Event().wait()
        return coming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await echo(scope, receive, send, within_s)
    if not sent:
        return None
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], dict(sent[0]["headers"]), body


def chunk(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


async def test_r9_5_a_body_within_its_bounds_comes_whole() -> None:
    found = await answer(chunk(b"a" * 10, more=True), chunk(b"b" * 10), size=LIMIT)
    assert found is not None
    assert (found[0], json.loads(found[2])) == (200, {"got": "a" * 10 + "b" * 10})


@pytest.mark.parametrize(
    ("messages", "size"),
    [
        ([], LIMIT + 1),
        ([], 10**30),
        ([chunk(b"a" * (LIMIT + 1))], None),
        ([chunk(b"a" * LIMIT, more=True), chunk(b"a", more=True)], None),
        ([chunk(b"a" * LIMIT, more=True), chunk(b"a")], 3),
    ],
)
async def test_r9_5_a_body_that_is_too_large_is_413_and_the_connection_ends(
    messages: list[Message], size: int | None
) -> None:
    found = await answer(*messages, size=size)
    assert found is not None
    status, headers, body = found
    assert (status, headers[b"connection"]) == (413, b"close")
    assert json.loads(body)["detail"] == f"A body has at most {LIMIT} bytes."


@pytest.mark.parametrize("messages", [[], [chunk(b"a", more=True)]])
async def test_r9_5_a_body_that_is_too_slow_is_408_and_the_connection_ends(
    messages: list[Message],
) -> None:
    found = await answer(*messages, within_s=0.01)
    assert found is not None
    assert (found[0], found[1][b"connection"]) == (408, b"close")


async def test_r9_5_a_caller_who_goes_away_is_answered_nothing() -> None:
    gone: Message = {"type": "http.disconnect"}
    assert await answer(chunk(b"a", more=True), gone) is None
