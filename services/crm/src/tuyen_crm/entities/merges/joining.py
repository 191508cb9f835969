"""Finds which contacts become one (C2).

Numbers are unique in the order of the commands: a contact that gets a phone number or an email
finds at once who had it before.

Decides C2.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from tuyen_crm.domain.content import absorb
from tuyen_crm.domain.decision import CommandDecision
from tuyen_crm.domain.facts import email_fact, find_facts, phone_fact
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.state import ContactState
from tuyen_crm.domain.suggesting import SuggestionEvents, apply_suggestions
from tuyen_crm.entities.contacts import evolve as contacts
from tuyen_crm.entities.merges import evolve as merges
from tuyen_crm.entities.merges.owners import agree_about
from tuyen_events.crm.contacts import ContactMerged
from tuyen_events.crm.merges import ContactAbsorbed, ContactReleased
from tuyen_events.crm.records import ContactCommand, ContactEvent, CrmOutcome
from tuyen_events.ids import AgentId, ContactId, OrganizationId, merge_id
from tuyen_events.limits import (
    CONTACT_CUSTOM_VALUES,
    CONTACT_CUSTOMERS,
    CONTACT_EMAILS,
    CONTACT_MERGES,
    CONTACT_PHONES,
)

SHARED_NUMBERS = "shared_numbers"
"""The entity of the setup that lists what many people share."""

_NEWEST = 2**63 - 1
"""The order of what is decided now, until the decider gives it one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What all events that follow from one command have in common."""

    organization: OrganizationId
    caused_by: str
    at: datetime


_DraftedEvents = contacts.OwnContactEvent | merges.MergeEvents | SuggestionEvents


class MergeDraft:
    """The events that follow from a command, and the contacts after them."""

    def __init__(self, known: KnownState, cause: Cause) -> None:
        self.known = known
        self.cause = cause
        self.events: list[ContactEvent] = []
        self._contacts: dict[ContactId, ContactState] = {}

    def contact(self, contact_id: ContactId) -> ContactState | None:
        return self._contacts.get(contact_id) or self.known.contact(contact_id)

    def require(self, contact_id: ContactId) -> ContactState:
        """The contact, which must exist."""
        contact = self.contact(contact_id)
        if contact is None:
            raise ValueError(f"there is no contact {contact_id}")
        return contact

    def add(self, event: _DraftedEvents) -> None:
        before = self.contact(event.contact_id)
        now = msgspec.structs.replace(event, order=_NEWEST)
        if isinstance(now, ContactAbsorbed | ContactReleased):
            after = merges.evolve(before, now)
        elif isinstance(now, SuggestionEvents):
            after = apply_suggestions(before, now)
        else:
            after = contacts.evolve(before, now)
        self.note(event, after)

    def note(self, event: ContactEvent, after: ContactState | None) -> None:
        """Adds an event whose contact is `after` it."""
        if after is not None:
            self._contacts[event.contact_id] = after
        self.events.append(event)

    def find(self, fact: str) -> list[ContactId]:
        """The contacts with this fact, after the events."""
        found = set(self.known.find(fact)) - self._contacts.keys()
        found |= {id_ for id_, contact in self._contacts.items() if fact in find_facts(contact)}
        return sorted(found)


def cause_of(command: ContactCommand) -> Cause:
    return Cause(organization=command.organization, caused_by=command.command_id, at=command.at)


def join_by_facts(draft: MergeDraft, contact_id: ContactId, before: Set[str]) -> CommandDecision:
    """The decision, after a command has changed a contact whose phone numbers and emails were
    `before`: it is merged with those that have one of the new ones."""
    last, elsewhere = contact_id, []
    for value, fact in _list_new(draft, contact_id, before):
        for other in draft.find(fact):
            if draft.require(other).merged_into is not None:
                continue  # by this command
            if other == last or not may_join(draft, last, other):
                continue
            if agree_about(draft.known, draft.require(last), draft.require(other)):
                last = merge_contacts(draft, last, other, by=None, fact=value)
            else:
                elsewhere.append(value)
    return decide_joined(draft, contact_id, last, elsewhere)


def decide_joined(
    draft: MergeDraft, contact_id: ContactId, last: ContactId, elsewhere: Sequence[str] = ()
) -> CommandDecision:
    """The decision about a command, when the contact that it was about has become a part of
    `last`, or is `last`."""
    return CommandDecision(
        outcome=CrmOutcome.APPLIED,
        version=draft.require(last).version,
        events=tuple(draft.events),
        survivor=None if last == contact_id else last,
        known_elsewhere=tuple(dict.fromkeys(elsewhere)),
    )


def merge_contacts(
    draft: MergeDraft, one: ContactId, another: ContactId, *, by: AgentId | None, fact: str | None
) -> ContactId:
    """Merges two contacts, and returns the older one, which stays."""
    older, younger = sorted((one, another), key=lambda each: (draft.require(each).age, each))
    stays, goes = draft.require(older), draft.require(younger)
    cause = draft.cause
    about: dict[str, Any] = {
        "organization": cause.organization,
        "caused_by": cause.caused_by,
        "at": cause.at,
        "merge_id": merge_id(cause.caused_by, older, younger),
        "by": by,
    }
    content, gained = absorb(stays, goes)
    draft.add(ContactMerged(**about, contact_id=younger, sequence=goes.sequence + 1, into=older))
    draft.add(
        ContactAbsorbed(
            **about,
            contact_id=older,
            sequence=stays.sequence + 1,
            absorbed=younger,
            merged=(*stays.merged, younger, *goes.merged),
            content=content,
            gained=gained,
            fact=fact,
        )
    )
    return older


def may_join(draft: MergeDraft, one: ContactId, another: ContactId) -> bool:
    """Whether nobody has separated the two, and one contact can contain all of both."""
    first, second = draft.require(one), draft.require(another)
    return another not in first.apart and one not in second.apart and fits(first, second)


def fits(one: ContactState, another: ContactState) -> bool:
    """Whether one contact can contain all of both."""
    content, _ = absorb(one, another)
    return (
        len(content.phones) <= CONTACT_PHONES
        and len(content.emails) <= CONTACT_EMAILS
        and len(content.customers) <= CONTACT_CUSTOMERS
        and len(content.custom) <= CONTACT_CUSTOM_VALUES
        and len(one.merged) + len(another.merged) < CONTACT_MERGES
    )


def _list_new(draft: MergeDraft, contact_id: ContactId, before: Set[str]) -> list[tuple[str, str]]:
    """The contact's new phone numbers and emails that are not shared by many people, each with its
    fact."""
    contact = draft.require(contact_id)
    facts = [(phone, phone_fact(phone)) for phone in contact.phones]
    facts += [(email, email_fact(email)) for email in contact.emails]
    return [
        (value, fact)
        for value, fact in facts
        if value not in before and draft.known.setup(SHARED_NUMBERS, value) is None
    ]
