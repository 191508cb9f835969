"""Removes entities of the setup to which contacts refer, such as a campaign. The contacts are taken
out first, so that none refers to an entity that does not exist.

One command changes a limited number of contacts. If there are more, the caller empties the entity
first, with as many commands as are needed.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Any, TypeVar

import msgspec

from tuyen_crm.domain.decision import (
    CommandDecision,
    decide_applied,
    decide_refused,
    decide_unchanged,
)
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.state import ContactState
from tuyen_events.crm.records import ContactCommand, CrmEvent, CrmRefusal, SetupCommand
from tuyen_events.ids import ContactId

LeavingT = TypeVar("LeavingT", bound=ContactCommand)

AT_ONCE = 200
"""How many contacts one command takes out."""

_BYTES = 300_000
"""How much their states have together: what a command changes must fit into one record."""

DetachContact = Callable[[ContactId, ContactState], Iterable[CrmEvent]]
"""The events by which a contact does not refer to the entity any more."""


def decide_removal_with_contacts(
    known: KnownState,
    keys: Collection[str],
    take_out: DetachContact,
    removed: CommandDecision | None,
) -> CommandDecision:
    """All contacts with one of these index keys leave, and the entity is removed: `removed` is the
    decision about that by itself. If they are too many, it is refused. With None it is not removed
    yet, and only the first of them leave."""
    if removed is not None and not removed.events:
        return removed
    events, all_of_them = _take_out_some(known, keys, take_out)
    if removed is None:
        return decide_applied(*events) if events else decide_unchanged(0)
    if not all_of_them:
        return decide_refused(CrmRefusal.NOT_EMPTY)
    return decide_applied(*events, *removed.events)


def build_contact_command(
    command: SetupCommand, kind: type[LeavingT], contact_id: ContactId, **more: Any
) -> LeavingT:
    """A command about one of the contacts that leave, as a part of the one about the entity."""
    fields: dict[str, Any] = {
        name: getattr(command, name) for name in ("command_id", "organization", "at", "by")
    }
    return kind(**fields, contact_id=contact_id, **more)


def _take_out_some(
    known: KnownState, keys: Collection[str], take_out: DetachContact
) -> tuple[list[CrmEvent], bool]:
    """The events that take out the first of the contacts, and whether these are all."""
    events: list[CrmEvent] = []
    size = 0
    found = sorted({contact_id for key in keys for contact_id in known.find(key, AT_ONCE + 1)})
    for number, contact_id in enumerate(found):
        contact = known.contact(contact_id)
        size += len(msgspec.json.encode(contact))
        if number == AT_ONCE or (number and size > _BYTES):
            return events, False
        if contact is not None:
            events += take_out(contact_id, contact)
    return events, True
