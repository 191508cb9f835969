"""What events of contacts add to the numbers of reports: how many came from which source, and are
at which step, with their deals (O3).

The events of a contact are in one partition, in the order of their sequence.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from tuyen_events.crm.claims import PlaceEvent
from tuyen_events.crm.contacts import (
    ContactAdded,
    ContactContent,
    ContactCreated,
    ContactMerged,
    ContactPatched,
    ContactRemoved,
    ContactSeparated,
)
from tuyen_events.crm.deals import DealEvent
from tuyen_events.crm.merges import ContactAbsorbed, ContactReleased
from tuyen_events.crm.records import ContactEvent
from tuyen_events.crm.steps import StepChanged
from tuyen_events.ids import ContactId, OrganizationId
from tuyen_gateway.domain.deal_counts import (
    CountedDeal,
    DealPlace,
    PlacedDeals,
    change_deals,
    compare_deals,
)
from tuyen_gateway.domain.rollups import INFLOW, OUTFLOW, Counted, Slot, quarter_of

_About = tuple[str | None, ...]


class SourceKind(StrEnum):
    """The kind of a contact's source (C12)."""

    PAGE = "page"
    IMPORT = "import"
    INTEGRATION = "integration"
    HAND = "hand"


class CountedContact(msgspec.Struct, frozen=True, kw_only=True):
    """How a contact is counted after the event with this sequence. `present` is whether it exists
    and was not merged into another one."""

    id: ContactId = msgspec.field(name="_id")
    organization: OrganizationId
    sequence: int = 0
    present: bool = False
    kind: SourceKind = SourceKind.HAND
    source: str | None = None
    warehouse_id: str = ""
    steps: dict[str, str] = {}
    """By pipeline."""
    deals: dict[str, CountedDeal] = {}
    revision: int = 0

    def place(self, at: datetime) -> DealPlace:
        """The place of its deals at that time."""
        return DealPlace(at=at, warehouse_id=self.warehouse_id, steps=self.steps)


def note_contact_events(
    contact: CountedContact, events: Iterable[ContactEvent]
) -> tuple[CountedContact, dict[Slot, Counter[str]]]:
    """The contact after events, in their order, and what they add to the numbers. An event whose
    sequence is not new adds nothing."""
    added: dict[Slot, Counter[str]] = {}
    for event in events:
        if event.sequence <= contact.sequence:
            continue
        fields: dict[str, Any] = {"sequence": event.sequence, **_change(contact, event)}
        after = msgspec.structs.replace(contact, **fields)
        for counted, warehouse_id, about, name in _compare(contact, after):
            slot = Slot(
                organization=contact.organization,
                counted=counted,
                quarter=quarter_of(event.at),
                about=about,
                warehouse_id=warehouse_id,
            )
            added.setdefault(slot, Counter())[name] += 1
        old, new = (PlacedDeals(one.deals, one.place(event.at)) for one in (contact, after))
        for slot, name, number in compare_deals(contact.organization, old, new, event):
            added.setdefault(slot, Counter())[name] += number
        contact = after
    return contact, added


def _change(contact: CountedContact, event: ContactEvent) -> dict[str, Any]:
    """The fields that differ after the event. A contact that was created again, after its removal,
    has a source of its own."""
    fields: dict[str, Any] = {}
    own: dict[str, Any]
    match event:
        case ContactCreated():
            own = {"kind": SourceKind.PAGE, "source": event.page_id}
            fields = {**own, "present": True, "warehouse_id": event.warehouse_id, "steps": {}}
        case ContactAdded():
            own = {"kind": _kind_of(event), "source": event.content.source}
            fields = {**own, **_show(event.content)}
        case ContactRemoved():
            fields = {"present": False, "deals": {}}
        case ContactMerged():
            fields = {"present": False}
        case ContactSeparated() | ContactAbsorbed() | ContactReleased():
            fields = _show(event.content)
        case PlaceEvent() | ContactPatched(warehouse_id=str()):
            fields = {"warehouse_id": event.warehouse_id}
        case StepChanged():
            steps = {name: one for name, one in contact.steps.items() if name != event.pipeline_id}
            if event.step_id is not None:
                steps[event.pipeline_id] = event.step_id
            fields = {"steps": steps}
        case DealEvent():
            fields = {"deals": change_deals(contact.deals, event, contact.place(event.at))}
    return fields


def _show(content: ContactContent) -> dict[str, Any]:
    return {"present": True, "warehouse_id": content.warehouse_id, "steps": content.steps}


def _kind_of(event: ContactAdded) -> SourceKind:
    """Who imports a file is known; an integration is nobody."""
    if event.content.source is None:
        return SourceKind.HAND
    return SourceKind.INTEGRATION if event.by is None else SourceKind.IMPORT


def _compare(
    before: CountedContact, after: CountedContact
) -> list[tuple[Counted, str, _About, str]]:
    """What is counted, in which warehouse. A move to another warehouse is none to another step."""
    found = []
    for contact, other, balance, name, step in (
        (before, after, OUTFLOW, "removed", "left"),
        (after, before, INFLOW, "added", "entered"),
    ):
        if not contact.present:
            continue
        moved = not other.present or other.warehouse_id != contact.warehouse_id
        source: _About = (contact.kind, contact.source)
        if moved:
            found.append((Counted.ORIGIN, contact.warehouse_id, source, balance))
        if not other.present:
            found.append((Counted.ORIGIN, contact.warehouse_id, source, name))
        for at in contact.steps.items():
            stays = other.present and at in other.steps.items()
            if moved or not stays:
                found.append((Counted.STEP, contact.warehouse_id, at, balance))
            if not stays:
                found.append((Counted.STEP, contact.warehouse_id, at, step))
    return found
