"""The live stream: server-sent events of everything that the viewer may see (I11, I13)."""

import asyncio
from typing import Annotated

import structlog
from fastapi import APIRouter, Header, Query, status
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tuyen_events.limits import CURSOR_CHARACTERS, STREAM_STALLS_S
from tuyen_gateway.api.dependencies import CurrentCaller, CurrentRecheck, GatewayPorts, watch_of
from tuyen_gateway.api.problems import problems
from tuyen_gateway.ports.live import LiveStreams, OpenStream

router = APIRouter(tags=["live"])

_MEDIA_TYPE = "text/event-stream"

_log = structlog.get_logger()


class EventStreamResponse(Response):
    """Sends a stream until it ends, its reader is gone, or has taken nothing for
    STREAM_STALLS_S."""

    media_type = _MEDIA_TYPE

    def __init__(self, streams: LiveStreams, stream: OpenStream) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["Content-Length"]
        self._streams = streams
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            async with asyncio.TaskGroup() as tasks:
                gone = tasks.create_task(self._wait_until_gone(receive))
                await self._send_all(send)
                gone.cancel()
        finally:
            self._streams.close(self._stream)

    async def _wait_until_gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._streams.close(self._stream)

    async def _send_all(self, send: Send) -> None:
        while events := await self._stream.take():
            try:
                async with asyncio.timeout(STREAM_STALLS_S):
                    await send({"type": "http.response.body", "body": events, "more_body": True})
            except TimeoutError:
                _log.info("live_stream_stalled", waited_s=STREAM_STALLS_S)
                return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


@router.get(
    "/events",
    status_code=status.HTTP_200_OK,
    summary="Live events",
    response_class=EventStreamResponse,
    responses={
        200: {"description": "Server-sent events: see `docs/live-stream.md`."},
        **problems(403, 429),
    },
)
async def get_events(
    caller: CurrentCaller,
    recheck: CurrentRecheck,
    gateway: GatewayPorts,
    after: Annotated[
        str | None,
        Query(
            max_length=CURSOR_CHARACTERS,
            description="The `position` of what was fetched first: begin with what came after it.",
        ),
    ] = None,
    last_event_id: Annotated[
        str | None,
        Header(max_length=CURSOR_CHARACTERS, description="The same, for a stream that broke off."),
    ] = None,
) -> Response:
    """A stream without an end of what changes among all that the viewer may see: conversations,
    messages, counts, presence, jobs, who has a conversation open. A `reset` says that the stream
    does not contain everything: fetch again.

    The stream ends with the token, or when the agent is disabled or the organization suspended. A
    comment is sent at least every 15 s.
    """
    stream = await gateway.live.open(watch_of(caller), recheck, last_event_id or after)
    return EventStreamResponse(gateway.live, stream)
