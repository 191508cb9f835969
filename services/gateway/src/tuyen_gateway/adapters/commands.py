"""Sends commands to the router and receives their results."""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager

from tuyen_events.codec import encode
from tuyen_events.commands import (
    AssignConversation,
    Command,
    CommandSettled,
)
from tuyen_events.event import Envelope
from tuyen_events.ids import customer_key
from tuyen_events.topics import COMMAND_RESULTS, COMMANDS
from tuyen_gateway.adapters.command_results import CommandResults
from tuyen_gateway.errors import UnavailableError
from tuyen_gateway.identity import SOURCE
from tuyen_gateway.ports.commands import AddressedCommand, Answers
from tuyen_gateway.ports.tables import WAIT_S
from tuyen_platform.kafka.ports import Log, ProducerRecord


class CommandSender:
    """`Commands`, through the log."""

    def __init__(self, log: Log, wait_s: float = WAIT_S) -> None:
        self._log = log
        self._wait_s = wait_s
        self._results = CommandResults(log, COMMAND_RESULTS, CommandSettled)
        self.table = self._results.table

    async def assign(
        self, command: AssignConversation, partition: int | None = None
    ) -> CommandSettled:
        await self.table.require_following()
        with self.receiving([command.command_id]) as answers:
            try:
                await self._log.append(
                    COMMANDS, _key(command), _envelope(command), partition=partition
                )
                return await asyncio.wait_for(answers[command.command_id], self._wait_s)
            except TimeoutError as error:
                raise UnavailableError(
                    "The router has not answered yet. The assignment is in the log and will be "
                    "carried out: look at the conversation again, and do not repeat it."
                ) from error

    async def send(self, commands: Sequence[AddressedCommand]) -> None:
        records = []
        for command, partition in commands:
            value, headers = encode(_envelope(command))
            records.append(ProducerRecord(COMMANDS, _key(command), value, headers, partition))
        if records:
            await self._log.append_all(records)

    def receiving(self, command_ids: Collection[str]) -> AbstractContextManager[Answers]:
        return self._results.receiving(command_ids)


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
