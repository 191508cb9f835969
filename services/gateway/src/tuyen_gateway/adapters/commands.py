"""Commands to the router, and its answers."""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from tuyen_events.codec import UnreadableEventError, decode_data, encode
from tuyen_events.commands import (
    AssignConversation,
    CommandSettled,
    MarkConversationDone,
    ReturnToRotation,
)
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, customer_key
from tuyen_events.topics import COMMAND_RESULTS, COMMANDS, INBOUND
from tuyen_gateway.adapters.copies import WAIT_S, LogCopy
from tuyen_gateway.adapters.directory import SOURCE
from tuyen_gateway.domain.inbox import Conversation, seen_offset
from tuyen_gateway.errors import UnavailableError
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.ports import Log, Record, Unwritten

Command = AssignConversation | ReturnToRotation | MarkConversationDone


class Placed(NamedTuple):
    """A command, and the partition in which the router decides about its conversation: that of the
    customer's events, where it is null."""

    command: Command
    partition: int | None = None


Answers = Mapping[str, asyncio.Future[CommandSettled]]
"""By command id, what the router says of it."""


class Commands:
    """Appends commands and hears what became of them.

    The answers are followed from the end of their topic, as it was at the start: nobody waits for
    older ones. A command is known here before it is in the log, so no answer can come too early.
    """

    def __init__(self, log: Log, wait_s: float = WAIT_S) -> None:
        self._log = log
        self._wait_s = wait_s
        self._waiting: dict[str, asyncio.Future[CommandSettled]] = {}
        self.copy = LogCopy(log, COMMAND_RESULTS, self._fold, from_start=False)

    async def assign(
        self, command: AssignConversation, partition: int | None = None
    ) -> CommandSettled:
        """Appends the command and returns the router's answer to it.

        Raises UnavailableError when none came in time; the command then stands in the log and will
        be carried out.
        """
        await self.copy.following()
        with self.hearing([command.command_id]) as answers:
            try:
                await self._log.append(
                    COMMANDS, _key(command), _envelope(command), partition=partition
                )
                return await asyncio.wait_for(answers[command.command_id], self._wait_s)
            except TimeoutError as error:
                raise UnavailableError(
                    "The router has not answered yet. The assignment stands in the log and will be "
                    "carried out: look at the conversation again, and do not repeat it."
                ) from error

    async def send(self, commands: Sequence[Placed]) -> None:
        """Appends them all, and returns once every one of them stands in the log."""
        unwritten = []
        for command, partition in commands:
            value, headers = encode(_envelope(command))
            unwritten.append(Unwritten(COMMANDS, _key(command), value, headers, partition))
        if unwritten:
            await self._log.append_all(unwritten)

    @contextmanager
    def hearing(self, command_ids: Collection[str]) -> Iterator[Answers]:
        """The answers to commands, as they are told while the block lasts. Once the copy follows
        its topic, an answer to what is sent inside it is never missed."""
        loop = asyncio.get_running_loop()
        answers = {command_id: loop.create_future() for command_id in command_ids}
        self._waiting.update(answers)
        try:
            yield answers
        finally:
            for command_id, answer in answers.items():
                answer.cancel()
                if self._waiting.get(command_id) is answer:
                    del self._waiting[command_id]

    def _fold(self, record: Record) -> None:
        if record.value is None:
            return
        event = decode_data(record.headers, record.value)
        if not isinstance(event, CommandSettled):
            raise UnreadableEventError(f"{event.type} is no answer to a command")
        waiting = self._waiting.get(event.command_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(event)


def _key(command: Command) -> str:
    who = command.customer_external_id or command.customer_id
    return customer_key(command.organization, command.page_id, who)


def _envelope(command: Command) -> Envelope:
    return Envelope(
        id=command.command_id,
        source=SOURCE,
        subject=command.conversation_id,
        time=command.at,
        data=command,
    )


def mark_done(
    row: Conversation, command_id: str, *, done: bool, by: AgentId | None, at: datetime
) -> Placed | None:
    """The command that closes or opens a conversation as it is seen in `row`: what comes in behind
    that opens it again (I12). None for a row whose customer has not been seen."""
    desk = row.desk
    if row.organization is None or row.page_id is None or row.kind is None or desk is None:
        return None
    partition = desk.partition
    if partition is None:
        key = customer_key(row.organization, row.page_id, desk.external_id)
        partition = partition_of(key, INBOUND.partitions)
    command = MarkConversationDone(
        command_id=command_id,
        organization=row.organization,
        page_id=row.page_id,
        conversation_id=row.id,
        customer_id=desk.customer_id,
        customer_external_id=desk.external_id,
        kind=row.kind,
        done=done,
        seen_events=row.inbound_events,
        seen_offset=seen_offset(row, partition),
        by=by,
        known_version=row.version,
        known_agent_id=row.assignee,
        at=at,
    )
    return Placed(command, partition)
