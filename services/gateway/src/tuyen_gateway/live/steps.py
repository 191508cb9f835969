"""Plans, once for all streams, what has to be sent for entries of the journal: each row and each
message once, however often it changed."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tuyen_events.ids import ConversationId, MessageId
from tuyen_gateway.domain.live import JournalPosition, RowChange, is_shown
from tuyen_gateway.domain.visibility import Scope
from tuyen_gateway.ports.live import JournalEntry, OurMessages


@dataclass(slots=True, kw_only=True)
class RowStep:
    """A row that changed."""

    conversation_id: ConversationId
    place: JournalPosition | None
    """The place after the last of these changes; null if it is not known."""
    changes: list[RowChange] = field(default_factory=list)

    def was_shown(self, scope: Scope) -> bool:
        """Whether the viewer could see the row before any of the changes."""
        return any(is_shown(change.previous, scope) for change in self.changes)

    def find_lapse(self, scope: Scope) -> RowChange | None:
        """The last change by which the viewer could no longer see the row."""
        for change in reversed(self.changes):
            if is_shown(change.previous, scope) and not is_shown(change.after, scope):
                return change
        return None


@dataclass(slots=True, kw_only=True)
class MessageStep:
    """A message that may have changed."""

    conversation_id: ConversationId
    message_id: MessageId
    place: JournalPosition | None


@dataclass(slots=True, kw_only=True)
class StatesStep:
    """Our messages of a conversation, written within a range of time, whose state changed."""

    place: JournalPosition | None
    messages: OurMessages

    @property
    def conversation_id(self) -> ConversationId:
        return self.messages.conversation_id


Step = RowStep | MessageStep | StatesStep


def plan_steps(entries: Iterable[JournalEntry]) -> list[Step]:
    """The steps in the order of their last changes."""
    steps: dict[tuple[str, str], Step] = {}
    for entry in entries:
        for number, change in enumerate(entry.changes.rows, 1):
            place = _after(entry.place, number)
            _add_row(steps, change, place)
            if change.reported:
                _add_states(steps, change, place)
        first = len(entry.changes.rows) + 1
        for number, (conversation_id, message_id) in enumerate(entry.changes.messages, first):
            steps.pop(("message", message_id), None)
            steps["message", message_id] = MessageStep(
                conversation_id=conversation_id,
                message_id=message_id,
                place=_after(entry.place, number),
            )
    return list(steps.values())


def _after(place: JournalPosition | None, items: int) -> JournalPosition | None:
    return None if place is None else place._replace(items=items)


def _add_row(
    steps: dict[tuple[str, str], Step], change: RowChange, place: JournalPosition | None
) -> None:
    key = ("row", change.conversation_id)
    known = steps.pop(key, None)
    before = known.changes if isinstance(known, RowStep) else []
    steps[key] = RowStep(
        conversation_id=change.conversation_id, place=place, changes=[*before, change]
    )


def _add_states(
    steps: dict[tuple[str, str], Step], change: RowChange, place: JournalPosition | None
) -> None:
    if change.reported_until is None:
        return
    key = ("states", change.conversation_id)
    after, until = change.reported_after, change.reported_until
    known = steps.pop(key, None)
    if isinstance(known, StatesStep):
        until, begun = max(until, known.messages.until), known.messages.after
        after = None if after is None or begun is None else min(after, begun)
    messages = OurMessages(change.conversation_id, after, until)
    steps[key] = StatesStep(place=place, messages=messages)
