"""Suggestions: phone numbers and emails that are offered for a contact, and what follows from the
agents' answers.

Decides C3.
"""

from collections.abc import Iterable
from typing import Any, assert_never

import msgspec

from tuyen_crm.domain.state import ContactState
from tuyen_events.crm.suggestions import (
    FactKind,
    HasSuggestions,
    Suggestion,
    SuggestionAccepted,
    SuggestionDeclined,
    SuggestionsOffered,
    list_open,
)
from tuyen_events.crm_limits import CONTACT_DECLINED, CONTACT_SUGGESTIONS
from tuyen_events.ids import ConversationId, OrganizationId, suggestion_id

SuggestionEvents = SuggestionsOffered | SuggestionAccepted | SuggestionDeclined

FIELDS_OF_KINDS = {FactKind.PHONE: "phones", FactKind.EMAIL: "emails"}
"""The field of a contact that has the values of each kind."""


def offer(
    contact: ContactState,
    values: Iterable[str],
    organization: OrganizationId,
    conversation_id: ConversationId | None,
) -> tuple[Suggestion, ...]:
    """Suggestions for those of the values that the contact does not have, that are not offered yet,
    and that no agent declined. If the contact has the most open suggestions that are allowed, it
    gets no more until one of them is answered."""
    still_open = list_open(contact)
    known = {*contact.phones, *contact.emails, *contact.declined}
    known |= {each.value for each in still_open}
    new = [value for value in dict.fromkeys(values) if value not in known]
    return tuple(
        Suggestion(
            id=suggestion_id(organization, value),
            kind=FactKind.EMAIL if "@" in value else FactKind.PHONE,
            value=value,
            conversation_id=conversation_id,
        )
        for value in new[: CONTACT_SUGGESTIONS - len(still_open)]
    )


def apply_suggestions(contact: ContactState | None, event: SuggestionEvents) -> ContactState | None:
    """The contact after the event. An offer does not change the version, so that it does not
    interfere with an agent who is editing the contact."""
    if contact is None:
        return None
    version = contact.version if isinstance(event, SuggestionsOffered) else event.sequence
    fields = change_suggestions(contact, event)
    return msgspec.structs.replace(contact, **fields, sequence=event.sequence, version=version)


def change_suggestions(contact: HasSuggestions, event: SuggestionEvents) -> dict[str, Any]:
    """The fields that the event changes, by their names."""
    if isinstance(event, SuggestionsOffered):
        return {"suggestions": (*list_open(contact), *event.offered)}
    left = tuple(each for each in contact.suggestions if each.id != event.suggestion_id)
    match event:
        case SuggestionAccepted():
            field = FIELDS_OF_KINDS[event.kind]
            return {"suggestions": left, field: (*getattr(contact, field), event.value)}
        case SuggestionDeclined():
            declined = remember_declined(contact.declined, [event.value])
            return {"suggestions": left, "declined": declined}
        case _:
            assert_never(event)


def remember_declined(before: Iterable[str], values: Iterable[str]) -> tuple[str, ...]:
    """The values that are not offered again, the newest last. The oldest are forgotten."""
    newest = dict.fromkeys(values)
    return (*(each for each in before if each not in newest), *newest)[-CONTACT_DECLINED:]
