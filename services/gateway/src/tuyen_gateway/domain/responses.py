"""How long customers waited for a person on our side: for the first word of each conversation, and
for each later one (O3).

What was said is read from several topics, in any order and more than once. Of each kind the
earliest ones are kept, whatever comes first; the responses follow from them. So what is counted
does not depend on how it was read.

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

_OF_OPENING = 50
"""The most that is kept of each kind of a beginning. A page that said more before its customer said
anything has no first response."""

_OF_TALK = 500
"""The most that is kept of each kind of a month."""

_OVERLAP = timedelta(days=7)
"""The last words before a month belong to it as well: a wait may begin in one month and end in the
next."""


class SaidWord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One word of a conversation."""

    at: datetime
    id: str
    """Of a reply that an agent requested the id of the request, otherwise that of the message."""
    agent_id: AgentId | None = None
    requested: bool = False
    """Whether it was said only if the channel took it."""
    by_person: bool = False
    """Whether it is known that no program said it."""


class Conversed(msgspec.Struct, frozen=True, kw_only=True):
    """What was said in a conversation; each list begins with the earliest."""

    organization: OrganizationId
    page_id: PageId
    asked: tuple[SaidWord, ...] = ()
    """By customers."""
    said: tuple[SaidWord, ...] = ()
    """By our side."""
    sent: tuple[SaidWord, ...] = ()
    """The requests that the channel took, when it did."""
    revision: int = 0


class Opening(Conversed, frozen=True, kw_only=True):
    """What is known of a conversation's beginning."""

    id: ConversationId = msgspec.field(name="_id")


class Talk(Conversed, frozen=True, kw_only=True):
    """What is known of a conversation within a month (UTC), and the week before it."""

    id: str = msgspec.field(name="_id")
    month: datetime


class Heard(NamedTuple):
    """One word, and to which list of what was said it belongs."""

    field: str
    word: SaidWord


class HeardEvent(NamedTuple):
    """What an event says of its conversation."""

    conversation_id: ConversationId
    organization: OrganizationId
    page_id: PageId
    heard: Heard


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonResponse:
    """A word of a person on our side that ended a customer's wait."""

    at: datetime
    agent_id: AgentId | None
    """Null if it was written at the channel itself."""
    wait: timedelta
    """Since the customer's first word after the response before."""


def read_heard(event: Event) -> HeardEvent | None:
    match event:
        case MessageReceived():
            word = SaidWord(at=moment_of(event)[0], id=event.message_id)
            heard = Heard("asked", word)
        case CommentAdded():
            word = SaidWord(at=moment_of(event)[0], id=event.message_id)
            heard = Heard("said" if event.customer is None else "asked", word)
        case MessageEchoed() if not event.automatic and event.client_id is None:
            by_person = event.admin_id is not None
            at = moment_of(event)[0]
            heard = Heard("said", SaidWord(at=at, id=event.message_id, by_person=by_person))
        case OutboundRequested() if event.action.makes_message:
            word = SaidWord(
                at=truncate_time(event.at),
                id=event.request_id,
                agent_id=event.by,
                requested=True,
                by_person=True,
            )
            heard = Heard("said", word)
        case OutboundSettled(outcome=OutboundOutcome.DONE) if event.action.makes_message:
            word = SaidWord(at=truncate_time(event.at), id=event.request_id)
            heard = Heard("sent", word)
        case _:
            return None
    if event.conversation_id is None:
        return None
    return HeardEvent(event.conversation_id, event.organization, event.page_id, heard)


def begin_opening(event: HeardEvent) -> Opening:
    """A blank one for the conversation of the event."""
    return Opening(id=event.conversation_id, organization=event.organization, page_id=event.page_id)


def begin_talks(event: HeardEvent) -> list[Talk]:
    """Blank ones for the months to which the word belongs. That a request was sent belongs to the
    month of the request, which may be the one before."""
    word = event.heard.word
    moments = [word.at, word.at + _OVERLAP]
    if event.heard.field == "sent":
        moments.append(word.at - _OVERLAP)
    return [
        Talk(
            id=f"{event.conversation_id}|{month:%Y-%m}",
            organization=event.organization,
            page_id=event.page_id,
            month=month,
        )
        for month in sorted({month_of(quarter_of(at)) for at in moments})
    ]


