"""The results of commands, for the requests that wait for them."""

import asyncio
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Generic, TypeVar

from tuyen_events.codec import KeyedEvent, UnreadableEventError, read_event
from tuyen_events.commands import CommandSettled
from tuyen_events.crm.records import CrmCommandSettled
from tuyen_events.topic import Topic
from tuyen_gateway.adapters.awaited_table import AwaitedTable
from tuyen_platform.kafka.ports import Log, RecordPosition

SettledT = TypeVar("SettledT", CommandSettled, CrmCommandSettled)


class CommandResults(Generic[SettledT]):
    """Reads a topic of results from the end that it had when this process started: no request waits
    for older ones.

    A command is registered here before it is in the log, so its result cannot be missed.
    """

    def __init__(self, log: Log, topic: Topic, kind: type[SettledT]) -> None:
        self._kind: type[SettledT] = kind
        self._waiting: dict[str, asyncio.Future[SettledT]] = {}
        self.table = AwaitedTable(log, topic, read_event, self._fold, from_start=False)

    @contextmanager
    def receiving(
        self, command_ids: Collection[str]
    ) -> Iterator[Mapping[str, asyncio.Future[SettledT]]]:
        """The results of commands, by their ids, as they arrive while the block lasts. Once the
        table follows its topic, the result of a command that is sent inside the block is never
        missed."""
        loop = asyncio.get_running_loop()
        answers: dict[str, asyncio.Future[SettledT]] = {
            command_id: loop.create_future() for command_id in command_ids
        }
        self._waiting.update(answers)
        try:
            yield answers
        finally:
            for command_id, answer in answers.items():
                answer.cancel()
                if self._waiting.get(command_id) is answer:
                    del self._waiting[command_id]

    def _fold(self, record: KeyedEvent, _position: RecordPosition) -> None:
        event = record.event
        if event is None:
            return
        if not isinstance(event, self._kind):
            raise UnreadableEventError(f"{event.type} is no result of a command")
        waiting = self._waiting.get(event.command_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(event)
