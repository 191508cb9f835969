"""Sends steps to streams: to each watcher what they may see, encoded once for all of them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from tuyen_events.ids import AgentId, ConversationId, MessageId
from tuyen_events.limits import STATES_AT_ONCE
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.live import (
    JournalPosition,
    count_unread,
    find_marks,
    has_left_thread,
    is_in_thread,
    is_partly_read,
)
from tuyen_gateway.domain.read_marks import ReadMark
from tuyen_gateway.domain.threads import Message
from tuyen_gateway.domain.visibility import Scope
from tuyen_gateway.live.frames import encode_live_event
from tuyen_gateway.live.steps import MessageStep, RowStep, StatesStep, Step
from tuyen_gateway.live.stream import LiveStream
from tuyen_gateway.ports.live import LiveViews, Renderer, Watch

EncryptPlace = Callable[[JournalPosition | None], str]
"""The position after a place; of the whole delivery's begin if the place is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedEntities:
    """The entities of the steps, as the views contain them."""

    rows: Mapping[ConversationId, InboxRow] = field(default_factory=dict)
    marks: Mapping[ConversationId, Mapping[AgentId, ReadMark]] = field(default_factory=dict)
    messages: Mapping[MessageId, Message] = field(default_factory=dict)
    states: Mapping[ConversationId, Sequence[Message]] = field(default_factory=dict)
    newer: Mapping[ConversationId, Mapping[datetime, int]] = field(default_factory=dict)
    """By conversation and the time when a viewer joined, how many events came later."""

    def find(self, conversation_id: ConversationId, scope: Scope) -> InboxRow | None:
        """A row, if it is in a list and the viewer may see it."""
        row = self.rows.get(conversation_id)
        if row is None or row.organization != scope.organization or row.page_id is None:
            return None
        return row if scope.covers(row.page_id, row.assignee) else None


async def load_entities(
    views: LiveViews, steps: Sequence[Step], watchers: Collection[Watch], at: JournalPosition | None
) -> LoadedEntities:
    """Reads everything that the steps need, whatever the number of watchers, as it was after the
    commit `at`, the last of the steps: so no row shows a change whose step is still to come."""
    rows = await views.rows({step.conversation_id for step in steps}, at)
    wanted = {step.message_id for step in steps if isinstance(step, MessageStep)}
    messages = await views.messages(wanted, at) if wanted else ()
    states = {
        step.conversation_id: await views.ours(step.messages, STATES_AT_ONCE + 1, at)
        for step in steps
        if isinstance(step, StatesStep)
    }
    loaded = LoadedEntities(
        rows=rows,
        marks={key: find_marks(row) for key, row in rows.items()},
        messages={message.id: message for message in messages},
        states=states,
    )
    newer = {
        key: await views.count_newer(key, joined, at)
        for key, joined in _find_joined(loaded, steps, watchers).items()
    }
    return LoadedEntities(
        rows=loaded.rows,
        marks=loaded.marks,
        messages=loaded.messages,
        states=states,
        newer=newer,
    )


def _find_joined(
    loaded: LoadedEntities, steps: Sequence[Step], watchers: Collection[Watch]
) -> Mapping[ConversationId, Collection[datetime]]:
    """By conversation, when those watchers joined who have read what came before that."""
    found: dict[ConversationId, set[datetime]] = {}
    for step in steps:
        if not isinstance(step, RowStep):
            continue
        for watch in watchers:
            since, row = watch.scope.since, loaded.find(step.conversation_id, watch.scope)
            if row is None or since is None:
                continue
            if is_partly_read(row, loaded.marks[row.id], watch.scope):
                found.setdefault(row.id, set()).add(since)
    return found


