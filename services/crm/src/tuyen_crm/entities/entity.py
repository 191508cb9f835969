"""What an entity of the CRM consists of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tuyen_crm.domain.decision import CommandDecision
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.state import ContactState, count_only
from tuyen_events.crm.records import CrmCommand, CrmEvent
from tuyen_events.ids import AgentId
from tuyen_views.contacts import ContactDocument
from tuyen_views.history import Change
from tuyen_views.view import DocumentT, View

CommandT = TypeVar("CommandT", bound=CrmCommand)
OwnEventT = TypeVar("OwnEventT", bound=CrmEvent)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDescription:
    """A description of an event in Vietnamese and English (C8). If `by` is an agent, the sentences
    have no subject."""

    by: AgentId | None = None
    vi: str
    en: str
    changes: tuple[Change, ...] = ()


def show_nothing(document: ContactDocument, _event: CrmEvent) -> ContactDocument:
    """For entities whose events the contact's own document does not show."""
    return document


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity(Generic[CommandT, OwnEventT, DocumentT]):
    """One kind of thing that the CRM keeps: contacts, a kind of child entity, or a kind of setup.

    `decide` returns the events that follow from one of its `commands`. `fold` applies one of its
    `events` to the document whose id is `key(event)`, or to None if there is none yet, and returns
    None if the document is removed; events are folded in the order of their sequences, and none
    twice. `describe` puts an event into words, and gets the documents before and after it. `evolve`
    is for entities whose events change what later decisions about the contact depend on. An entity
    whose view is that of the contacts changes the contact's own document; another one whose events
    change it as well has `show`.
    """

    name: str
    commands: tuple[type[CommandT], ...]
    decide: Callable[[KnownState, CommandT], CommandDecision]
    events: tuple[type[OwnEventT], ...]
    view: View[DocumentT]
    key: Callable[[OwnEventT], str]
    fold: Callable[[DocumentT | None, OwnEventT], DocumentT | None]
    describe: Callable[[OwnEventT, DocumentT | None, DocumentT | None], EventDescription]
    evolve: Callable[[ContactState | None, Any], ContactState | None] = count_only
    """It gets one of `events`."""
    show: Callable[[ContactDocument, Any], ContactDocument] = show_nothing
    """How one of `events` changes the document of the contact itself, which has the event's
    sequence already. Use `change_contact` if that is a change of the contact's version."""
