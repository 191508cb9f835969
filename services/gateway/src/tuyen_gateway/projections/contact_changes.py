"""Makes live streams send what changed in the CRM: the rows of the inbox that show another contact
or name, and proposals to merge contacts (C2).

Which contact a customer belongs to, and its name, is read from the CRM's views with each row, and
is not stored in it. So the rows get a new revision once these views show the change: whoever reads
a row with that revision reads the change, too.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

from msgspec import UNSET

from tuyen_events.crm.claims import ContactMoved
from tuyen_events.crm.contacts import (
    ContactCreated,
    ContactNamed,
    ContactPatched,
    ContactRemoved,
    ContactRenamed,
    ContactSeparated,
)
from tuyen_events.crm.merge_proposals import (
    MergeProposalApproved,
    MergeProposalClosed,
    MergeProposalEvent,
    MergeProposed,
)
from tuyen_events.crm.merges import ContactAbsorbed, ContactReleased
from tuyen_events.event import Event
from tuyen_events.ids import ContactId, ConversationId, CustomerId, OrganizationId
from tuyen_events.limits import ROWS_OF_CONTACT
from tuyen_events.topics import CONTACTS
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.identity import SERVICE
from tuyen_gateway.projections.collections import (
    BY_CUSTOMER,
    CONVERSATIONS,
    UNNAMED,
    ensure_indexes,
    read_by_id,
)
from tuyen_gateway.projections.counters import write_again
from tuyen_gateway.projections.heads import note_crm_change
from tuyen_gateway.projections.journal import note_proposals, note_unlisted
from tuyen_platform.clock import Clock
from tuyen_platform.error_causes import ContendedError
from tuyen_platform.kafka.consumer import ConsumerStatus
from tuyen_platform.kafka.ports import Log, Offsets, Record
from tuyen_platform.mongodb import Database, Document
from tuyen_platform.projection import (
    FoldedEvent,
    MongoPositions,
    find_event_type,
    has_folded_up_to,
    run_projection,
)
from tuyen_views.contacts import CONTACTS_VIEW
from tuyen_views.listed_proposals import listed_proposal_key
from tuyen_views.view import CRM_VIEWS

VIEW = "contact_changes"
GROUP = "gateway-contact-changes"
_MIN_INTERVAL_S = 0.25
"""The least time between two batches while there is always something new."""

_SAVE_EVERY_S = 1.0
_POLL_S = 0.1
_AT_ONCE = 100
"""Rows that are written in one transaction."""

_TRIES = 50

_TELLING = timedelta(days=1)
"""Older changes are left out: no stream is resumed from before them, and a list is fetched again by
then."""

_MOVING = (ContactAbsorbed, ContactReleased, ContactSeparated, ContactRemoved)
"""After these, customers belong to another contact."""

_NAMING = (ContactCreated, ContactNamed, ContactRenamed, ContactPatched)
"""These may change a contact's name, which is shown where customers have none."""

_PROPOSING = (MergeProposed, MergeProposalApproved, MergeProposalClosed)

_WANTED = frozenset(kind.type.encode() for kind in (*_MOVING, *_NAMING, *_PROPOSING, ContactMoved))


class _Changed(NamedTuple):
    """A contact that changed, and which of its customers' rows show it."""

    organization: OrganizationId
    contact_id: ContactId
    customers: tuple[CustomerId, ...]
    """Those that the contact does not have any more."""
    moved: bool
    """Whether all rows show it, or only those without a name."""
    first_name: str | None
    """The contact's first one, if nothing else changed: rows that have it from the channel showed
    it before."""


async def run_contact_changes(
    log: Log, clock: Clock, database: Database, status: ConsumerStatus
) -> None:
    """Runs until cancelled. Gateways share the work. Waits while Kafka, MongoDB or the CRM's views
    are unavailable."""
    crm, indexed = MongoPositions(database, CRM_VIEWS), False

    def is_wanted(record: Record) -> bool:
        since = (clock.now() - _TELLING).timestamp() * 1000
        return record.timestamp >= since and find_event_type(record) in _WANTED

    async def fold(batch: Sequence[FoldedEvent]) -> None:
        nonlocal indexed
        batch = [one for one in batch if _may_be_shown(one.event)]
        if not batch:
            return
        if not indexed:
            await ensure_indexes(database)
            indexed = True
        ends = _find_ends(batch)
        while not await has_folded_up_to(crm, ends):
            status.note_waiting("the CRM's views")
            await asyncio.sleep(_POLL_S)
        await fold_contact_changes(database, [one.event for one in batch])

    await run_projection(
        log,
        CONTACTS,
        service=SERVICE,
        view=VIEW,
        group=GROUP,
        positions=MongoPositions(database, VIEW),
        fold=fold,
        min_interval_s=_MIN_INTERVAL_S,
        status=status,
        wanted=is_wanted,
        save_every_s=_SAVE_EVERY_S,
    )


