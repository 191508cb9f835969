"""Handles agents' answers to suggestions: phone numbers and emails that are offered for a
contact."""

from functools import partial

from tuyen_crm.domain.decision import (
    NOT_FOUND,
    CommandDecision,
    build_event,
    decide_applied,
    decide_conflict,
    decide_refused,
    decide_unchanged,
)
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.state import ContactState
from tuyen_crm.domain.suggesting import FIELDS_OF_KINDS
from tuyen_crm.domain.survivors import decide_for_survivor
from tuyen_crm.entities.merges.drafts import DecisionDraft, cause_of
from tuyen_crm.entities.merges.merging import decide_merges
from tuyen_events.crm.records import CrmRefusal
from tuyen_events.crm.suggestions import (
    AnswerSuggestion,
    FactKind,
    SuggestionAccepted,
    SuggestionDeclined,
    list_open,
)
from tuyen_events.ids import suggestion_id
from tuyen_events.limits import CONTACT_EMAILS, CONTACT_PHONES

_MOST = {FactKind.PHONE: CONTACT_PHONES, FactKind.EMAIL: CONTACT_EMAILS}


def decide(known: KnownState, command: AnswerSuggestion) -> CommandDecision:
    return decide_for_survivor(known, command, partial(_answer, known))


def _answer(known: KnownState, contact: ContactState, command: AnswerSuggestion) -> CommandDecision:
    if command.expected_version not in (None, contact.version):
        return decide_conflict(contact.version)
    wanted = (each for each in list_open(contact) if each.id == command.suggestion_id)
    suggestion = next(wanted, None)
    if suggestion is None:
        return _answer_again(contact, command)
    about = {"kind": suggestion.kind, "value": suggestion.value}
    sequence = contact.sequence + 1
    if not command.accept:
        return decide_applied(build_event(command, SuggestionDeclined, sequence, **about))
    if len(getattr(contact, FIELDS_OF_KINDS[suggestion.kind])) >= _MOST[suggestion.kind]:
        return decide_refused(CrmRefusal.TOO_MANY, contact.version)
    draft = DecisionDraft(known, cause_of(command))
    draft.add(build_event(command, SuggestionAccepted, sequence, **about))
    return decide_merges(draft, command.contact_id, {*contact.phones, *contact.emails})


def _answer_again(contact: ContactState, command: AnswerSuggestion) -> CommandDecision:
    """Nothing changes if the suggestion got the same answer before."""
    settled = (*contact.phones, *contact.emails) if command.accept else contact.declined
    ids = (suggestion_id(command.organization, value) for value in settled)
    return decide_unchanged(contact.version) if command.suggestion_id in ids else NOT_FOUND
