"""What agents and managers ask of the router."""

from typing import Any

from router.model.history import History
from router.model.simulation import START
from router.model.threads import Thread, partition_of
from router.model.world import AGENTS
from support.organizations import SHOP
from tuyen_events.commands import (
    AssignConversation,
    Command,
    MarkConversationDone,
    ReturnToRotation,
)
from tuyen_events.ids import AgentId, ConversationId, CustomerId, PageId
from tuyen_events.topics import COMMANDS
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_router.domain.customer_records import ConversationState


def assign(history: History) -> None:
    """A manager gives a conversation to somebody, or to nobody."""
    if thread := _some_thread(history):
        expected = history.random.choice([None, None, _version(history, thread), 1])
        _assign(history, thread, history.random.choice([*AGENTS, None]), expected=expected)


def take(history: History) -> None:
    if thread := _some_thread(history):
        _assign(history, thread, history.random.choice(AGENTS), take=True)


def hand_over(history: History) -> None:
    """One conversation of many: to another agent, or back to rotation."""
    thread = _some_thread(history)
    if thread is None:
        return
    row = _row(history, thread)
    owner = (None if row is None else row.agent_id) or AGENTS[0]
    only_from = history.random.choice([owner, owner, owner, *AGENTS])
    if history.random.random() < 0.3:
        _assign(history, thread, history.random.choice(AGENTS), only_from=only_from)
        return
    history.log.append(f"return {thread.id} from {only_from}")
    command = ReturnToRotation(
        **_common(history, thread, "return"),
        channel=Channel(history.world["pages"][thread.page]["channel"]),
        only_from=AgentId(only_from),
        by=AgentId("chi"),
    )
    _command(history, thread, command)
    if history.model is not None:
        history.outcomes[command.command_id] = history.model.return_to_rotation(
            command.command_id,
            thread.customer,
            thread.page,
            thread.id,
            thread.kind,
            only_from=only_from,
        )
        history.model.changed()


def done(history: History) -> None:
    """Somebody calls a conversation done, or opens it again; what they had seen ends with one
    of its events, or with all that there is."""
    thread = _some_thread(history)
    if thread is None:
        return
    done = history.random.random() < 0.8
    events = history.events_of(thread)
    if not events:
        return
    seen = events[-1] if history.random.random() < 0.8 else history.random.choice(events)
    if history.model is not None:
        seen = events[-1]
    history.log.append(f"done {thread.id}: {done}, seen {seen} of {events}")
    command = MarkConversationDone(
        **_common(history, thread, "done"),
        done=done,
        seen_events=1,
        seen_offset=seen,
        by=AgentId("chi"),
    )
    _command(history, thread, command)
    if history.model is not None:
        history.model.done(thread.customer, thread.id, thread.kind, done=done)
        history.outcomes[command.command_id] = "applied"
        history.model.changed()


def _assign(
    history: History,
    thread: Thread,
    agent: str | None,
    *,
    expected: int | None = None,
    only_from: str | None = None,
    take: bool = False,
) -> None:
    history.log.append(f"assign {thread.id} to {agent} if {expected}, {only_from}, take: {take}")
    command = AssignConversation(
        **_common(history, thread, "assign"),
        agent_id=None if agent is None else AgentId(agent),
        by=AgentId(str(agent) if take else "chi"),
        expected_version=expected,
        take=take,
        bulk=only_from is not None,
        only_from=None if only_from is None else AgentId(only_from),
    )
    _command(history, thread, command)
    if history.model is not None:
        history.outcomes[command.command_id] = history.model.assign(
            thread.customer,
            thread.page,
            thread.id,
            thread.kind,
            agent=agent,
            expected=expected,
            only_from=only_from,
            take=take,
        )
        history.model.changed()


def _common(history: History, thread: Thread, kind: str) -> dict[str, Any]:
    history.count += 1
    customer = str(history.customer_of(thread))
    return {
        "command_id": f"{kind}-{history.count}",
        "organization": SHOP,
        "page_id": PageId(thread.page),
        "conversation_id": ConversationId(thread.id),
        "customer_id": CustomerId(customer),
        "customer_external_id": customer,
        "kind": ConversationKind(thread.kind),
        "at": START,
    }


def _some_thread(history: History) -> Thread | None:
    known = [each for each in history.threads.values() if history.customer_of(each) is not None]
    return history.random.choice([*known, *known[-2:]]) if known else None


def _row(history: History, thread: Thread) -> ConversationState | None:
    state = history.simulation.customers[partition_of(str(history.customer_of(thread)))]
    return state.conversations.get(ConversationId(thread.id))


def _version(history: History, thread: Thread) -> int:
    row = _row(history, thread)
    return 0 if row is None else row.version


def _command(history: History, thread: Thread, command: Command) -> None:
    place = partition_of(command.customer_external_id)
    history.append(COMMANDS.name, thread, command.command_id, command, place)
