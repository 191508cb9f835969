"""Finds which contacts become one (C2).

Numbers are unique in the order of the commands: a contact that gets a phone number or an email
finds at once who had it before. The two become one contact, or, if different people look after
them, it is proposed.

Decides C2.
"""

from collections import deque
from collections.abc import Collection, Mapping, Sequence, Set

import msgspec

from tuyen_crm.domain.content import absorb
from tuyen_crm.domain.decision import CommandDecision
from tuyen_crm.domain.index_keys import email_key, phone_key
from tuyen_crm.domain.state import ContactState
from tuyen_crm.entities.merges.drafts import DecisionDraft
from tuyen_crm.entities.merges.merge_consent import may_change, may_merge_without_asking
from tuyen_crm.entities.merges.proposing import close_all, propose
from tuyen_events.crm.contacts import ContactMerged
from tuyen_events.crm.merges import ContactAbsorbed
from tuyen_events.crm.records import CrmOutcome
from tuyen_events.crm_limits import PROPOSED_BYTES
from tuyen_events.ids import AgentId, ContactId, merge_id
from tuyen_events.limits import (
    CONTACT_CUSTOM_VALUES,
    CONTACT_CUSTOMERS,
    CONTACT_EMAILS,
    CONTACT_MERGES,
    CONTACT_PHONES,
)
from tuyen_events.vocabulary import Merging

SHARED_NUMBERS = "shared_numbers"
"""The entity of the setup that lists what many people share."""


def decide_merges(draft: DecisionDraft, contact_id: ContactId, before: Set[str]) -> CommandDecision:
    """The decision about a command that has changed a contact, whose phone numbers and emails were
    `before`: the contact is merged with those that have one of its new ones, or it is proposed to
    merge them."""
    survivor, elsewhere = merge_by_facts(draft, contact_id, before)
    return decide_merged(draft, contact_id, survivor, elsewhere)


def merge_by_facts(
    draft: DecisionDraft, contact_id: ContactId, before: Collection[str]
) -> tuple[ContactId, Sequence[str]]:
    """The survivor after the command: the contact, or the one into which it was merged; and those
    of its new phone numbers and emails that a contact has as well with which it was not merged, or
    not without asking its owners.

    What a contact gets by a merge is new to it, too.
    """
    survivor, elsewhere = contact_id, []
    new = _list_facts(draft, contact_id, before)
    waiting = deque(new.items())
    while waiting:
        value, key = waiting.popleft()
        if not draft.may_compare(key):
            elsewhere += [value] if value in new else []
            continue
        for other in draft.find(key):
            if other == survivor or draft.require(other).merged_into is not None:
                continue
            agreed = _is_agreed(draft, survivor, other)
            possible = _may_merge(draft, survivor, other, value)
            if value in new and not (agreed and possible):
                elsewhere.append(value)
            if possible and (agreed or draft.cause.merging is Merging.AT_ONCE):
                survivor, gained = _merge_two(draft, survivor, other, value)
                waiting.extend(gained.items())
            elif possible:
                propose(draft, survivor, other, value)
    return survivor, elsewhere


def propose_merges(draft: DecisionDraft, contact_id: ContactId) -> None:
    """Proposes to merge a contact that was separated from another one with all others that have one
    of its phone numbers or emails, whoever looks after them: nothing happens to it at once."""
    for value, key in _list_facts(draft, contact_id, ()).items():
        if not draft.may_compare(key):
            continue
        for other in draft.find(key):
            if other != contact_id and _may_merge(draft, contact_id, other, value):
                propose(draft, contact_id, other, value)


def decide_merged(
    draft: DecisionDraft, contact_id: ContactId, survivor: ContactId, elsewhere: Sequence[str] = ()
) -> CommandDecision:
    """The decision about a command whose contact was merged into `survivor`, or is `survivor`."""
    return CommandDecision(
        outcome=CrmOutcome.APPLIED,
        version=draft.require(survivor).version,
        events=tuple(draft.events),
        survivor=None if survivor == contact_id else survivor,
        known_elsewhere=tuple(dict.fromkeys(elsewhere)),
        follow_ups=draft.build_follow_ups(contact_id),
    )


def merge_manually(
    draft: DecisionDraft, one: ContactId, another: ContactId, by: AgentId, fact: str | None = None
) -> ContactId:
    """Merges two contacts, and what one of them had in common with others with these; returns the
    contact that stays in the end."""
    stays, _ = _order(draft, one, another)
    before = draft.require(stays)
    merge_contacts(draft, one, another, by=by, fact=fact)
    survivor, _ = merge_by_facts(draft, stays, (*before.phones, *before.emails))
    return survivor


