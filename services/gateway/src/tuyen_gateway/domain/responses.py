"""How long customers waited until a person on our side answered: for the first answer in each
conversation, and for each later one (O3).

Messages are read from several topics, in any order and more than once. Of each kind the earliest
ones are kept, whichever are read first, and the responses are derived from them. So the numbers do
not depend on the order in which messages were read.

Decides O3.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeVar

import msgspec

from tuyen_events.event import Event
from tuyen_events.ids import AgentId, ConversationId, OrganizationId, PageId
from tuyen_events.inbound import CommentAdded, MessageEchoed, MessageReceived
from tuyen_events.outbound import OutboundOutcome, OutboundRequested, OutboundSettled
from tuyen_gateway.domain.reconciling import AUTOMATIC_WITHIN
from tuyen_gateway.domain.rollups import Counted, Slot, month_of, quarter_of, round_wait
from tuyen_gateway.domain.threads import moment_of, truncate_time

_OF_START = 50
"""How many messages of each kind are kept for the start of a conversation. If the page sent more
before its customer wrote anything, the conversation has no first response."""

_OF_MONTH = 500
"""How many messages of each kind are kept for a month."""

_OVERLAP = timedelta(days=7)
"""The last messages before a month belong to it as well: a wait may begin in one month and end in
the next."""


class TimedMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When a message was written, and what decides whether it is a response."""

    at: datetime
    id: str
    """The id of the request, if an agent requested the message as a reply; otherwise its own."""
    agent_id: AgentId | None = None
    requested: bool = False
    """Whether it counts only if the channel accepted it."""
    by_person: bool = False
    """Whether it is known that no program wrote it."""


class CountedMessages(msgspec.Struct, frozen=True, kw_only=True):
    """Messages of a conversation; each list begins with the earliest."""

    organization: OrganizationId
    page_id: PageId
    incoming: tuple[TimedMessage, ...] = msgspec.field(name="asked", default=())
    """By customers."""
    outgoing: tuple[TimedMessage, ...] = msgspec.field(name="said", default=())
    """By our side."""
    sent: tuple[TimedMessage, ...] = ()
    """The requests that the channel carried out, and when."""
    revision: int = 0


class ConversationStart(CountedMessages, frozen=True, kw_only=True):
    """The first messages of a conversation."""

    id: ConversationId = msgspec.field(name="_id")


class ConversationMonth(CountedMessages, frozen=True, kw_only=True):
    """The messages of a conversation within a month (UTC), and the week before it."""

    id: str = msgspec.field(name="_id")
    month: datetime


class ListedMessage(NamedTuple):
    """A message, and the list of `CountedMessages` to which it belongs."""

    field: str
    message: TimedMessage


class ConversationMessage(NamedTuple):
    """A message of a conversation, as an event contains it."""

    conversation_id: ConversationId
    organization: OrganizationId
    page_id: PageId
    listed: ListedMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonResponse:
    """A message of a person on our side that ended a customer's wait."""

    at: datetime
    agent_id: AgentId | None
    """Null if it was written at the channel itself."""
    wait: timedelta
    """Since the customer's first message after the response before."""


def read_timed_message(event: Event) -> ConversationMessage | None:
    match event:
        case MessageReceived():
            message = TimedMessage(at=moment_of(event)[0], id=event.message_id)
            listed = ListedMessage("incoming", message)
        case CommentAdded():
            message = TimedMessage(at=moment_of(event)[0], id=event.message_id)
            listed = ListedMessage("outgoing" if event.customer is None else "incoming", message)
        case MessageEchoed() if not event.automatic and event.client_id is None:
            by_person = event.admin_id is not None
            at = moment_of(event)[0]
            listed = ListedMessage(
                "outgoing", TimedMessage(at=at, id=event.message_id, by_person=by_person)
            )
        case OutboundRequested() if event.action.makes_message:
            message = TimedMessage(
                at=truncate_time(event.at),
                id=event.request_id,
                agent_id=event.by,
                requested=True,
                by_person=True,
            )
            listed = ListedMessage("outgoing", message)
        case OutboundSettled(outcome=OutboundOutcome.DONE) if event.action.makes_message:
            message = TimedMessage(at=truncate_time(event.at), id=event.request_id)
            listed = ListedMessage("sent", message)
        case _:
            return None
    if event.conversation_id is None:
        return None
    return ConversationMessage(event.conversation_id, event.organization, event.page_id, listed)


def begin_start(event: ConversationMessage) -> ConversationStart:
    """A blank one for the conversation of the event."""
    return ConversationStart(
        id=event.conversation_id, organization=event.organization, page_id=event.page_id
    )