class LiveDelivery:
    """Steps on their way to streams. Each event is encoded once for all who get the same."""

    def __init__(
        self,
        steps: Sequence[Step],
        loaded: LoadedEntities,
        renderer: Renderer,
        encrypt_place: EncryptPlace,
    ) -> None:
        self._steps = steps
        self._loaded = loaded
        self._renderer = renderer
        self._encrypt_place = encrypt_place
        self._rows: dict[tuple[int, int], bytes] = {}
        self._removals: dict[tuple[ConversationId, int], bytes] = {}
        self._messages: dict[int, Sequence[bytes]] = {}

    def send_to(self, stream: LiveStream, after: JournalPosition | None = None) -> None:
        """Sends what the watcher may see, of the steps that follow a place."""
        for number, step in enumerate(self._steps):
            if after is not None and step.place is not None and step.place <= after:
                continue
            row = self._loaded.find(step.conversation_id, stream.watch.scope)
            match step:
                case RowStep() if row is not None:
                    if (lapse := step.find_lapse(stream.watch.scope)) is not None:
                        # Meanwhile messages may have come that were not sent to this watcher.
                        stream.send(self._encode_removal(step, lapse.revision))
                    stream.send(self._encode_upsert(number, step, row, stream.watch))
                case RowStep() if step.was_shown(stream.watch.scope):
                    stream.send(self._encode_removal(step, step.changes[-1].revision))
                case MessageStep() | StatesStep() if row is not None:
                    if self._needs_reset(step):
                        stream.reset()
                        return
                    for event in self._encode_messages(number, step, row, stream.watch):
                        stream.send(event)
                case _:
                    pass

    def _needs_reset(self, step: MessageStep | StatesStep) -> bool:
        """Whether no event says what changed: of too many messages, or that one is gone."""
        if isinstance(step, StatesStep):
            return len(self._loaded.states[step.conversation_id]) > STATES_AT_ONCE
        message = self._loaded.messages.get(step.message_id)
        return message is not None and has_left_thread(message)

    def _encode_upsert(self, number: int, step: RowStep, row: InboxRow, watch: Watch) -> bytes:
        scope, marks = watch.scope, self._loaded.marks[row.id]
        newer = None
        if scope.since is not None and is_partly_read(row, marks, scope):
            newer = self._loaded.newer.get(row.id, {}).get(scope.since)
        unread = count_unread(row, marks, scope.agent_id, newer)
        event = self._rows.get((number, unread))
        if event is None:
            shown = {"conversation": self._renderer.row(row, unread, watch)}
            event = encode_live_event(
                "conversation.upserted", self._encrypt_place(step.place), shown
            )
            self._rows[number, unread] = event
        return event

    def _encode_removal(self, step: RowStep, revision: int) -> bytes:
        event = self._removals.get((step.conversation_id, revision))
        if event is None:
            removed = {
                "id": msgspec.json.encode(step.conversation_id),
                "revision": msgspec.json.encode(revision),
            }
            event = encode_live_event(
                "conversation.removed", self._encrypt_place(step.place), removed
            )
            self._removals[step.conversation_id, revision] = event
        return event

    def _encode_messages(
        self, number: int, step: MessageStep | StatesStep, row: InboxRow, watch: Watch
    ) -> Sequence[bytes]:
        events = self._messages.get(number)
        if events is None:
            messages: Sequence[Message]
            if isinstance(step, StatesStep):
                messages = self._loaded.states[step.conversation_id]
            else:
                found = self._loaded.messages.get(step.message_id)
                messages = () if found is None else (found,)
            position = self._encrypt_place(step.place)
            events = [
                self._encode_message(message, row, watch, position)
                for message in messages
                if message.conversation_id == row.id and is_in_thread(message)
            ]
            self._messages[number] = events
        return events

    def _encode_message(
        self, message: Message, row: InboxRow, watch: Watch, position: str
    ) -> bytes:
        shown = self._renderer.message(message, row, watch)
        changed = {"conversation_id": msgspec.json.encode(row.id), "message": shown}
        return encode_live_event("message.upserted", position, changed)