def note_opening(
    opening: Opening, heard: Iterable[Heard]
) -> tuple[Opening, dict[Slot, Counter[str]]]:
    """The opening after some words, and what they add to the numbers, or take from them."""
    after = _hear(opening, heard, _OF_OPENING)
    return after, _subtract(_count_opening(after), _count_opening(opening))


def note_talk(talk: Talk, heard: Iterable[Heard]) -> tuple[Talk, dict[Slot, Counter[str]]]:
    """The same of a month."""
    after = _hear(talk, heard, _OF_TALK)
    return after, _subtract(_count_talk(after), _count_talk(talk))


ConversedT = TypeVar("ConversedT", Opening, Talk)


def _hear(conversed: ConversedT, heard: Iterable[Heard], most: int) -> ConversedT:
    lists = {"asked": conversed.asked, "said": conversed.said, "sent": conversed.sent}
    for field, word in heard:
        lists[field] = _keep(lists[field], word, most)
    return msgspec.structs.replace(
        conversed, asked=lists["asked"], said=lists["said"], sent=lists["sent"]
    )


def find_responses(conversed: Conversed) -> Iterator[PersonResponse]:
    """Those that ended a wait, in the order of time."""
    sent = {one.id for one in conversed.sent}
    asked = iter(conversed.asked)
    first = next(asked, None)
    for word in conversed.said:
        if word.requested and word.id not in sent:
            continue
        if not word.by_person and _is_prompt(conversed, word):
            continue
        if first is not None and first.at <= word.at:
            yield PersonResponse(at=word.at, agent_id=word.agent_id, wait=word.at - first.at)
        while first is not None and first.at <= word.at:
            first = next(asked, None)


def _is_prompt(conversed: Conversed, word: SaidWord) -> bool:
    """Whether it followed the customer so soon that a program said it (P5b)."""
    place = bisect_right(conversed.asked, word.at, key=lambda one: one.at)
    return place > 0 and word.at - AUTOMATIC_WITHIN <= conversed.asked[place - 1].at


def _keep(words: tuple[SaidWord, ...], word: SaidWord, most: int) -> tuple[SaidWord, ...]:
    known = next((one for one in words if one.id == word.id), None)
    if known is not None and known.at <= word.at:
        return words
    others = [one for one in words if one.id != word.id]
    return tuple(sorted([*others, word], key=lambda one: (one.at, one.id))[:most])


def _count_opening(opening: Opening) -> Counter[tuple[Slot, str]]:
    """That a conversation began, and its first response, each in its quarter."""
    counted: Counter[tuple[Slot, str]] = Counter()
    if opening.asked:
        slot = _slot(opening, Counted.PAGE, opening.asked[0].at, opening.page_id)
        counted[slot, "begun"] += 1
    response = next(find_responses(opening), None)
    if response is not None:
        counted.update(_count_response(opening, response, "first"))
    return counted


def _count_talk(talk: Talk) -> Counter[tuple[Slot, str]]:
    """The responses that were given in the month."""
    counted: Counter[tuple[Slot, str]] = Counter()
    for response in find_responses(talk):
        if month_of(quarter_of(response.at)) == talk.month.astimezone(UTC):
            counted.update(_count_response(talk, response, "response"))
    return counted


def _count_response(
    conversed: Conversed, response: PersonResponse, kind: str
) -> list[tuple[Slot, str]]:
    name = f"{kind}.{round_wait(response.wait)}"
    return [
        (_slot(conversed, Counted.PAGE, response.at, conversed.page_id), name),
        (_slot(conversed, Counted.AGENT, response.at, response.agent_id), name),
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


def _slot(conversed: Conversed, counted: Counted, at: datetime, about: str | None) -> Slot:
    return Slot(
        organization=conversed.organization,
        counted=counted,
        quarter=quarter_of(at),
        about=(about,),
    )
