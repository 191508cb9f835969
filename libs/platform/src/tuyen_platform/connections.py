"""Connections with a bound on the head of a request (R9.5).

uvicorn by itself waits for ever for a head that comes byte by byte, and keeps whatever comes before
its end.
"""

from asyncio import TimerHandle, Transport

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tuyen_events.limits import HEAD_BYTES, HEAD_WITHIN_S

_log = structlog.get_logger()


class BoundedHttpProtocol(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it; a connection whose next head is too slow is closed, one whose
    head is too large is answered 400 and closed. Idle connections are uvicorn's own matter."""

    _head_timer: TimerHandle | None = None
    _in_head = False
    _head_size = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # uvicorn's
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_came()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.transport.is_closing():
            return
        idle = self.cycle is None or self.cycle.response_complete
        if not self._in_head and not idle:
            return
        self._head_size += len(data) if self._in_head else 0
        if self._head_size > HEAD_BYTES:
            _log.warning("request_head_too_large", client=self.client, bytes=self._head_size)
            self.send_400_response("The request's head is too large.")
        elif self._head_timer is None:
            self._expect_head()

    def _expect_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_WITHIN_S, self._too_slow)

    def _head_came(self) -> None:
        self._head_size = 0
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _too_slow(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            _log.warning("request_head_too_slow", client=self.client, waited_s=HEAD_WITHIN_S)
            self.transport.close()
