"""Commands to the router, and its answers."""

import asyncio

from tuyen_events.codec import UnreadableEventError, decode_data
from tuyen_events.commands import AssignConversation, CommandSettled
from tuyen_events.event import Envelope
from tuyen_events.ids import customer_key
from tuyen_events.topics import COMMAND_RESULTS, COMMANDS
from tuyen_gateway.adapters.copies import WAIT_S, LogCopy
from tuyen_gateway.adapters.directory import SOURCE
from tuyen_gateway.errors import UnavailableError
from tuyen_platform.kafka.ports import Log, Record


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

    async def assign(self, command: AssignConversation) -> CommandSettled:
        """Appends the command and returns the router's answer to it.

        Raises UnavailableError when none came in time; the command then stands in the log and will
        be carried out.
        """
        await self.copy.following()
        answer: asyncio.Future[CommandSettled] = asyncio.get_running_loop().create_future()
        self._waiting[command.command_id] = answer
        key = customer_key(command.organization, command.page_id, command.customer_external_id)
        envelope = Envelope(
            id=command.command_id,
            source=SOURCE,
            subject=command.conversation_id,
            time=command.at,
            data=command,
        )
        try:
            await self._log.append(COMMANDS, key, envelope)
            return await asyncio.wait_for(answer, self._wait_s)
        except TimeoutError as error:
            raise UnavailableError(
                "The router has not answered yet. The assignment stands in the log and will be "
                "carried out: look at the conversation again, and do not repeat it."
            ) from error
        finally:
            del self._waiting[command.command_id]

    def _fold(self, record: Record) -> None:
        if record.value is None:
            return
        event = decode_data(record.headers, record.value)
        if not isinstance(event, CommandSettled):
            raise UnreadableEventError(f"{event.type} is no answer to a command")
        waiting = self._waiting.get(event.command_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(event)
