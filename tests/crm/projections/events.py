"""Events of a shop's contacts, and their records."""

from datetime import UTC, datetime

from tuyen_events.codec import encode
from tuyen_events.crm.contacts import ContactCreated, ContactNamed, ContactRenamed
from tuyen_events.crm.notes import NoteAdded, NoteId
from tuyen_events.crm.records import ContactEvent
from tuyen_events.crm.suggestions import (
    FactKind,
    Suggestion,
    SuggestionDeclined,
    SuggestionsOffered,
)
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, ContactId, CustomerId, OrganizationId, PageId, suggestion_id
from tuyen_events.vocabulary import Channel
from tuyen_platform.kafka.ports import Record

MOMENT = datetime(2026, 9, 21, 12, 30, 1, 250_000, tzinfo=UTC)
SHOP, PAGE = OrganizationId("hoa-sen"), PageId("trang")


def create(number: int, name: str | None = None) -> ContactCreated:
    return ContactCreated(
        organization=SHOP,
        contact_id=ContactId(f"con_{number}"),
        customer_id=CustomerId(f"cus_{number}"),
        page_id=PAGE,
        channel=Channel.FACEBOOK,
        external_id=str(number),
        name=name,
        warehouse_id="default",
        caused_by=f"evt_{number}",
        at=MOMENT,
    )


def set_name(number: int, name: str, sequence: int = 2, *, renamed: bool = False) -> ContactNamed:
    return ContactNamed(
        organization=SHOP,
        contact_id=ContactId(f"con_{number}"),
        sequence=sequence,
        renamed=renamed,
        customer_id=CustomerId(f"cus_{number}"),
        name=name,
        picture="https://p.example/1",
        caused_by="evt_later",
        at=MOMENT,
    )


def change(number: int, name: str | None, sequence: int) -> ContactRenamed:
    return ContactRenamed(
        organization=SHOP,
        contact_id=ContactId(f"con_{number}"),
        sequence=sequence,
        name=name,
        previous_name=None,
        by=AgentId("hoa"),
        caused_by=f"cmd_{sequence}",
        at=MOMENT,
    )


def offer(number: int, sequence: int) -> SuggestionsOffered:
    value = f"+8491234{number:04d}"
    suggestion = Suggestion(id=suggestion_id(SHOP, value), kind=FactKind.PHONE, value=value)
    return SuggestionsOffered(
        organization=SHOP,
        contact_id=ContactId(f"con_{number}"),
        sequence=sequence,
        offered=(suggestion,),
        caused_by=f"evt_{sequence}",
        at=MOMENT,
    )


def decline(number: int, sequence: int) -> SuggestionDeclined:
    (suggestion,) = offer(number, sequence).offered
    return SuggestionDeclined(
        organization=SHOP,
        contact_id=ContactId(f"con_{number}"),
        sequence=sequence,
        suggestion_id=suggestion.id,
        kind=suggestion.kind,
        value=suggestion.value,
        by=AgentId("hoa"),
        caused_by=f"cmd_{sequence}",
        at=MOMENT,
    )


def note(number: int, text: str, sequence: int) -> NoteAdded:
    return NoteAdded(
        organization=SHOP,
        contact_id=ContactId(f"con_{number}"),
        sequence=sequence,
        note_id=NoteId(f"note_{number}_{sequence}"),
        text=text,
        by=AgentId("hoa"),
        caused_by=f"cmd_{sequence}",
        at=MOMENT,
    )


def record(event: ContactEvent, offset: int, partition: int = 3) -> Record:
    envelope = Envelope(id="e", source="t", subject=event.contact_id, time=MOMENT, data=event)
    value, headers = encode(envelope)
    return Record("contacts", partition, offset, 0, event.contact_id.encode(), value, headers)
