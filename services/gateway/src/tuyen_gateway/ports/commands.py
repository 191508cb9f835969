"""Commands to the router and to the CRM, and their results."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import NamedTuple, Protocol

from tuyen_events.commands import AssignConversation, Command, CommandSettled
from tuyen_events.crm.records import CrmCommand, CrmCommandSettled
from tuyen_gateway.ports.tables import TableBacked


class AddressedCommand(NamedTuple):
    """A command, and the partition in which the router decides about its conversation: that of the
    customer's events, where it is null."""

    command: Command
    partition: int | None = None


Answers = Mapping[str, asyncio.Future[CommandSettled]]
"""By command id, the router's result."""


class Commands(TableBacked, Protocol):
    """Commands to the router."""

    async def assign(
        self, command: AssignConversation, partition: int | None = None
    ) -> CommandSettled:
        """Appends the command and returns the router's result.

        Raises UnavailableError if none arrived in time; the command is in the log then and will be
        carried out.
        """
        ...

    async def send(self, commands: Sequence[AddressedCommand]) -> None:
        """Appends all commands, and returns once every one of them is in the log."""
        ...

    def receiving(self, command_ids: Collection[str]) -> AbstractContextManager[Answers]:
        """The results of commands, by their ids, as they arrive while the block lasts. Once the
        table follows its topic, the result of a command that is sent inside the block is never
        missed."""
        ...


class CrmCommands(TableBacked, Protocol):
    """Commands to the CRM, in one order for each organization."""

    def now(self) -> datetime:
        """The time for a command, in whole milliseconds: the views store no smaller parts, and the
        answer to the request must equal what is read later."""
        ...

    async def carry_out(self, command: CrmCommand) -> CrmCommandSettled:
        """Appends the command and returns the CRM's result, once everything that follows from the
        command is acknowledged.

        Raises UnavailableError if none arrived in time; the command is in the log then and will be
        carried out. Raises TooManyAttemptsError if the organization's people have sent as many as
        they may within an hour.
        """
        ...

    async def carry_out_all(
        self, commands: Sequence[CrmCommand]
    ) -> Mapping[str, CrmCommandSettled]:
        """The same for commands of a job, which count for no limit: by command id, the results of
        all."""
        ...
