"""The history of a contact (C8), as the CRM's view has it."""

from datetime import timedelta

import pytest

from gateway.api.crm.answering import CREATED
from gateway.rig import Rig, User
from tuyen_events.ids import AgentId, ContactId, OrganizationId
from tuyen_platform.mongodb import Database
from tuyen_views.contacts import CONTACTS_VIEW
from tuyen_views.history import HISTORY_VIEW, Change, HistoryDocument

PATH = "/v1/contacts/con_0/history"


def entry(sequence: int, organization: str = "shop", contact: str = "con_0") -> HistoryDocument:
    first = sequence == 1
    return HistoryDocument(
        key=f"{contact}/{sequence}",
        organization=OrganizationId(organization),
        contact_id=ContactId(contact),
        place=f"{sequence:015d}.{sequence:09d}.{contact}",
        event="contact.created" if first else "contact.renamed",
        by=None if first else AgentId("hoa"),
        at=CREATED + timedelta(minutes=sequence),
        vi="Khách liên hệ lần đầu qua Facebook." if first else "đổi tên khách.",
        en="The customer got in touch for the first time." if first else "renamed the contact.",
        changes=() if first else (Change(field="name", before="A", after=None),),
    )


@pytest.fixture
async def history(contacts: Database) -> None:
    entries = [entry(1), entry(2), entry(3), entry(1, contact="con_1"), entry(9, "rival", "con_2")]
    for each in entries:
        await contacts[HISTORY_VIEW.collection].insert_one(HISTORY_VIEW.encode(each))


async def test_c8_what_happened_newest_first_with_the_names_of_today(
    desk: Rig, owner: User, history: None
) -> None:
    await desk.staff(owner, "hoa")
    listed = await owner.done("GET", PATH)
    assert listed["next"] is None
    assert [item["event"] for item in listed["items"]] == [
        "contact.renamed",
        "contact.renamed",
        "contact.created",
    ]
    assert listed["items"][0] == {
        "at": "2026-11-21T00:03:00Z",
        "by": "hoa",
        "event": "contact.renamed",
        "text": {"vi": "Hoa đổi tên khách.", "en": "Hoa renamed the contact."},
        "changes": [{"field": "name", "from": "A", "to": None}],
    }
    assert listed["items"][2]["by"] is None
    assert listed["items"][2]["text"]["vi"] == "Khách liên hệ lần đầu qua Facebook."


async def test_c8_an_agent_who_left_is_called_by_their_id(owner: User, history: None) -> None:
    item = (await owner.done("GET", f"{PATH}?limit=1"))["items"][0]
    assert item["text"]["en"] == "hoa renamed the contact."


async def test_c8_the_history_is_cut_in_pages(owner: User, history: None) -> None:
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await owner.done("GET", f"{PATH}?limit=1{cursor}")
        seen += [item["at"] for item in page["items"]]
        cursor = None if page["next"] is None else f"&cursor={page['next']}"
    assert seen == [f"2026-11-21T00:0{minute}:00Z" for minute in (3, 2, 1)]


async def test_i13_the_position_moves_with_the_contact_alone(
    owner: User, history: None, contacts: Database
) -> None:
    first = (await owner.done("GET", PATH))["position"]
    other = (await owner.done("GET", "/v1/contacts/con_1/history"))["position"]
    assert first == (await owner.done("GET", PATH))["position"] != other
    await contacts[CONTACTS_VIEW.collection].update_one({"_id": "con_0"}, {"$set": {"sequence": 2}})
    assert (await owner.done("GET", PATH))["position"] != first


async def test_w6_the_history_of_another_organizations_contact_is_not_there(
    owner: User, history: None
) -> None:
    for contact in ("con_2", "con_9"):
        assert (await owner.get(f"/v1/contacts/{contact}/history")).status_code == 404
