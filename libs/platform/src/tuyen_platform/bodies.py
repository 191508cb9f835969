"""Reads the bodies of requests as a whole, with limits on their size and duration (R9.5).

A caller who sends without end, or a byte now and then, occupies a connection and memory that all
callers share. A request that exceeds a limit is answered, and its connection is closed.
"""

import asyncio
import json
from http import HTTPStatus

from starlette.types import Message, Receive, Scope, Send

from tuyen_events.limits import BODY_WITHIN_S
from tuyen_platform.problems import PROBLEM_TYPE, build_problem


class BodyRefusedError(Exception):
    """A body that is refused: `status` of the response, and `detail`, a sentence with the
    reason."""

    status: HTTPStatus
    detail: str


class BodyTooLargeError(BodyRefusedError):
    """The body is larger than allowed, or its `Content-Length` says so."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE

    def __init__(self, max_bytes: int) -> None:
        self.detail = f"A body has at most {max_bytes} bytes."
        super().__init__(self.detail)


class BodyTooSlowError(BodyRefusedError):
    """The body did not arrive in time."""

    status = HTTPStatus.REQUEST_TIMEOUT

    def __init__(self, within_s: float) -> None:
        self.detail = f"The whole body has to come within {within_s:g} s."
        super().__init__(self.detail)


class CallerGoneError(Exception):
    """The caller disconnected before the whole body had arrived."""


async def read_body(
    scope: Scope, receive: Receive, *, max_bytes: int, within_s: float = BODY_WITHIN_S
) -> bytes:
    """Returns the whole body.

    Raises BodyTooLargeError (before anything is read, if the head states the size),
    BodyTooSlowError, CallerGoneError.
    """
    if _read_stated_size(scope) > max_bytes:
        raise BodyTooLargeError(max_bytes)
    try:
        async with asyncio.timeout(within_s):
            return await _whole(receive, max_bytes)
    except TimeoutError:
        raise BodyTooSlowError(within_s) from None


async def _whole(receive: Receive, max_bytes: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CallerGoneError
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > max_bytes:
            raise BodyTooLargeError(max_bytes)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def limit_body(scope: Scope, receive: Receive, *, max_bytes: int, within_s: float) -> Receive:
    """The same `receive` for a body that is handled part by part: while it arrives, it raises
    BodyTooLargeError and BodyTooSlowError, as `read_body` does. The time begins now."""
    deadline = asyncio.get_running_loop().time() + within_s
    size, complete = _read_stated_size(scope), False
    if size <= max_bytes:
        size = 0

    async def receive_limited() -> Message:
        nonlocal size, complete
        if complete:
            return await receive()
        if size > max_bytes:
            raise BodyTooLargeError(max_bytes)
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise BodyTooSlowError(within_s) from None
        size += len(message.get("body", b""))
        if size > max_bytes:
            raise BodyTooLargeError(max_bytes)
        complete = message["type"] == "http.disconnect" or not message.get("more_body", False)
        return message

    return receive_limited


def _read_stated_size(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:20])
    return 0


async def refuse_body(send: Send, refused: BodyRefusedError) -> None:
    """Responds and closes the connection, on which the rest of the body may still arrive."""
    body = json.dumps(build_problem(refused.status, refused.detail)).encode()
    headers = [
        (b"content-length", str(len(body)).encode()),
        (b"content-type", PROBLEM_TYPE.encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": refused.status.value, "headers": headers})
    await send({"type": "http.response.body", "body": body})