async def fold_contact_changes(database: Database, events: Iterable[Event]) -> None:
    """Returns once live streams get the rows and proposals as they are after these events, which
    the CRM's views show. Repeating it sends them again.

    Of one contact, ROWS_OF_CONTACT rows at most: if there are more, every reader of the
    organization fetches again.
    """
    events = list(events)
    proposals, all_changed = _find_proposals(events), _find_changed(events)
    left = await _find_left(database, events, proposals)
    await note_proposals(database, proposals, left)
    for changed in all_changed:
        contact = await database[CONTACTS_VIEW.collection].find_one(
            {"_id": changed.contact_id}, {"customers.id": 1}
        )
        has = [] if contact is None else contact.get("customers", [])
        ids = await _find_rows(database, changed, [*changed.customers, *(one["id"] for one in has)])
        if len(ids) > ROWS_OF_CONTACT:
            await note_unlisted(database, changed.organization)
            continue
        for begin in range(0, len(ids), _AT_ONCE):
            await _write_again(database, ids[begin : begin + _AT_ONCE])
    await note_crm_change(database, {*proposals, *(each.organization for each in all_changed)})


def _may_be_shown(event: Event) -> bool:
    """False for what gives a contact no other name: most customers have none at first."""
    if isinstance(event, ContactCreated):
        return event.name is not None
    return not isinstance(event, ContactPatched) or event.name is not UNSET


def _find_ends(batch: Sequence[FoldedEvent]) -> Offsets:
    """The offsets after a batch."""
    ends: dict[tuple[str, int], int] = {}
    for one in batch:
        place = (one.position.topic, one.position.partition)
        ends[place] = max(one.position.offset + 1, ends.get(place, 0))
    return ends


def _find_proposals(events: Iterable[Event]) -> dict[OrganizationId, dict[str, None]]:
    """The keys of the proposals' documents, each once."""
    found: dict[OrganizationId, dict[str, None]] = {}
    for event in events:
        if isinstance(event, MergeProposalEvent):
            key = listed_proposal_key(event.contact_id, event.proposal_id)
            found.setdefault(event.organization, {})[key] = None
    return found


_Places = dict[OrganizationId, dict[tuple[str, str], None]]


async def _find_left(
    database: Database, events: Iterable[Event], proposals: dict[OrganizationId, dict[str, None]]
) -> _Places:
    """The proposals of contacts that came into another warehouse, with the one that they were in.
    Adds the documents of both of their contacts to `proposals`."""
    moved: dict[ContactId, dict[str, None]] = {}
    for event in events:
        if isinstance(event, ContactMoved):
            moved.setdefault(event.contact_id, {})[event.previous_warehouse_id] = None
    left: _Places = {}
    if not moved:
        return left
    query = {"_id": {"$in": sorted(moved)}, "proposals": {"$nin": [None, []]}}
    fields = {"organization": 1, "proposals": 1}
    async for contact in database[CONTACTS_VIEW.collection].find(query, fields):
        keys = proposals.setdefault(contact["organization"], {})
        places = left.setdefault(contact["organization"], {})
        for one in contact["proposals"]:
            for side in (contact["_id"], one["other"]):
                keys[listed_proposal_key(side, one["id"])] = None
            places.update({(one["id"], previous): None for previous in moved[contact["_id"]]})
    return left


def _find_changed(events: Iterable[Event]) -> Collection[_Changed]:
    """Each contact once."""
    found: dict[ContactId, _Changed] = {}
    for event in events:
        if not isinstance(event, (*_MOVING, *_NAMING)) or not _may_be_shown(event):
            continue
        customers = event.customers if isinstance(event, ContactRemoved) else ()
        moved = isinstance(event, _MOVING)
        known = found.get(event.contact_id)
        first_name = event.name if isinstance(event, ContactNamed) and known is None else None
        if known is not None:
            customers, moved = known.customers + customers, known.moved or moved
        found[event.contact_id] = _Changed(
            event.organization, event.contact_id, customers, moved, first_name
        )
    return found.values()


async def _find_rows(
    database: Database, changed: _Changed, customers: Sequence[CustomerId]
) -> list[ConversationId]:
    """One more than ROWS_OF_CONTACT at most."""
    query: Document = {
        "organization": changed.organization,
        "customer.id": {"$in": sorted({*customers})},
    }
    index = BY_CUSTOMER
    if not changed.moved:
        query["customer.name"], index = None, UNNAMED
    if changed.first_name is not None:
        query["description.name"] = {"$ne": changed.first_name}
    found = database[CONVERSATIONS].find(query, {"_id": 1}).hint(index)
    return [one["_id"] for one in await found.limit(ROWS_OF_CONTACT + 1).to_list(None)]


async def _write_again(database: Database, ids: Sequence[ConversationId]) -> None:
    for _ in range(_TRIES):
        stored = await read_by_id(database[CONVERSATIONS], InboxRow, ids)
        if await write_again(database, stored.values()):
            return
        await asyncio.sleep(0)
    raise ContendedError("conversations")
