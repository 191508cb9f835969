"""R9.5: a body that is handled part by part is limited like one that is read as a whole."""

import asyncio

import pytest
from starlette.types import Message, Receive, Scope

from tuyen_platform.bodies import BodyTooLargeError, BodyTooSlowError, limit_body

LIMIT = 20


def arriving(*messages: Message) -> Receive:
    coming = list(messages)

    async def receive() -> Message:
        if not coming:
            await asyncio.Event().wait()
        return coming.pop(0)

    return receive


def scope_of(size: int | None = None) -> Scope:
    headers = [] if size is None else [(b"content-length", str(size).encode())]
    return {"type": "http", "headers": headers}


def part(size: int, *, more: bool) -> Message:
    return {"type": "http.request", "body": b"x" * size, "more_body": more}


async def test_r9_5_a_body_within_its_limits_arrives_part_by_part() -> None:
    end: Message = {"type": "http.disconnect"}
    messages = [part(10, more=True), part(10, more=False), end]
    receive = limit_body(scope_of(LIMIT), arriving(*messages), max_bytes=LIMIT, within_s=30)
    assert [await receive() for _ in messages] == messages


@pytest.mark.parametrize("size", [None, 5, LIMIT + 1])
async def test_r9_5_a_longer_body_is_given_up(size: int | None) -> None:
    messages = [part(15, more=True), part(15, more=True)]
    receive = limit_body(scope_of(size), arriving(*messages), max_bytes=LIMIT, within_s=30)
    with pytest.raises(BodyTooLargeError):
        assert [await receive() for _ in messages] == []


async def test_r9_5_a_body_that_stops_is_given_up() -> None:
    receive = limit_body(scope_of(), arriving(part(1, more=True)), max_bytes=LIMIT, within_s=0.02)
    await receive()
    with pytest.raises(BodyTooSlowError):
        await receive()


async def test_r9_5_once_it_is_complete_the_caller_may_be_slow() -> None:
    end: Message = {"type": "http.disconnect"}
    receive = limit_body(
        scope_of(), arriving(part(1, more=False), end), max_bytes=LIMIT, within_s=0.01
    )
    await receive()
    await asyncio.sleep(0.02)
    assert await receive() == end
