"""The id of a child that was removed, used again for another contact."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from crm.projections.events import SHOP, create, note, record
from support.folding import fold_events as batch
from tuyen_crm.projections.crm import VIEWS, CrmProjection
from tuyen_events.crm.contacts import ContactRemoved
from tuyen_events.crm.notes import NoteAdded, NoteId, NoteRemoved
from tuyen_events.crm.records import ContactEvent
from tuyen_events.ids import AgentId, ContactId
from tuyen_gateway.adapters.crm import MongoCrm
from tuyen_gateway.domain.contact_visibility import AccessLevel, ContactScope
from tuyen_platform.mongodb import Database, connect
from tuyen_views.history import HISTORY_VIEW
from tuyen_views.notes import NOTES_VIEW

FIRST, OTHER, HOA = ContactId("con_1"), ContactId("con_2"), AgentId("hoa")
NOTE = NoteId("note_vip")
_END = datetime(2126, 9, 21, tzinfo=UTC)
"""MongoDB drops what is left of a removed document a day after that."""

MANAGER = ContactScope(organization=SHOP, agent_id=HOA, managed=frozenset({"default"}))


@pytest.fixture
def views(mongodb: str, database: str) -> Database:
    return connect(mongodb, database)


def _note(number: int, text: str, sequence: int, order: int) -> NoteAdded:
    return replace(note(number, text, sequence), note_id=NOTE, order=order)


def _end(with_its_contact: bool) -> ContactEvent:
    """The first contact's note is removed, by its 52nd event."""
    about: dict[str, Any] = {
        "organization": SHOP,
        "contact_id": FIRST,
        "sequence": 52,
        "order": 60,
        "by": HOA,
        "caused_by": "cmd_end",
        "at": _END,
    }
    return ContactRemoved(**about) if with_its_contact else NoteRemoved(**about, note_id=NOTE)


async def _read(views: Database) -> dict[str, list[Any]]:
    return {
        view.collection: await views[view.collection].find().sort("_id", 1).to_list(None)
        for view in VIEWS
    }


@pytest.mark.parametrize("with_its_contact", [False, True])
async def test_c5_c8_inv6_it_is_shown_however_the_partitions_are_read(
    views: Database, with_its_contact: bool
) -> None:
    """The other contact has few events. The events of two contacts may be in two partitions, which
    are read in any order."""
    first: list[ContactEvent] = [create(1), _note(1, "Size 42", 2, 40), _end(with_its_contact)]
    other: list[ContactEvent] = [create(2), _note(2, "Size 37", 2, 61)]
    found = []
    for events, at_once in (
        ([*first, *other], 1),
        ([*first, *other], 9),
        ([*other, *first], 1),
        ([*other, *first], 9),
        ([create(2), *first[:2], other[1], first[2]], 2),
    ):
        await CrmProjection(views).drop()
        records = [record(each, offset) for offset, each in enumerate(events)]
        for start in (*range(0, len(records), at_once), 0):  # the first ones once more
            await CrmProjection(views).fold(batch(records[start : start + at_once]))
        crm = MongoCrm(views)
        shown = await crm.child(NOTES_VIEW, MANAGER, NOTE)
        assert shown is not None
        assert (shown[1].contact_id, shown[1].text) == (OTHER, "Size 37")
        history = views[HISTORY_VIEW.collection]
        assert await history.count_documents({"contact_id": OTHER}) == 2
        kept = 0 if with_its_contact else 3
        assert await history.count_documents({"contact_id": FIRST}) == kept
        found.append(await _read(views))
    assert all(each == found[0] for each in found)


async def test_c5_of_two_that_are_shown_for_a_moment_the_last_one_counts(views: Database) -> None:
    """The view shows already that the other contact has it, and not yet that the first one lost
    it."""
    events = [create(1), create(2), _note(1, "Size 42", 2, 40), _note(2, "Size 37", 2, 61)]
    projection, crm = CrmProjection(views), MongoCrm(views)
    await projection.fold(batch([record(each, offset) for offset, each in enumerate(events)]))
    shown = await crm.child(NOTES_VIEW, MANAGER, NOTE)
    assert shown is not None
    assert shown[1].contact_id == OTHER
    assert await crm.child(NOTES_VIEW, MANAGER, "note_vi") is None
    assert await crm.child(NOTES_VIEW, MANAGER, "note_vip.2") is None


async def test_w6_who_sees_one_of_the_contacts_knows_that_its_note_was_removed(
    views: Database,
) -> None:
    removed = _end(with_its_contact=False)
    events = [create(1), _note(1, "Size 42", 2, 40), removed, create(2), _note(2, "Size 37", 2, 61)]
    again = replace(removed, contact_id=OTHER, sequence=3, order=62)
    projection, crm = CrmProjection(views), MongoCrm(views)
    records = [record(each, offset) for offset, each in enumerate([*events, again])]
    await projection.fold(batch(records))
    assert await crm.child(NOTES_VIEW, MANAGER, NOTE) is None
    assert await crm.access_to_removed(NOTES_VIEW, MANAGER, NOTE) is AccessLevel.WRITE
    stranger = ContactScope(organization=SHOP, agent_id=AgentId("minh"))
    assert await crm.access_to_removed(NOTES_VIEW, stranger, NOTE) is AccessLevel.NOTHING
