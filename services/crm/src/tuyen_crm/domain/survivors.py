"""Finds the survivor of a merged contact, for commands about contacts that were merged meanwhile
(C2).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import msgspec

from tuyen_crm.domain.decision import NOT_FOUND, CommandDecision
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.state import ContactState
from tuyen_events.crm.records import ContactCommand
from tuyen_events.ids import ContactId

ContactCommandT = TypeVar("ContactCommandT", bound=ContactCommand)


def find_survivor(
    known: KnownState, contact_id: ContactId
) -> tuple[ContactId, ContactState] | None:
    """The contact, or the one into which it was merged, perhaps by several merges; None if that one
    does not exist."""
    contact = known.contact(contact_id)
    while contact is not None and contact.merged_into is not None:
        contact_id = contact.merged_into
        contact = known.contact(contact_id)
    return None if contact is None else (contact_id, contact)


def decide_for_survivor(
    known: KnownState,
    command: ContactCommandT,
    decide: Callable[[ContactState, ContactCommandT], CommandDecision],
) -> CommandDecision:
    """Decides a command about a contact that may have been merged into another one by now: then it
    is carried out on that one, which is the decision's `survivor`. `decide` gets that contact, and
    the command about it."""
    found = find_survivor(known, command.contact_id)
    if found is None:
        return NOT_FOUND
    contact_id, contact = found
    if contact_id == command.contact_id:
        return decide(contact, command)
    decision = decide(contact, msgspec.structs.replace(command, contact_id=contact_id))
    return replace(decision, survivor=decision.survivor or contact_id)