def merge_contacts(
    draft: DecisionDraft,
    one: ContactId,
    another: ContactId,
    *,
    by: AgentId | None,
    fact: str | None,
) -> ContactId:
    """Merges two contacts, and returns the older one, which stays."""
    older, younger = _order(draft, one, another)
    close_all(draft, younger, older, by)
    stays, goes = draft.require(older), draft.require(younger)
    merge = merge_id(draft.cause.caused_by, older, younger)
    content, gained = absorb(stays, goes)
    draft.add(ContactMerged(**draft.begin(younger), merge_id=merge, by=by, into=older))
    draft.add(
        ContactAbsorbed(
            **draft.begin(older),
            merge_id=merge,
            by=by,
            absorbed=younger,
            merged=(*stays.merged, younger, *goes.merged),
            content=content,
            gained=gained,
            fact=fact,
        )
    )
    return older


def fits(one: ContactState, another: ContactState) -> bool:
    """Whether one contact can contain all of both."""
    content, _ = absorb(one, another)
    return (
        len(content.phones) <= CONTACT_PHONES
        and len(content.emails) <= CONTACT_EMAILS
        and len(content.customers) <= CONTACT_CUSTOMERS
        and len(content.custom) <= CONTACT_CUSTOM_VALUES
        and len(one.merged) + len(another.merged) < CONTACT_MERGES
        and sum(len(msgspec.json.encode(each)) for each in (one, another)) <= PROPOSED_BYTES
    )


def _is_agreed(draft: DecisionDraft, survivor: ContactId, other: ContactId) -> bool:
    """Whether nobody has to be asked before the two are merged: the agent whose command it is may
    change the other one already, and nobody gains or loses a contact."""
    cause, found = draft.cause, draft.require(other)
    if cause.by is not None and not may_change(
        draft.known, found, cause.by, administrator=cause.administrator
    ):
        return False
    return may_merge_without_asking(draft.known, draft.require(survivor), found)


def _order(draft: DecisionDraft, one: ContactId, another: ContactId) -> tuple[ContactId, ContactId]:
    """The older one, and the younger."""
    older, younger = sorted((one, another), key=lambda each: (draft.require(each).age, each))
    return older, younger


def _merge_two(
    draft: DecisionDraft, one: ContactId, another: ContactId, fact: str
) -> tuple[ContactId, Mapping[str, str]]:
    """The contact that stays, and the phone numbers and emails that it got."""
    stays, _ = _order(draft, one, another)
    before = draft.require(stays)
    merge_contacts(draft, one, another, by=None, fact=fact)
    return stays, _list_facts(draft, stays, (*before.phones, *before.emails))


def _may_merge(draft: DecisionDraft, one: ContactId, another: ContactId, fact: str) -> bool:
    """Whether one contact can contain all of both, together with what the command has changed by
    now, and nobody has separated them, or declined to merge them because of this fact; nor any of
    the contacts that were merged into them."""
    if not draft.may_change(one, another, *draft.changed):
        return False
    ours, theirs = _list_merged(draft, one), _list_merged(draft, another)
    return (
        fits(ours[one], theirs[another])
        and not _prevents_merge(ours, theirs, fact)
        and not _prevents_merge(theirs, ours, fact)
    )


def _prevents_merge(
    ours: Mapping[ContactId, ContactState], theirs: Collection[ContactId], fact: str
) -> bool:
    return any(
        not set(theirs).isdisjoint(each.separated_from)
        or any(
            proposal.declined and proposal.fact == fact and proposal.other in theirs
            for proposal in each.proposals.values()
        )
        for each in ours.values()
    )


def _list_merged(draft: DecisionDraft, survivor: ContactId) -> dict[ContactId, ContactState]:
    """The contact, and those that were merged into it."""
    ids = (survivor, *draft.require(survivor).merged)
    return {id_: each for id_ in ids if (each := draft.contact(id_)) is not None}


def _list_facts(
    draft: DecisionDraft, contact_id: ContactId, before: Collection[str]
) -> dict[str, str]:
    """The phone numbers and emails of a contact that are not among `before`, and are not shared by
    many people, each with its index key."""
    contact = draft.require(contact_id)
    keys = {phone: phone_key(phone) for phone in contact.phones}
    keys |= {email: email_key(email) for email in contact.emails}
    return {
        value: key
        for value, key in keys.items()
        if value not in before and draft.known.setup(SHARED_NUMBERS, value) is None
    }
