"""The calls that are under way. They outlive the time for which a worker has their partition."""

import asyncio
from collections.abc import Coroutine

import structlog

_log = structlog.get_logger()


class LiveCalls:
    """Owns a task for each call. A call is never cancelled while the process runs: its answer would
    be lost, and nobody could tell what became of it."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def find(self, request_id: str) -> "asyncio.Task[None] | None":
        """The call of a request that is under way."""
        return self._tasks.get(request_id)

    def start(self, request_id: str, call: Coroutine[None, None, None]) -> "asyncio.Task[None]":
        """Starts a call, whose answer `call` also handles. There must be none of the request."""
        task = self._tasks[request_id] = asyncio.create_task(call)
        task.add_done_callback(lambda _: self._end(request_id, task))
        return task

    async def drain(self, within_s: float) -> None:
        """Waits until all calls have ended, and cancels those that have not by then."""
        tasks = set(self._tasks.values())
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=within_s)
        for task in late:
            task.cancel()
        if late:
            _log.warning("outbound_calls_cut_off", calls=len(late))
            await asyncio.wait(late)

    def _end(self, request_id: str, task: "asyncio.Task[None]") -> None:
        del self._tasks[request_id]
        if not task.cancelled():
            task.exception()  # whoever awaits it gets it; after a rebalance nobody does
