"""What is offered, in the contact's document, and in words."""

from typing import assert_never

import msgspec

from tuyen_crm.domain.suggesting import SuggestionEvents, change_suggestions
from tuyen_crm.entities.contacts.view import change_contact
from tuyen_crm.entities.entity import EventDescription
from tuyen_crm.entities.wording import list_changes
from tuyen_events.crm.suggestions import (
    FactKind,
    SuggestionAccepted,
    SuggestionDeclined,
    SuggestionsOffered,
)
from tuyen_views.contacts import ContactDocument

_WORDS = {
    FactKind.PHONE: ("số điện thoại", "the phone number"),
    FactKind.EMAIL: ("email", "the email"),
}


def fold(document: ContactDocument | None, event: SuggestionEvents) -> ContactDocument | None:
    if document is None:
        return None
    fields = change_suggestions(document, event)
    if isinstance(event, SuggestionsOffered):
        return msgspec.structs.replace(document, **fields, sequence=event.sequence)
    return change_contact(document, event, **fields)


def describe(
    event: SuggestionEvents, before: ContactDocument | None, after: ContactDocument | None
) -> EventDescription:
    match event:
        case SuggestionsOffered():
            values = ", ".join(each.value for each in event.offered)
            return EventDescription(
                vi=f"Khách, hoặc trang web, cho biết {values}: chờ nhân viên xác nhận.",
                en=f"The customer or the site named {values}: an agent can accept it.",
            )
        case SuggestionAccepted():
            vi, en = "xác nhận", "accepted"
        case SuggestionDeclined():
            vi, en = "bỏ qua", "declined"
        case _:
            assert_never(event)
    vi_kind, en_kind = _WORDS[event.kind]
    return EventDescription(
        by=event.by,
        vi=f"{vi} {vi_kind} {event.value} được gợi ý.",
        en=f"{en} {en_kind} {event.value} that was offered.",
        changes=list_changes(before, after, ("phones", "emails")),
    )
