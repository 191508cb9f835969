"""The contacts' view in MongoDB: what it shows, and that replay equals live (invariant 6)."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tuyen_crm.bootstrap import VIEW_GROUP, Crm, compose
from tuyen_crm.projections.contacts import VIEW, ContactsView
from tuyen_crm.rebuild import rebuild
from tuyen_events.codec import encode
from tuyen_events.contacts import ContactCreated, ContactNamed
from tuyen_events.event import Envelope
from tuyen_events.ids import (
    ContactId,
    ConversationId,
    CustomerId,
    MessageId,
    OrganizationId,
    PageId,
    contact_id,
    customer_id,
    customer_key,
)
from tuyen_events.inbound import Customer, MessageReceived
from tuyen_events.topics import CONTACTS, DEAD_LETTERS, INBOUND
from tuyen_events.vocabulary import Channel
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.groups import StillRunningError, require_stopped
from tuyen_platform.kafka.ports import Record
from tuyen_platform.kafka.topics import ensure_topics
from tuyen_platform.mongodb import Database, Document, connect
from tuyen_platform.projection import folded_up_to

MOMENT = datetime(2026, 9, 21, 12, 30, 1, 250_000, tzinfo=UTC)
SHOP, PAGE = OrganizationId("hoa-sen"), PageId("trang")
DEADLINE_S = 90


def created(number: int, name: str | None = None) -> ContactCreated:
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


def named(number: int, name: str) -> ContactNamed:
    return ContactNamed(
        organization=SHOP,
        contact_id=ContactId(f"con_{number}"),
        customer_id=CustomerId(f"cus_{number}"),
        name=name,
        picture="https://p.example/1",
        caused_by="evt_later",
        at=MOMENT,
    )


def record(event: ContactCreated | ContactNamed, offset: int, partition: int = 3) -> Record:
    envelope = Envelope(id="e", source="t", subject=event.contact_id, time=MOMENT, data=event)
    value, headers = encode(envelope)
    return Record("contacts", partition, offset, 0, event.contact_id.encode(), value, headers)


def batch(records: Sequence[Record]) -> Mapping[tuple[str, int], Sequence[Record]]:
    return {("contacts", 3): records}


async def shown(database: Database) -> list[Document]:
    return [document async for document in database[VIEW].find().sort("_id", 1)]


@pytest.fixture
def views(mongodb: str, database: str) -> Database:
    return connect(mongodb, database)


async def test_c1_w1_a_contact_in_the_default_warehouse_that_nobody_has(views: Database) -> None:
    await ContactsView(views).fold(batch([record(created(1), 0), record(named(1, "Vĩnh"), 1)]))
    assert await shown(views) == [
        {
            "_id": "con_1",
            "organization": "hoa-sen",
            "name": "Vĩnh",
            "name_folded": "vinh",
            "phones": [],
            "emails": [],
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
            "warehouse_id": "default",
            "assignee": None,
            "created_at": MOMENT,
            "version": 2,
            "positions": {"3": 1},
        }
    ]


async def test_two_who_fold_at_once_make_one_view(views: Database) -> None:
    events = [record(created(n), n) for n in range(50)]
    events += [record(named(n, f"N {n}"), 50 + n) for n in range(50)]
    await asyncio.gather(*(ContactsView(views).fold(batch(events)) for _ in range(4)))
    documents = await shown(views)
    assert len(documents) == 50
    assert {document["version"] for document in documents} == {2}


async def test_every_list_of_contacts_runs_down_an_index(views: Database) -> None:
    await ContactsView(views).fold(batch([record(created(1), 0)]))
    for query in ({"organization": "hoa-sen"}, {"organization": "hoa-sen", "_id": {"$gt": "c"}}):
        plan = await views[VIEW].find(query).sort("_id", 1).explain()
        assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"])


EVENTS = st.lists(
    st.one_of(
        st.builds(created, st.integers(0, 4), st.sampled_from([None, "Lan"])),
        st.builds(named, st.integers(0, 4), st.sampled_from(["Vĩnh", "Đức"])),
    ),
    max_size=12,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(EVENTS, st.lists(st.integers(0, 12), max_size=6))
def test_invariant_6_replay_equals_live_whatever_came_again(
    mongodb: str, database: str, events: list[ContactCreated | ContactNamed], restarts: list[int]
) -> None:
    """Live: event by event, and from earlier events again after each restart. Replay: at once."""
    records = [record(event, offset) for offset, event in enumerate(events)]

    async def compare() -> None:
        views = connect(mongodb, database)
        view = ContactsView(views)
        await view.drop()
        reached = 0
        for again in [*restarts, 0]:
            for one in records[min(again, reached) :]:
                await view.fold(batch([one]))
            reached = len(records)
        live = await shown(views)
        await view.drop()
        await view.fold(batch(records))
        assert await shown(views) == live
        views.client.close()

    asyncio.run(compare())


@pytest.fixture
async def crm(kafka: str, topic_prefix: str, views: Database) -> AsyncIterator[Crm]:
    await ensure_topics(kafka, topic_prefix, 1, (INBOUND, CONTACTS, DEAD_LETTERS))
    async with KafkaLog(kafka, topic_prefix, linger_ms=5) as log:
        yield compose(log, views)


async def write(log: KafkaLog, number: int, name: str | None) -> None:
    customer = Customer(id=customer_id(SHOP, PAGE, str(number)), external_id=str(number), name=name)
    data = MessageReceived(
        organization=SHOP,
        page_id=PAGE,
        channel=Channel.FACEBOOK,
        occurred_at=MOMENT,
        accepted_at=MOMENT,
        customer=customer,
        conversation_id=ConversationId("msg"),
        message_id=MessageId("m"),
        external_id="m",
    )
    envelope = Envelope(id=f"evt_{number}_{name}", source="t", subject="s", time=MOMENT, data=data)
    await log.append(INBOUND, customer_key(SHOP, PAGE, str(number)), envelope)


async def test_invariant_6_a_dropped_view_is_made_again_from_the_log(
    crm: Crm, views: Database, kafka: str, topic_prefix: str
) -> None:
    stopped = partial(require_stopped, kafka, topic_prefix + VIEW_GROUP, "a CRM")
    assert isinstance(crm.log, KafkaLog)
    for number in range(60):
        await write(crm.log, number, None)
        if number % 3 == 0:
            await write(crm.log, number, f"Khách {number}")
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
        loops = [tasks.create_task(crm.worker.run()), tasks.create_task(crm.project())]
        while sum((await crm.log.end_offsets(CONTACTS)).values()) < 80:  # noqa: ASYNC110 - as below
            await asyncio.sleep(0.05)
        ends = {(CONTACTS.name, p): e for p, e in (await crm.log.end_offsets(CONTACTS)).items()}
        while not await folded_up_to(crm.positions, ends):  # noqa: ASYNC110 - MongoDB tells nobody
            await asyncio.sleep(0.05)
        assert crm.health.problems() == {}
        with pytest.raises(StillRunningError):
            await rebuild(crm, partial(stopped, within_s=0.5))
        for loop in loops:
            loop.cancel()
    live = await shown(views)
    assert len(live) == 60
    assert {document["_id"] for document in live} == {
        contact_id(customer_id(SHOP, PAGE, str(number))) for number in range(60)
    }
    assert sum(document["name"] is not None for document in live) == 20
    async with asyncio.timeout(DEADLINE_S):
        await rebuild(crm, stopped)
    assert await shown(views) == live
