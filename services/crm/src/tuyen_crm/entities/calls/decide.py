"""Handles reports of calls. The contact of a call is decided in the order of the log.

Decides C7.
"""

from dataclasses import replace

import msgspec

from tuyen_crm.domain.decision import (
    CommandDecision,
    build_event,
    decide_applied,
    decide_refused,
    decide_unchanged,
)
from tuyen_crm.domain.index_keys import phone_key
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.state import ChildState, ContactState
from tuyen_crm.entities.contacts.decide import add_from_source
from tuyen_events.crm.calls import CallRecorded, RecordCall
from tuyen_events.crm.contacts import ContactContent
from tuyen_events.crm.records import CrmOutcome, CrmRefusal
from tuyen_events.crm_limits import CALL_CANDIDATES
from tuyen_events.ids import ContactId

KIND = "calls"


def decide(known: KnownState, command: RecordCall) -> CommandDecision:
    """A call is recorded once. The same id with other content is refused."""
    child = known.child(KIND, command.call_id)
    if child is not None:
        if build_event(command, CallRecorded, child.version).fixed_content != child.fixed_content:
            return decide_refused(CrmRefusal.OTHER_CONTENT, child.version)
        return replace(_repeat(known, child), survivor=child.contact_id)
    called = _find_called(known, command)
    if called is None:
        added = add_from_source(known, command, ContactContent(phones=(command.phone,))).events
        recorded = build_event(command, CallRecorded, added[-1].sequence + 1)
        decision = decide_applied(*added, recorded)
    else:
        contact_id, contact = called
        command = msgspec.structs.replace(command, contact_id=contact_id)
        decision = decide_applied(build_event(command, CallRecorded, contact.sequence + 1))
    return replace(decision, survivor=command.contact_id)


def _repeat(known: KnownState, child: ChildState) -> CommandDecision:
    """The decision about a call that was recorded before. If its contact was removed since, the
    sender gets the same answer as the first time, and the call is not recorded again."""
    contact = known.contact(child.contact_id)
    if contact is not None and child.version > contact.began:
        return decide_unchanged(child.version)
    return CommandDecision(outcome=CrmOutcome.APPLIED, version=child.version)


def _find_called(known: KnownState, command: RecordCall) -> tuple[ContactId, ContactState] | None:
    """The oldest contact with the phone number of those whose assignee is the call's agent, or, if
    there are none, of all."""
    found = [
        (contact_id, contact)
        for contact_id in known.find(phone_key(command.phone), CALL_CANDIDATES)
        if (contact := known.contact(contact_id)) is not None
    ]
    own = [one for one in found if command.agent_id and one[1].assignee == command.agent_id]
    return min(own or found, key=lambda one: (one[1].age, one[0]), default=None)
