"""The first response of each conversation: the first word of a person on our side after the
customer's first word (O3).

What was said is read from several topics, in any order and more than once. Of each kind the
earliest ones are kept, whatever comes first; the response follows from them. So what is counted
does not depend on how it was read.

Decides O3.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from tuyen_events.event import Event
from tuyen_events.ids import AgentId, ConversationId, OrganizationId, PageId
from tuyen_events.inbound import CommentAdded, MessageEchoed, MessageReceived
from tuyen_events.outbound import OutboundOutcome, OutboundRequested, OutboundSettled
from tuyen_gateway.domain.reconciling import AUTOMATIC_WITHIN
from tuyen_gateway.domain.reports import Counted, Slot, quarter_of, round_wait
from tuyen_gateway.domain.threads import moment_of, truncate_time

_KEPT = 50
"""The most that is kept of each kind. A page that said more before its customer said anything has
no first response."""


class SaidWord(msgspec.Struct, frozen=True, kw_only=True):
    """One word of a conversation."""

    at: datetime
    id: str
    """Of a reply that an agent requested the id of the request, otherwise that of the message."""
    agent_id: AgentId | None = None
    requested: bool = False
    """Whether it was said only if the channel took it."""
    by_person: bool = False
    """Whether it is known that no program said it."""


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a conversation's beginning; each list begins with the earliest."""

    id: ConversationId = msgspec.field(name="_id")
    organization: OrganizationId
    page_id: PageId
    asked: tuple[SaidWord, ...] = ()
    """By customers."""
    said: tuple[SaidWord, ...] = ()
    """By our side."""
    sent: tuple[SaidWord, ...] = ()
    """The requests that the channel took, when it did."""
    revision: int = 0


class Heard(NamedTuple):
    """One word, and to which list of an opening it belongs."""

    field: str
    word: SaidWord


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstResponse:
    at: datetime
    agent_id: AgentId | None
    """Null if it was written at the channel itself."""
    wait: timedelta


def read_heard(event: Event) -> tuple[Opening, Heard] | None:
    """What an event says of the beginning of a conversation, and a blank opening for it."""
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
    blank = Opening(
        id=event.conversation_id, organization=event.organization, page_id=event.page_id
    )
    return blank, heard


def note_heard(
    opening: Opening, heard: Iterable[Heard]
) -> tuple[Opening, dict[Slot, Counter[str]]]:
    """The opening after some words, and what they add to the numbers, or take from them."""
    lists = {"asked": opening.asked, "said": opening.said, "sent": opening.sent}
    for field, word in heard:
        lists[field] = _keep(lists[field], word)
    after = msgspec.structs.replace(
        opening, asked=lists["asked"], said=lists["said"], sent=lists["sent"]
    )
    added: dict[Slot, Counter[str]] = {}
    for one, times in ((opening, -1), (after, 1)):
        for slot, names in _count_in(one).items():
            for name in names:
                added.setdefault(slot, Counter())[name] += times
    changed = {
        slot: Counter({name: number for name, number in counts.items() if number})
        for slot, counts in added.items()
    }
    return after, {slot: counts for slot, counts in changed.items() if counts}


def find_first_response(opening: Opening) -> FirstResponse | None:
    """None while nobody on our side said anything after the customer."""
    if not opening.asked:
        return None
    begun_at, sent = opening.asked[0].at, {one.id for one in opening.sent}
    for word in opening.said:
        if word.at < begun_at or (word.requested and word.id not in sent):
            continue
        if word.by_person or not _is_prompt(opening, word):
            return FirstResponse(at=word.at, agent_id=word.agent_id, wait=word.at - begun_at)
    return None


def _is_prompt(opening: Opening, word: SaidWord) -> bool:
    """Whether it followed the customer so soon that a program said it (P5b)."""
    return any(word.at - AUTOMATIC_WITHIN <= one.at <= word.at for one in opening.asked)


def _keep(words: tuple[SaidWord, ...], word: SaidWord) -> tuple[SaidWord, ...]:
    known = next((one for one in words if one.id == word.id), None)
    if known is not None and known.at <= word.at:
        return words
    others = [one for one in words if one.id != word.id]
    return tuple(sorted([*others, word], key=lambda one: (one.at, one.id))[:_KEPT])


def _count_in(opening: Opening) -> dict[Slot, list[str]]:
    """What a conversation counts as: that it began, and its first response, each in its quarter."""
    if not opening.asked:
        return {}
    counted = {_slot(opening, Counted.BEGUN, opening.asked[0].at, None): ["begun"]}
    response = find_first_response(opening)
    if response is not None:
        slot = _slot(opening, Counted.RESPONSE, response.at, response.agent_id)
        counted[slot] = ["responses", f"wait.{round_wait(response.wait)}"]
    return counted


def _slot(opening: Opening, counted: Counted, at: datetime, agent_id: AgentId | None) -> Slot:
    return Slot(
        organization=opening.organization,
        counted=counted,
        quarter=quarter_of(at),
        page_id=opening.page_id,
        agent_id=agent_id,
    )
