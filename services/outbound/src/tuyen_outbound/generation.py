"""One generation of the consumer group: from one rebalance to the next, this worker owns the same
partitions."""

import asyncio
from collections.abc import Coroutine, Iterable
from functools import partial

from tuyen_events.ids import ConversationId
from tuyen_outbound.request_runner import RequestRunner
from tuyen_outbound.states import RequestStates


class Generation:
    """Carries out the requests of each conversation in their order, those of different
    conversations at the same time.

    It has a task for each conversation with something in its queue, and one that writes the state.
    If any of them fails, `require_working` raises, and everything has to be recovered.

    Three tasks may change one request: that of its conversation; that of its call (`LiveCalls`),
    which is not cancelled with it; and the worker's, which reads echoes, results and cancellations.
    So whoever has waited looks at what is stored of the request before going on.
    """

    def __init__(self, states: RequestStates, runner: RequestRunner) -> None:
        self.states = states
        self.runner = runner
        self._tasks: dict[ConversationId, asyncio.Task[None]] = {}
        self._carried: dict[ConversationId, str] = {}
        """The request that each task is carrying out."""
        self._failure: BaseException | None = None
        self._writer = self._start(states.run())

    def serve(self, conversations: Iterable[ConversationId]) -> None:
        """Carries out what these conversations have in their queues."""
        for conversation in conversations:
            is_served = conversation in self._tasks or self.runner.has_ended
            if not is_served and self.states.requests.first_of(conversation) is not None:
                task = self._start(self._carry_out(conversation))
                self._tasks[conversation] = task
                task.add_done_callback(partial(self._end_task, conversation))

    def restart(self, conversation: ConversationId, request_id: str) -> None:
        """Lets a conversation begin again with its first request if it is at the given one, which
        was settled otherwise. A call that is under way goes on. A task at another request is left
        alone: the state of that one may say that its call has begun."""
        task = self._tasks.get(conversation)
        if task is not None and self._carried.get(conversation) == request_id:
            task.cancel()

    def require_working(self) -> None:
        """Raises what one of the tasks raised."""
        if self._failure is not None:
            raise self._failure

    async def end(self) -> None:
        """Ends all tasks. Calls that are under way go on, and publish their results."""
        self.runner.has_ended = True
        tasks = {*self._tasks.values(), self._writer}
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    async def _carry_out(self, conversation: ConversationId) -> None:
        while (stored := self.states.requests.first_of(conversation)) is not None:
            self._carried[conversation] = stored.id
            await self.runner.advance(stored)

    def _end_task(self, conversation: ConversationId, _: "asyncio.Task[None]") -> None:
        del self._tasks[conversation]
        self._carried.pop(conversation, None)
        if self._failure is None:
            self.serve([conversation])

    def _start(self, work: Coroutine[None, None, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        task.add_done_callback(self._note_end)
        return task

    def _note_end(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failure = self._failure or error
