"""HTTP connections with limits on the head of a request (R9.5), and on how long a response waits
for its reader (R9.6).

uvicorn by itself waits for ever for a head that arrives byte by byte, and buffers all of it. It
also keeps for ever what a reader never takes, even after the response has ended: closing a
connection first waits until everything is sent.
"""

from asyncio import TimerHandle, Transport

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tuyen_events.limits import HEAD_BYTES, HEAD_WITHIN_S, RESPONSE_STALLS_S

_log = structlog.get_logger()


class BoundedHttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1. A connection is closed when its next head is too slow, and answered 400
    and closed when the head is too large. It is cut when its reader has taken nothing for
    RESPONSE_STALLS_S while more than 64 KiB wait for it. Idle connections are left to uvicorn."""

    _head_timer: TimerHandle | None = None
    _in_head = False
    _head_size = 0
    _stall_timer: TimerHandle | None = None
    _unsent = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # uvicorn's
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        self._stop_watching_reader()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_watching_reader()

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

    def _watch_reader(self) -> None:
        self._stop_watching_reader()
        self._unsent = self.transport.get_write_buffer_size()
        self._stall_timer = self.loop.call_later(RESPONSE_STALLS_S, self._cut_if_stalled)

    def _stop_watching_reader(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None

    def _cut_if_stalled(self) -> None:
        self._stall_timer = None
        if self.transport.get_write_buffer_size() < self._unsent:
            self._watch_reader()  # slow, but it takes something
            return
        _log.warning("response_not_taken", client=self.client, waited_s=RESPONSE_STALLS_S)
        self.transport.abort()
