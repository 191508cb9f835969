"""The calls that are under way. A call continues after this worker has lost its partition."""

import asyncio
from collections.abc import Coroutine

import structlog

_log = structlog.get_logger()


class LiveCalls:
    """Owns a task for each call. A call is never cancelled while the process runs: its answer would
    be lost, and nobody could tell what became of it."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._has_begun_to_end = False

    @property
    def are_ending(self) -> bool:
        """Whether the process is told to end: then no call may be started."""
        return self._has_begun_to_end

    async def admit(self) -> None:
        """Returns at once while calls may be started, and never after that."""
        if self._has_begun_to_end:
            await asyncio.get_running_loop().create_future()

    def find(self, request_id: str) -> "asyncio.Task[None] | None":
        """The call of a request that is under way."""
        return self._tasks.get(request_id)

    def start(self, request_id: str, call: Coroutine[None, None, None]) -> "asyncio.Task[None]":
        """Starts a call, whose answer `call` also handles. There must be none of the request."""
        task = self._tasks[request_id] = asyncio.create_task(call)
        task.add_done_callback(lambda _: self._end(request_id, task))
        return task

    async def drain(self, within_s: float) -> None:
        """Lets no further call start, and waits until all have ended; cancels those that have not
        by then."""
        self._has_begun_to_end = True
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
