"""The CRM's views in MongoDB: what they show, and that replay equals live (INV6)."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.lan import write_message
from crm.projections.events import (
    MOMENT,
    PAGE,
    SHOP,
    change,
    create,
    decline,
    note,
    offer,
    record,
    set_name,
)
from support.folding import fold_events as batch
from tuyen_crm.bootstrap import VIEW_GROUP, Crm, compose
from tuyen_crm.projections.crm import VIEWS, CrmProjection
from tuyen_crm.rebuild import rebuild
from tuyen_events.crm.contacts import RenameContact
from tuyen_events.crm.records import ContactEvent
from tuyen_events.event import Envelope
from tuyen_events.ids import (
    AgentId,
    OrganizationId,
    contact_id,
    customer_id,
)
from tuyen_events.inbound import Customer
from tuyen_events.topics import (
    CONTACTS,
    CRM_COMMANDS,
    CRM_RESULTS,
    CRM_STATE,
    DEAD_LETTERS,
    DIRECTORY,
    INBOUND,
)
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.groups import StillRunningError, require_stopped
from tuyen_platform.kafka.topics import ensure_topics
from tuyen_platform.mongodb import Database, Document, connect
from tuyen_platform.projection import has_folded_up_to
from tuyen_views.contacts import CONTACTS_VIEW, of_organization
from tuyen_views.history import HISTORY_VIEW
from tuyen_views.notes import NOTES_VIEW
from tuyen_views.view import OfContact, View

DEADLINE_S = 90
TOPICS = (
    DIRECTORY,
    INBOUND,
    CONTACTS,
    CRM_COMMANDS,
    CRM_RESULTS,
    CRM_STATE,
    DEAD_LETTERS,
)


async def read(database: Database, view: View[Any] = CONTACTS_VIEW) -> list[Document]:
    return [document async for document in database[view.collection].find().sort("_id", 1)]


async def read_all(database: Database) -> list[list[Document]]:
    return [await read(database, view) for view in VIEWS]


@pytest.fixture
def views(mongodb: str, database: str) -> Database:
    return connect(mongodb, database)


async def test_c1_w1_a_contact_in_the_default_warehouse_that_nobody_has(views: Database) -> None:
    await CrmProjection(views).fold(batch([record(create(1), 0), record(set_name(1, "Vĩnh"), 1)]))
    assert await read(views) == [
        {
            "_id": "con_1",
            "organization": "hoa-sen",
            "name": "Vĩnh",
            "name_folded": "vinh",
            "name_suffixes": ["h", "inh", "nh", "\ue001vinh"],
            "phones": [],
            "emails": [],
            "gender": None,
            "birthday": None,
            "address": None,
            "location": None,
            "custom": {},
            "tags": [],
            "customers": [
                {
                    "id": "cus_1",
                    "page_id": "trang",
                    "channel": "facebook",
                    "external_id": "1",
                    "name": "Vĩnh",
                    "picture": "https://p.example/1",
                }
            ],
            "source": "trang",
            "warehouse_id": "default",
            "assignee": None,
            "campaign_id": None,
            "care_status": None,
            "steps": {},
            "suggestions": [],
            "declined": [],
            "viewers": [],
            "shares": [],
            "rules": [],
            "merged": [],
            "proposals": [],
            "merged_into": None,
            "created_at": MOMENT,
            "created_by": None,
            "updated_at": MOMENT,
            "version": 2,
            "sequence": 2,
            "sort_name": "vinh",
            "address_suffixes": [],
            "folded_tags": [],
            "at_steps": [],
        }
    ]


async def test_c8_every_event_is_in_the_history(views: Database) -> None:
    events = [create(1), set_name(1, "Vĩnh"), change(1, "Anh Vĩnh", 3)]
    await CrmProjection(views).fold(batch([record(event, n) for n, event in enumerate(events)]))
    history = await read(views, HISTORY_VIEW)
    assert [(entry["_id"], entry["event"], entry.get("by")) for entry in history] == [
        ("con_1/1", "contact.created", None),
        ("con_1/2", "contact.named", None),
        ("con_1/3", "contact.renamed", "hoa"),
    ]
    assert history[2] == {
        "_id": "con_1/3",
        "organization": "hoa-sen",
        "contact_id": "con_1",
        "place": "000000000000000.000000003.con_1",
        "event": "contact.renamed",
        "by": "hoa",
        "at": MOMENT,
        "vi": "đặt tên cho khách là “Anh Vĩnh”.",
        "en": "named the contact “Anh Vĩnh”.",
        "changes": [{"field": "name", "before": None, "after": "Anh Vĩnh"}],
    }


async def test_c5_notes_are_shown_before_their_contact_says_so(views: Database) -> None:
    events = [create(1), note(1, "Thích màu đỏ.", 2), note(1, "Giao buổi tối.", 3)]
    await CrmProjection(views).fold(batch([record(event, n) for n, event in enumerate(events)]))
    notes = [
        (each["id"], each["text"], each["created_by"]) for each in await read(views, NOTES_VIEW)
    ]
    assert notes == [("note_1_2", "Thích màu đỏ.", "hoa"), ("note_1_3", "Giao buổi tối.", "hoa")]
    (contact,) = await read(views)
    assert (contact["version"], contact["sequence"]) == (1, 3)


async def test_inv3_of_two_events_with_one_sequence_the_first_counts(views: Database) -> None:
    events = [create(1), change(1, "A", 2), change(1, "B", 3), change(1, "late", 2)]
    view = CrmProjection(views)
    await view.fold(batch([record(event, n) for n, event in enumerate(events)]))
    await view.fold(batch([record(change(1, "later", 3), 4)]))
    (contact,) = await read(views)
    assert (contact["name"], contact["sequence"]) == ("B", 3)
    assert [entry["changes"][0]["after"] for entry in (await read(views, HISTORY_VIEW))[1:]] == [
        "A",
        "B",
    ]


async def test_documents_of_earlier_versions_are_folded_once_more(views: Database) -> None:
    old: Document = {
        "_id": "con_1",
        "organization": "hoa-sen",
        "name": "Vĩnh",
        "name_folded": "vinh",
        "phones": [],
        "emails": [],
        "customers": [],
        "warehouse_id": "default",
        "assignee": None,
        "created_at": MOMENT,
        "version": 2,
        "positions": {"3": 1},
    }
    await views[CONTACTS_VIEW.collection].insert_one(dict(old))
    events = [record(create(1), 0), record(set_name(1, "Vĩnh"), 1)]
    await CrmProjection(views).fold(batch(events))
    (contact,) = await read(views)
    assert (contact["name"], contact["sequence"], len(contact["customers"])) == ("Vĩnh", 2, 1)
    assert "positions" not in contact


async def test_two_who_fold_at_once_make_one_view(views: Database) -> None:
    events = [record(create(n), n) for n in range(50)]
    events += [record(set_name(n, f"N {n}"), 50 + n) for n in range(50)]
    await asyncio.gather(*(CrmProjection(views).fold(batch(events)) for _ in range(4)))
    documents = await read(views)
    assert len(documents) == 50
    assert {document["version"] for document in documents} == {2}


async def test_every_list_of_contacts_runs_down_an_index(views: Database) -> None:
    await CrmProjection(views).fold(batch([record(create(1), 0)]))
    for query in ({"organization": "hoa-sen"}, {"organization": "hoa-sen", "_id": {"$gt": "c"}}):
        plan = await views[CONTACTS_VIEW.collection].find(query).sort("_id", 1).explain()
        assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"])


async def test_i4_a_part_of_a_name_is_looked_up_in_an_index(views: Database) -> None:
    events = [record(create(n), n) for n in range(50)]
    events += [record(set_name(n, f"Vĩnh {n}"), 50 + n) for n in range(50)]
    await CrmProjection(views).fold(batch(events))
    query = of_organization(OrganizationId("hoa-sen"), "nh 7")
    found = await views[CONTACTS_VIEW.collection].find(query).explain()
    assert found["executionStats"]["nReturned"] == 1
    assert found["executionStats"]["totalDocsExamined"] == 1


async def test_every_list_of_what_hangs_on_a_contact_runs_down_an_index(views: Database) -> None:
    await CrmProjection(views).fold(batch([record(create(1), 0)]))
    query = {"organization": "hoa-sen", "contact_id": "con_1", "place": {"$lt": "9"}}
    for view in VIEWS:
        if issubclass(view.document, OfContact):
            found = views[view.collection].find(query).sort("place", -1)
            plan = str((await found.explain())["queryPlanner"]["winningPlan"])
            assert "COLLSCAN" not in plan
            assert "SORT" not in plan


def histories(steps: list[tuple[int, str, str | None]]) -> list[ContactEvent]:
    """What happens to a few contacts, with the sequences that the CRM gives."""
    events: list[ContactEvent] = []
    last: dict[int, int] = {}
    hands: set[int] = set()
    for number, kind, name in steps:
        sequence = last.get(number, 0) + 1
        if sequence == 1:
            events.append(create(number, name))
        elif kind == "note":
            events.append(note(number, name or "", sequence))
        elif kind == "offered":
            events.append(offer(number, sequence))
        elif kind == "declined":
            events.append(decline(number, sequence))
        elif kind == "named":
            events.append(set_name(number, name or "Vĩnh", sequence, renamed=number in hands))
        else:
            events.append(change(number, name, sequence))
            hands.add(number)
        last[number] = sequence
    return events


STEPS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(["named", "renamed", "note", "offered", "declined"]),
        st.sampled_from([None, "Lan"]),
    ),
    max_size=12,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS, st.lists(st.integers(0, 12), max_size=6), st.lists(st.integers(0, 11), max_size=4))
def test_inv6_replay_equals_live_whatever_came_again(
    mongodb: str,
    database: str,
    steps: list[tuple[int, str, str | None]],
    restarts: list[int],
    twice: list[int],
) -> None:
    """Live: event by event, and from earlier events again after each restart. Replay: at once. Some
    events are in the log a second time, after all others."""
    events = histories(steps)
    events += [events[place] for place in twice if place < len(events)]
    records = [record(event, offset) for offset, event in enumerate(events)]

    async def compare() -> None:
        views = connect(mongodb, database)
        view = CrmProjection(views)
        await view.drop()
        reached = 0
        for again in [*restarts, 0]:
            for one in records[min(again, reached) :]:
                await view.fold(batch([one]))
            reached = len(records)
        live = await read_all(views)
        await view.drop()
        await view.fold(batch(records))
        assert await read_all(views) == live
        views.client.close()

    asyncio.run(compare())


@pytest.fixture
async def crm(kafka: str, topic_prefix: str, views: Database) -> AsyncIterator[Crm]:
    await ensure_topics(kafka, topic_prefix, 1, TOPICS)
    async with KafkaLog(kafka, topic_prefix, linger_ms=5) as log:
        yield compose(log, views)


async def write(log: KafkaLog, number: int, name: str | None) -> None:
    author = Customer(id=customer_id(SHOP, PAGE, str(number)), external_id=str(number), name=name)
    await write_message(log, f"evt_{number}_{name}", author, at=MOMENT)


async def rename(log: KafkaLog, number: int) -> None:
    data = RenameContact(
        command_id=f"cmd_{number}",
        organization=SHOP,
        contact_id=contact_id(customer_id(SHOP, PAGE, str(number))),
        at=MOMENT,
        name=f"Khách quen {number}",
        by=AgentId("hoa"),
    )
    envelope = Envelope(id=data.command_id, source="t", subject="s", time=MOMENT, data=data)
    await log.append(CRM_COMMANDS, SHOP, envelope)


async def test_inv6_a_dropped_view_is_made_again_from_the_log(
    crm: Crm, views: Database, kafka: str, topic_prefix: str
) -> None:
    stopped = partial(require_stopped, kafka, topic_prefix + VIEW_GROUP, "a CRM")
    assert isinstance(crm.log, KafkaLog)
    for number in range(60):
        await write(crm.log, number, None)
        if number % 3 == 0:
            await write(crm.log, number, f"Khách {number}")
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
        loops = [tasks.create_task(loop()) for loop in crm.loops()]
        while sum((await crm.log.end_offsets(CONTACTS)).values()) < 80:  # noqa: ASYNC110 - as below
            await asyncio.sleep(0.05)
        for number in range(10):
            await rename(crm.log, number)
        while sum((await crm.log.end_offsets(CONTACTS)).values()) < 90:  # noqa: ASYNC110 - as below
            await asyncio.sleep(0.05)
        ends = {(CONTACTS.name, p): e for p, e in (await crm.log.end_offsets(CONTACTS)).items()}
        while not await has_folded_up_to(crm.positions, ends):  # noqa: ASYNC110 - MongoDB cannot notify
            await asyncio.sleep(0.05)
        assert crm.health.problems() == {}
        with pytest.raises(StillRunningError):
            await rebuild(crm, partial(stopped, within_s=0.5))
        for loop in loops:
            loop.cancel()
    live, everything = await read(views), await read_all(views)
    assert len(live) == 60
    assert {document["_id"] for document in live} == {
        contact_id(customer_id(SHOP, PAGE, str(number))) for number in range(60)
    }
    assert sum(document["name"] is not None for document in live) == 26
    assert len(await read(views, HISTORY_VIEW)) == 90
    async with asyncio.timeout(DEADLINE_S):
        await rebuild(crm, stopped)
    assert await read_all(views) == everything