def begin_months(event: ConversationMessage) -> list[ConversationMonth]:
    """Blank ones for the months to which the message belongs. The result of a request belongs to
    the month of the request, which may be the one before."""
    message = event.listed.message
    moments = [message.at, message.at + _OVERLAP]
    if event.listed.field == "sent":
        moments.append(message.at - _OVERLAP)
    return [
        ConversationMonth(
            id=f"{event.conversation_id}|{month:%Y-%m}",
            organization=event.organization,
            page_id=event.page_id,
            month=month,
        )
        for month in sorted({month_of(quarter_of(at)) for at in moments})
    ]


def count_start(
    start: ConversationStart, listed: Iterable[ListedMessage]
) -> tuple[ConversationStart, dict[Slot, Counter[str]]]:
    """The start after some messages, and what they add to the numbers, or subtract from them."""
    after = _add_messages(start, listed, _OF_START)
    return after, _subtract(_count_in_start(after), _count_in_start(start))


def count_month(
    month: ConversationMonth, listed: Iterable[ListedMessage]
) -> tuple[ConversationMonth, dict[Slot, Counter[str]]]:
    """The same for a month."""
    after = _add_messages(month, listed, _OF_MONTH)
    return after, _subtract(_count_in_month(after), _count_in_month(month))


CountedMessagesT = TypeVar("CountedMessagesT", ConversationStart, ConversationMonth)


def _add_messages(
    messages: CountedMessagesT, listed: Iterable[ListedMessage], most: int
) -> CountedMessagesT:
    lists = {
        "incoming": messages.incoming,
        "outgoing": messages.outgoing,
        "sent": messages.sent,
    }
    for field, message in listed:
        lists[field] = _keep(lists[field], message, most)
    return msgspec.structs.replace(
        messages, incoming=lists["incoming"], outgoing=lists["outgoing"], sent=lists["sent"]
    )


def find_responses(messages: CountedMessages) -> Iterator[PersonResponse]:
    """Those that ended a wait, in the order of time."""
    sent = {one.id for one in messages.sent}
    incoming = iter(messages.incoming)
    first = next(incoming, None)
    for message in messages.outgoing:
        if message.requested and message.id not in sent:
            continue
        if not message.by_person and _is_prompt(messages, message):
            continue
        if first is not None and first.at <= message.at:
            yield PersonResponse(
                at=message.at, agent_id=message.agent_id, wait=message.at - first.at
            )
        while first is not None and first.at <= message.at:
            first = next(incoming, None)


def _is_prompt(messages: CountedMessages, message: TimedMessage) -> bool:
    """Whether it followed the customer's message so soon that a program wrote it (P5b)."""
    place = bisect_right(messages.incoming, message.at, key=lambda one: one.at)
    return place > 0 and message.at - AUTOMATIC_WITHIN <= messages.incoming[place - 1].at


def _keep(
    messages: tuple[TimedMessage, ...], message: TimedMessage, most: int
) -> tuple[TimedMessage, ...]:
    known = next((one for one in messages if one.id == message.id), None)
    if known is not None and known.at <= message.at:
        return messages
    others = [one for one in messages if one.id != message.id]
    return tuple(sorted([*others, message], key=lambda one: (one.at, one.id))[:most])


def _count_in_start(start: ConversationStart) -> Counter[tuple[Slot, str]]:
    """Counts that a conversation began, and its first response, each in its quarter."""
    counted: Counter[tuple[Slot, str]] = Counter()
    if start.incoming:
        slot = _slot(start, Counted.PAGE, start.incoming[0].at, start.page_id)
        counted[slot, "begun"] += 1
    response = next(find_responses(start), None)
    if response is not None:
        counted.update(_count_response(start, response, "first"))
    return counted


def _count_in_month(month: ConversationMonth) -> Counter[tuple[Slot, str]]:
    """The responses that were given in the month."""
    counted: Counter[tuple[Slot, str]] = Counter()
    for response in find_responses(month):
        if month_of(quarter_of(response.at)) == month.month.astimezone(UTC):
            counted.update(_count_response(month, response, "response"))
    return counted


def _count_response(
    messages: CountedMessages, response: PersonResponse, kind: str
) -> list[tuple[Slot, str]]:
    name = f"{kind}.{round_wait(response.wait)}"
    return [
        (_slot(messages, Counted.PAGE, response.at, messages.page_id), name),
        (_slot(messages, Counted.AGENT, response.at, response.agent_id), name),
    ]


def _subtract(
    after: Counter[tuple[Slot, str]], before: Counter[tuple[Slot, str]]
) -> dict[Slot, Counter[str]]:
    after.subtract(before)
    added: dict[Slot, Counter[str]] = {}
    for (slot, name), number in after.items():
        if number:
            added.setdefault(slot, Counter())[name] = number
    return added


def _slot(messages: CountedMessages, counted: Counted, at: datetime, about: str | None) -> Slot:
    return Slot(
        organization=messages.organization,
        counted=counted,
        quarter=quarter_of(at),
        about=(about,),
    )
