"""A router of the tests: it does what commands ask, as far as a gateway can tell."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.feed import START
from tuyen_events.assignments import (
    AssignmentChanged,
    AssignmentEvent,
    AssignmentQueued,
    AssignmentRemoved,
)
from tuyen_events.codec import decode_data
from tuyen_events.commands import (
    AssignConversation,
    CommandSettled,
    MarkConversationDone,
    Outcome,
    ReturnToRotation,
)
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, ConversationId, PageId
from tuyen_events.topics import ASSIGNMENTS, COMMAND_RESULTS, COMMANDS
from tuyen_events.vocabulary import Reason
from tuyen_platform.kafka.ports import Log, Record

Command = AssignConversation | ReturnToRotation | MarkConversationDone


@dataclass
class RouterTwin:
    """One worker. `asked` are the commands in the order of their handling."""

    log: Log
    asked: list[Command] = field(default_factory=list)
    closed_pages: set[PageId] = field(default_factory=set)
    """Nobody may be given a conversation of these (R6.2)."""
    awake: asyncio.Event = field(default_factory=asyncio.Event)
    """While it is not set, commands stay unanswered."""
    rests_after: int | None = None
    """It falls asleep once it was asked so many."""
    _rows: dict[ConversationId, tuple[int, AgentId | None]] = field(default_factory=dict)

    def assignee_of(self, conversation: ConversationId) -> AgentId | None:
        return self._rows.get(conversation, (0, None))[1]

    async def run(self) -> None:
        async with self.log.tail(ASSIGNMENTS, COMMANDS) as tail:
            async for batch in tail.batches():
                for (topic, _), records in sorted(batch.items()):
                    for record in records:
                        await self._take(topic, record)

    async def _take(self, topic: str, record: Record) -> None:
        event = decode_data(record.headers, record.value or b"")
        if topic == ASSIGNMENTS.name:
            assert isinstance(event, AssignmentEvent)
            if event.version > self._rows.get(event.conversation_id, (0, None))[0]:
                self._rows[event.conversation_id] = (event.version, event.agent_id)
            return
        assert isinstance(event, Command)
        await self.awake.wait()
        self.asked.append(event)
        await self._settle(event, await self._handle(event, record.partition))
        if len(self.asked) == self.rests_after:
            self.awake.clear()

    async def _handle(self, command: Command, at: int) -> Outcome:
        outcome = Outcome.APPLIED
        match command:
            case MarkConversationDone():
                pass
            case ReturnToRotation():
                if self.assignee_of(command.conversation_id) != command.only_from:
                    outcome = Outcome.UNCHANGED
                else:
                    await self._write(command, at, None, Reason.QUEUED, AssignmentQueued)
            case AssignConversation():
                outcome = self._outcome(command)
                if outcome is Outcome.APPLIED:
                    reason = Reason.TAKEN if command.take else Reason.MANUAL
                    reason = Reason.BULK if command.bulk else reason
                    kind = AssignmentRemoved if command.agent_id is None else AssignmentChanged
                    await self._write(command, at, command.agent_id, reason, kind)
        return outcome

    def _outcome(self, command: AssignConversation) -> Outcome:
        assignee = self.assignee_of(command.conversation_id)
        if command.only_from not in (None, assignee):
            return Outcome.UNCHANGED
        if command.take and assignee is not None:
            return Outcome.ALREADY_TAKEN
        if assignee == command.agent_id:
            return Outcome.UNCHANGED
        if command.page_id in self.closed_pages:
            return Outcome.NOT_ALLOWED
        return Outcome.APPLIED

    async def _write(
        self,
        command: AssignConversation | ReturnToRotation,
        partition: int,
        agent: AgentId | None,
        reason: Reason,
        kind: type[AssignmentEvent],
    ) -> None:
        version, previous = self._rows.get(command.conversation_id, (0, None))
        self._rows[command.conversation_id] = (version + 1, agent)
        event = kind(
            organization=command.organization,
            page_id=command.page_id,
            conversation_id=command.conversation_id,
            customer_id=command.customer_id,
            kind=command.kind,
            version=version + 1,
            agent_id=agent,
            previous_agent_id=previous,
            reason=reason,
            rule_id=None,
            mode=None,
            by=command.by,
            caused_by=command.command_id,
            at=command.at,
            note=command.note,
        )
        await self.log.append(
            ASSIGNMENTS,
            command.conversation_id,
            _envelope(f"evt_{command.command_id}", event),
            partition=partition,
        )

    async def _settle(self, command: Command, outcome: Outcome) -> None:
        version, agent = self._rows.get(command.conversation_id, (0, None))
        settled = CommandSettled(
            command_id=command.command_id,
            organization=command.organization,
            conversation_id=command.conversation_id,
            outcome=outcome,
            version=version,
            agent_id=agent,
        )
        await self.log.append(
            COMMAND_RESULTS,
            command.conversation_id,
            _envelope(f"evt_{command.command_id}", settled),
        )


def _envelope(id_: str, event: AssignmentEvent | CommandSettled) -> Envelope:
    return Envelope(id=id_, source="test", subject=event.conversation_id, time=START, data=event)


@asynccontextmanager
async def routing(log: Log, *, awake: bool = True) -> AsyncIterator[RouterTwin]:
    """A twin at work, until the block is left."""
    twin = RouterTwin(log)
    if awake:
        twin.awake.set()
    task = asyncio.create_task(twin.run())
    try:
        yield twin
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
