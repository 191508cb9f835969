"""Phone numbers and emails that customers wrote, offered as those of their contact (C3)."""

from typing import ClassVar, Protocol

import msgspec

from tuyen_events.crm.records import ContactEvent, MergingCommand
from tuyen_events.ids import AgentId, ConversationId
from tuyen_events.vocabulary import Word


class FactKind(Word):
    PHONE = "phone"
    EMAIL = "email"


class Suggestion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What may be the contact's; an agent decides."""

    id: str
    kind: FactKind
    value: str
    """As a contact has it: in E.164, or in lower case."""
    conversation_id: ConversationId | None = None
    """Where the customer wrote it first."""


class AnswerSuggestion(MergingCommand, frozen=True, kw_only=True):
    """Add what is offered to the contact, or decline it. What was answered so before changes
    nothing."""

    type: ClassVar[str] = "suggestion.answer.v1"
    suggestion_id: str
    accept: bool
    by: AgentId
    administrator: bool = False
    """Whether the agent's role makes them a manager of the default warehouse (W1)."""
    expected_version: int | None = None
    """Refuse when the contact has another version by then."""


class SuggestionsOffered(ContactEvent, frozen=True, kw_only=True):
    """A customer wrote phone numbers and emails that the contact does not have."""

    type: ClassVar[str] = "suggestions.offered.v1"
    offered: tuple[Suggestion, ...]


class SuggestionAnswer(ContactEvent, frozen=True, kw_only=True):
    """An agent answered a suggestion."""

    suggestion_id: str
    kind: FactKind
    value: str
    by: AgentId


class SuggestionAccepted(SuggestionAnswer, frozen=True, kw_only=True):
    """The contact has the value now, beside those that it had."""

    type: ClassVar[str] = "suggestion.accepted.v1"


class SuggestionDeclined(SuggestionAnswer, frozen=True, kw_only=True):
    """The value is not offered for this contact again."""

    type: ClassVar[str] = "suggestion.declined.v1"


class HasSuggestions(Protocol):
    """A contact, as a decision or a reader knows it."""

    @property
    def phones(self) -> tuple[str, ...]: ...

    @property
    def emails(self) -> tuple[str, ...]: ...

    @property
    def suggestions(self) -> tuple[Suggestion, ...]: ...

    @property
    def declined(self) -> tuple[str, ...]: ...


def list_open(contact: HasSuggestions) -> tuple[Suggestion, ...]:
    """The suggestions that wait for an answer: not those whose values the contact has got in
    another way, or that were declined for a contact with which it was merged."""
    settled = {*contact.phones, *contact.emails, *contact.declined}
    return tuple(each for each in contact.suggestions if each.value not in settled)
