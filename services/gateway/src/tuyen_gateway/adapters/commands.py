"""Sends commands to the router and receives their results."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import NamedTuple

from tuyen_events.codec import encode
from tuyen_events.commands import (
    AssignConversation,
    Command,
    CommandSettled,
    MarkConversationDone,
)
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, customer_key
from tuyen_events.topics import COMMAND_RESULTS, COMMANDS, INBOUND
from tuyen_gateway.adapters.awaited_table import WAIT_S
from tuyen_gateway.adapters.command_results import CommandResults
from tuyen_gateway.domain.inbox import InboxRow, find_seen_offset
from tuyen_gateway.errors import UnavailableError
from tuyen_gateway.identity import SOURCE
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.ports import Log, ProducerRecord


class Placed(NamedTuple):
    """A command, and the partition in which the router decides about its conversation: that of the
    customer's events, where it is null."""

    command: Command
    partition: int | None = None


Answers = Mapping[str, asyncio.Future[CommandSettled]]
"""By command id, the router's result."""


class Commands:
    """Appends commands and waits for their results."""

    def __init__(self, log: Log, wait_s: float = WAIT_S) -> None:
        self._log = log
        self._wait_s = wait_s
        self._results = CommandResults(log, COMMAND_RESULTS, CommandSettled)
        self.table = self._results.table

    async def assign(
        self, command: AssignConversation, partition: int | None = None
    ) -> CommandSettled:
        """Appends the command and returns the router's result.

        Raises UnavailableError if none arrived in time; the command is in the log then and will be
        carried out.
        """
        await self.table.following()
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

    async def send(self, commands: Sequence[Placed]) -> None:
        """Appends all commands, and returns once every one of them is in the log."""
        records = []
        for command, partition in commands:
            value, headers = encode(_envelope(command))
            records.append(ProducerRecord(COMMANDS, _key(command), value, headers, partition))
        if records:
            await self._log.append_all(records)

    def receiving(self, command_ids: Collection[str]) -> AbstractContextManager[Answers]:
        """See `CommandResults.receiving`."""
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


def mark_done(
    row: InboxRow, command_id: str, *, done: bool, by: AgentId | None, at: datetime
) -> Placed | None:
    """The command that closes or opens a conversation as it is shown in `row`: a later event opens
    it again (I12). None for a row whose customer is not known yet."""
    target = row.command_target
    if row.organization is None or row.page_id is None or row.kind is None or target is None:
        return None
    partition = target.partition
    if partition is None:
        key = customer_key(row.organization, row.page_id, target.external_id)
        partition = partition_of(key, INBOUND.partitions)
    command = MarkConversationDone(
        command_id=command_id,
        organization=row.organization,
        page_id=row.page_id,
        conversation_id=row.id,
        customer_id=target.customer_id,
        customer_external_id=target.external_id,
        kind=row.kind,
        done=done,
        seen_events=row.inbound_events,
        seen_offset=find_seen_offset(row, partition),
        by=by,
        known_version=row.version,
        known_agent_id=row.assignee,
        at=at,
    )
    return Placed(command, partition)
