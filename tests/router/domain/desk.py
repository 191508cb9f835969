"""One partition of stage 1 with its two logs, which a crash may cut short."""

from typing import Any

from router.domain.inputs import COMMENT, THREAD, answer, arrival, at
from router.domain.outcomes import fold
from support.organizations import shop
from tuyen_events.assignments import AssignmentEvent, InputOffsets
from tuyen_events.commands import (
    AssignConversation,
    Command,
    MarkConversationDone,
    ReturnToRotation,
)
from tuyen_events.ids import AgentId, ConversationId
from tuyen_events.routing import ChoiceRequested, Verdict
from tuyen_router.domain.choice_results import on_answer
from tuyen_router.domain.customer_state import (
    CustomerState,
    apply_assignment,
    apply_customer,
    apply_done,
)
from tuyen_router.domain.decisions import CustomerSaved, Decision, DoneSaved
from tuyen_router.domain.done import on_done
from tuyen_router.domain.handover import on_return
from tuyen_router.domain.manual import on_assign
from tuyen_router.domain.rotating import on_reply, on_root_comment
from tuyen_router.domain.sticky import on_sticky_event


class Desk:
    """Handles what comes, and keeps what it wrote; `given` is always the shop's."""

    def __init__(self) -> None:
        self.state = CustomerState(3)
        self.assignments: list[AssignmentEvent] = []
        self.saved: list[CustomerSaved | DoneSaved] = []
        self.asked: list[ChoiceRequested] = []

    def writes(
        self,
        offset: int,
        conversation: ConversationId = THREAD,
        event: str | None = None,
        **given: Any,
    ) -> list[Decision]:
        """A message, a livestream comment or a root comment."""
        self._handle(inbound=offset)
        handle = on_root_comment if conversation is COMMENT else on_sticky_event
        arrived = arrival(offset, conversation, event)
        return self._keep(handle(self.state, shop(**given), arrived))

    def replies(self, offset: int, event: str | None = None, **given: Any) -> list[Decision]:
        """The author of the root comment writes below it."""
        self._handle(inbound=offset)
        return self._keep(on_reply(self.state, shop(**given), arrival(offset, COMMENT, event)))

    def answers(
        self,
        verdict: Verdict,
        chosen: AgentId | None = None,
        *,
        to: int = -1,
        offset: int = 0,
        **fields: Any,
    ) -> list[Decision]:
        """Stage 2 says something to a request; to the last one, unless another is named."""
        self._handle(answers=offset)
        said = answer(self.asked[to], verdict, chosen, **fields)
        return self._keep(on_answer(self.state, said, at("router-answers", offset)))

    def commands(
        self, command: Command, offset: int = 0, *, repeated: bool | None = None, **given: Any
    ) -> list[Decision]:
        """A command; it is a repeated one when the inputs were read as far, unless said."""
        if repeated is None:
            repeated = offset <= self.state.handled.commands
        self._handle(commands=offset)
        position, known = at("commands", offset), shop(**given)
        match command:
            case AssignConversation():
                made = on_assign(self.state, known, command, position, repeated=repeated)
            case ReturnToRotation():
                made = on_return(self.state, known, command, position, repeated=repeated)
            case MarkConversationDone():
                made = on_done(self.state, known, command, position, repeated=repeated)
        return self._keep(made)

    def crash(self, *, assignments: int = 0, saved: int = 0) -> None:
        """So many of the last records of either log were never written."""
        del self.assignments[len(self.assignments) - assignments :]
        del self.saved[len(self.saved) - saved :]
        self.state = self.recover()

    def recover(self) -> CustomerState:
        """What the logs say."""
        state = CustomerState(3)
        for record in self.assignments:
            apply_assignment(state, record)
        for saved in self.saved:
            match saved:
                case CustomerSaved():
                    apply_customer(state, saved.customer_id, saved.record)
                case DoneSaved():
                    apply_done(state, saved.conversation_id, saved.seen)
                    state.done_mark_changes += 1
        return state

    def _handle(self, **offsets: int) -> None:
        before = self.state.handled
        told = {"inbound": before.inbound, "answers": before.answers, "commands": before.commands}
        for name, offset in offsets.items():
            told[name] = max(told[name], offset)
        self.state.handled = InputOffsets(**told)

    def _keep(self, decisions: list[Decision]) -> list[Decision]:
        for each in fold(self.state, decisions):
            match each:
                case AssignmentEvent():
                    self.assignments.append(each)
                case CustomerSaved() | DoneSaved():
                    self.saved.append(each)
                case ChoiceRequested():
                    self.asked.append(each)
                case _:
                    pass
        return decisions


def make_desk_with(agent: AgentId | None, conversation: ConversationId = THREAD) -> Desk:
    """A conversation that was given to an agent for the event at offset 0; to None, that waits."""
    desk = Desk()
    desk.writes(0, conversation)
    if agent is None:
        desk.answers(Verdict.QUEUED)
    else:
        desk.answers(Verdict.CHOSEN, agent)
    return desk
