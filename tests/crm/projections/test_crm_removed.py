"""What is known of something that was removed: who saw it (W6)."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from crm.projections.events import MOMENT, SHOP, change, create, note, record
from support.folding import fold_events as batch
from tuyen_crm.projections.crm import CrmProjection
from tuyen_events.crm.contacts import ContactRemoved
from tuyen_events.crm.notes import NoteId, NoteRemoved
from tuyen_events.crm.records import ContactEvent
from tuyen_events.crm.tasks import TaskAdded, TaskId, TaskState
from tuyen_events.ids import AgentId, ContactId, OrganizationId
from tuyen_gateway.adapters.crm import MongoCrm
from tuyen_gateway.domain.contact_visibility import AccessLevel, ContactScope
from tuyen_platform.mongodb import Database, connect
from tuyen_views.contacts import CONTACTS_VIEW
from tuyen_views.history import HISTORY_VIEW
from tuyen_views.notes import NOTES_VIEW
from tuyen_views.tasks import TASKS_VIEW
from tuyen_views.view import View

CONTACT, HOA = ContactId("con_1"), AgentId("hoa")
MANAGER = ContactScope(organization=SHOP, agent_id=HOA, managed=frozenset({"default"}))
MEMBER = ContactScope(organization=SHOP, agent_id=HOA, joined=frozenset({"default"}))
RIVAL = ContactScope(
    organization=OrganizationId("rival"), agent_id=HOA, managed=frozenset({"default"})
)
STRANGER = ContactScope(organization=SHOP, agent_id=AgentId("minh"))


@pytest.fixture
def views(mongodb: str, database: str) -> Database:
    return connect(mongodb, database)


def remove_note(sequence: int) -> NoteRemoved:
    return NoteRemoved(
        organization=SHOP,
        contact_id=CONTACT,
        sequence=sequence,
        note_id=NoteId("note_1_2"),
        by=HOA,
        caused_by="cmd_note",
        at=MOMENT,
    )


def add_task(sequence: int) -> TaskAdded:
    return TaskAdded(
        organization=SHOP,
        contact_id=CONTACT,
        sequence=sequence,
        task_id=TaskId("task_1"),
        title="Gọi lại",
        assignee=HOA,
        remind_at=MOMENT,
        state=TaskState.OPEN,
        by=HOA,
        caused_by="cmd_task",
        at=MOMENT,
    )


def remove_contact(sequence: int) -> ContactRemoved:
    return ContactRemoved(
        organization=SHOP,
        contact_id=CONTACT,
        sequence=sequence,
        by=HOA,
        caused_by="cmd_contact",
        at=MOMENT + timedelta(seconds=1),
    )


async def fold(views: Database, *events: ContactEvent) -> None:
    projection = CrmProjection(views)
    for offset, event in enumerate(events):
        await projection.fold(batch([record(event, offset)]))


async def test_w6_whoever_sees_the_contact_knows_that_a_note_was_removed(views: Database) -> None:
    await fold(views, create(1), note(1, "Size 42", 2), remove_note(3))
    crm = MongoCrm(views)
    levels = [
        await crm.access_to_removed(NOTES_VIEW, scope, "note_1_2")
        for scope in (MANAGER, MEMBER, STRANGER)
    ]
    assert levels == [AccessLevel.WRITE, AccessLevel.CLAIMABLE, AccessLevel.NOTHING]
    assert await crm.access_to_removed(NOTES_VIEW, MANAGER, "note_9") is AccessLevel.NOTHING
    assert await crm.access_to_removed(NOTES_VIEW, RIVAL, "note_1_2") is AccessLevel.NOTHING
    assert await crm.child(NOTES_VIEW, MANAGER, "note_1_2") is None


async def test_w6_whoever_saw_a_removed_contact_knows_that_it_was_removed(views: Database) -> None:
    await fold(views, create(1), note(1, "Size 42", 2), remove_contact(3))
    crm = MongoCrm(views)
    for scope, access in (
        (MANAGER, AccessLevel.WRITE),
        (MEMBER, AccessLevel.CLAIMABLE),
        (STRANGER, AccessLevel.NOTHING),
    ):
        assert await crm.access_to_removed(CONTACTS_VIEW, scope, CONTACT) is access
    assert await crm.contact(MANAGER, CONTACT) is None
    assert await crm.access_to_removed(NOTES_VIEW, MANAGER, "note_1_2") is AccessLevel.NOTHING


async def test_w6_a_contact_that_exists_was_not_removed(views: Database) -> None:
    await fold(views, create(1), note(1, "Size 42", 2), remove_contact(3))
    again = replace(create(1), sequence=4)
    await CrmProjection(views).fold(batch([record(again, 9)]))
    crm = MongoCrm(views)
    assert await crm.access_to_removed(CONTACTS_VIEW, MANAGER, CONTACT) is AccessLevel.NOTHING
    assert await crm.contact(MANAGER, CONTACT) is not None


async def list_shown(views: Database, view: View[Any]) -> list[str]:
    found = views[view.collection].find({"organization": SHOP, "contact_id": CONTACT})
    return sorted([each["_id"] async for each in found])


@pytest.mark.parametrize("at_once", [1, 7])
async def test_c11_what_belonged_to_a_removed_contact_is_not_that_of_the_next_one(
    views: Database, at_once: int
) -> None:
    life = [create(1), note(1, "Size 42", 2), add_task(3), remove_contact(4)]
    again = [replace(create(1), sequence=5), note(1, "Size 37", 6), change(1, "Lan", 7)]
    records = [record(each, offset) for offset, each in enumerate([*life, *again])]
    for start in (*range(0, len(records), at_once), 0):  # the first ones once more
        await CrmProjection(views).fold(batch(records[start : start + at_once]))
    assert await list_shown(views, NOTES_VIEW) == [f"{SHOP}/note_1_6/{CONTACT}"]
    assert await list_shown(views, HISTORY_VIEW) == [f"{CONTACT}/{n}" for n in (5, 6, 7)]
    assert await list_shown(views, TASKS_VIEW) == []
    assert await views[TASKS_VIEW.collection].find_one({"reminds_at": {"$lte": MOMENT}}) is None
    crm = MongoCrm(views)
    assert await crm.child(NOTES_VIEW, MANAGER, "note_1_2") is None
    assert await crm.access_to_removed(NOTES_VIEW, MANAGER, "note_1_2") is AccessLevel.NOTHING
