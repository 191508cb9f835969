"""Events of other entities than the contact that change its document (S1)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from support.folding import fold_events
from tuyen_crm.projections.crm import CrmProjection
from tuyen_events.codec import encode
from tuyen_events.crm.contacts import ContactCreated, ContactRenamed
from tuyen_events.crm.records import ContactEvent
from tuyen_events.crm.shares import ContactShared
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, ContactId, CustomerId, OrganizationId, PageId
from tuyen_events.vocabulary import Channel
from tuyen_platform.kafka.ports import Record
from tuyen_platform.mongodb import Database, connect
from tuyen_views.contacts import CONTACTS_VIEW
from tuyen_views.history import HISTORY_VIEW

MOMENT = datetime(2026, 9, 21, 12, tzinfo=UTC)
ABOUT: dict[str, Any] = {
    "organization": OrganizationId("hoa-sen"),
    "contact_id": ContactId("con_1"),
    "caused_by": "cmd_1",
    "at": MOMENT,
}
BY = AgentId("hoa")


@pytest.fixture
def views(mongodb: str, database: str) -> Database:
    return connect(mongodb, database)


def record(event: ContactEvent, offset: int) -> Record:
    envelope = Envelope(id="e", source="t", subject=event.contact_id, time=MOMENT, data=event)
    value, headers = encode(envelope)
    return Record("contacts", 3, offset, 0, event.contact_id.encode(), value, headers)


async def test_s1_what_shares_a_contact_changes_its_document_in_its_turn(views: Database) -> None:
    created = ContactCreated(
        **ABOUT,
        customer_id=CustomerId("cus_1"),
        page_id=PageId("trang"),
        channel=Channel.FACEBOOK,
        external_id="1",
        warehouse_id="default",
    )
    first = ContactRenamed(**ABOUT, sequence=2, name="Vĩnh", previous_name=None, by=BY)
    shared = ContactShared(**ABOUT, sequence=3, agent_id=AgentId("lan"), by=BY)
    last = ContactRenamed(**ABOUT, sequence=4, name="Anh Vĩnh", previous_name="Vĩnh", by=BY)
    events = [created, first, shared, last]
    await CrmProjection(views).fold(fold_events([record(each, n) for n, each in enumerate(events)]))
    (contact,) = await views[CONTACTS_VIEW.collection].find().to_list(None)
    assert (contact["name"], contact["viewers"]) == ("Anh Vĩnh", ["lan"])
    history = await views[HISTORY_VIEW.collection].find().sort("_id", 1).to_list(None)
    assert [entry["_id"] for entry in history] == [f"con_1/{number}" for number in range(1, 5)]
    assert history[2]["vi"] == "chia sẻ khách này cho ⟦lan⟧."
    (changed,) = history[2]["changes"]
    assert (changed["field"], changed["before"], changed["after"]) == ("viewers", "[]", '["lan"]')
