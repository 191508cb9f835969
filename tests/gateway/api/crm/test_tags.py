"""Tags of contacts (C5): given by commands to the CRM, and listed from its views."""

from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from gateway.adapters.profiling import profile
from gateway.api.crm.answering import contact, crm, show, show_child
from gateway.rig import Rig, User, records
from tuyen_events.crm.records import CrmOutcome
from tuyen_events.crm.tags import AddTag, RemoveTag, fold_tag, tag_id
from tuyen_events.crm_limits import TAG_CHARACTERS
from tuyen_events.ids import AgentId, ContactId, OrganizationId
from tuyen_events.topics import CRM_COMMANDS
from tuyen_gateway.adapters import crm_tags
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database
from tuyen_views.contacts import CONTACTS_VIEW, ContactDocument
from tuyen_views.tags import TAGS_VIEW, TagDocument

PATH = "/v1/contacts/con_0/tags"


async def tag(views: Database, to: ContactDocument, *tags: str, **fields: object) -> None:
    """As if the CRM had folded it."""
    await show(views, msgspec.structs.replace(to, tags=tags, **fields))
    for each in tags:
        document = TagDocument(
            key=f"{to.organization}/{tag_id(to.id, each)}/{to.id}",
            id=tag_id(to.id, each),
            organization=OrganizationId(to.organization),
            contact_id=ContactId(to.id),
            place="",
            sequence=2,
            created_at=to.created_at,
            created_by=AgentId("hoa"),
            updated_at=to.created_at,
            tag=each,
            folded=fold_tag(each),
        )
        await show_child(views, TAGS_VIEW, document)


async def test_c5_a_tag_is_given_and_taken_by_commands(
    owner: User, contacts: Database, log: InMemoryLog
) -> None:
    async with crm(log, CrmOutcome.APPLIED, 4) as asked:
        given = await owner.put(f"{PATH}/Kh%C3%A1ch%20s%E1%BB%89%2F42", None, {"If-Match": '"1"'})
        taken = await owner.delete(f"{PATH}/vip")
    assert (given.status_code, given.headers["ETag"]) == (200, '"4"')
    assert (given.json()["tag"], given.json()["version"]) == ("Khách sỉ/42", 4)
    assert (taken.status_code, taken.headers["ETag"]) == (204, '"4"')
    adding, taking = asked
    assert isinstance(adding, AddTag)
    assert (adding.tag, adding.contact_id, adding.expected_version) == ("Khách sỉ/42", "con_0", 1)
    assert isinstance(taking, RemoveTag)
    assert taking.tag == "vip"


async def test_c5_a_tag_that_it_has_already_is_shown_as_it_is_written(
    owner: User, contacts: Database, log: InMemoryLog
) -> None:
    await tag(contacts, contact(0, "shop", "Lan"), "VIP")
    async with crm(log, CrmOutcome.UNCHANGED, 2):
        given = await owner.done("PUT", f"{PATH}/vip")
    assert (given["tag"], given["created_by"], given["version"]) == ("VIP", "hoa", 2)
    assert (await owner.done("GET", "/v1/contacts/con_0"))["tags"] == ["VIP"]


@pytest.mark.parametrize("wrong", ["%20", "x" * (TAG_CHARACTERS + 1)])
async def test_c5_what_is_no_tag_is_refused_before_it_is_a_command(
    owner: User, contacts: Database, log: InMemoryLog, wrong: str
) -> None:
    assert (await owner.put(f"{PATH}/{wrong}", None)).status_code == 422
    assert await records(log, CRM_COMMANDS) == []


async def test_c5_w6_the_tags_of_the_contacts_that_a_viewer_may_read(
    desk: Rig, owner: User, contacts: Database
) -> None:
    lan = await desk.staff(owner, "lan")
    await tag(contacts, contact(0, "shop", "Lan"), "VIP", "Khách sỉ")
    await tag(contacts, contact(1, "shop", "Vĩnh"), "vip", "Nợ", assignee="lan")
    await tag(contacts, contact(2, "rival", "Vinh"), "Bí mật")

    async def tags(user: User, query: str = "") -> list[str]:
        return [each["tag"] for each in (await user.done("GET", f"/v1/tags{query}"))["items"]]

    assert [each.casefold() for each in await tags(owner)] == ["khách sỉ", "nợ", "vip"]
    assert await tags(owner, "?q=SI") == ["Khách sỉ"]
    assert await tags(lan) == ["Nợ", "vip"]
    first = await owner.done("GET", "/v1/tags?limit=2")
    rest = await owner.done("GET", f"/v1/tags?limit=2&cursor={first['next']}")
    assert len(first["items"] + rest["items"]) == 3
    assert rest["next"] is None


async def test_c5_one_query_for_each_tag_finds_how_it_is_written_and_who_reads_it(
    owner: User, contacts: Database
) -> None:
    await tag(contacts, contact(0, "shop", "Lan"), "VIP", "Khách sỉ", "Nợ")
    await tag(contacts, contact(1, "shop", "Vĩnh"), "vip")
    found: list[dict[str, str]] = []

    async def read() -> None:
        found.extend((await owner.done("GET", "/v1/tags"))["items"])

    names = {TAGS_VIEW.collection, CONTACTS_VIEW.collection}
    done = [one for one in await profile(contacts, read) if one["ns"].split(".")[1] in names]
    assert len(found) == 3
    assert len(done) == 1 + len(found)


async def test_c5_r9_5_a_page_of_tags_reads_so_many_and_its_cursor_goes_on(
    desk: Rig, owner: User, contacts: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page may be short, also empty, and what follows it is not lost."""
    monkeypatch.setattr(crm_tags, "_EXAMINED", 5)
    monkeypatch.setattr(crm_tags, "_LOOKED_UP", 2)
    lan = await desk.staff(owner, "lan")
    await tag(contacts, contact(0, "shop", "Lan"), *(f"nhãn {number:02}" for number in range(12)))
    await tag(contacts, contact(1, "shop", "Vĩnh"), "nhãn 07", "vip", assignee="lan")
    names = {TAGS_VIEW.collection, CONTACTS_VIEW.collection}
    for query, expected in (("", ["nhãn 07", "vip"]), ("q=vip&", ["vip"])):
        found: list[str] = []
        cursor = ""
        while True:
            answer: dict[str, Any] = {}
            path = f"/v1/tags?{query}limit=9{cursor}"

            async def read(path: str = path, answer: dict[str, Any] = answer) -> None:
                answer |= await lan.done("GET", path)

            done = [
                one for one in await profile(contacts, read) if one["ns"].split(".")[1] in names
            ]
            assert len(done) <= 1 + 2
            found += [each["tag"] for each in answer["items"]]
            if answer["next"] is None:
                break
            cursor = f"&cursor={answer['next']}"
        assert found == expected


async def test_c5_r9_5_however_many_contacts_have_a_tag_it_is_one_step_in_the_index(
    owner: User, contacts: Database
) -> None:
    await contacts[TAGS_VIEW.collection].create_indexes(list(TAGS_VIEW.indexes))
    for number in range(20):
        await tag(contacts, contact(number, "shop", "Lan"), "VIP", "Nợ")

    async def read() -> None:
        assert len((await owner.done("GET", "/v1/tags"))["items"]) == 2

    own = f".{TAGS_VIEW.collection}"
    (done,) = [one for one in await profile(contacts, read) if one["ns"].endswith(own)]
    assert "DISTINCT_SCAN" in done["planSummary"]
    assert done["keysExamined"] <= 4
    assert done["docsExamined"] == 0


async def test_w6_s1_whoever_may_not_write_the_contact_gives_and_takes_no_tags(
    desk: Rig, owner: User, contacts: Database, log: InMemoryLog
) -> None:
    hidden, viewer = await desk.staff(owner, "agent"), await desk.staff(owner, "hoa")
    await tag(contacts, contact(0, "shop", "Lan"), "VIP", viewers=("hoa",), assignee="else")
    async with crm(log, CrmOutcome.APPLIED, 4) as asked:
        assert (await hidden.put(f"{PATH}/x", None)).status_code == 404
        assert (await hidden.delete(f"{PATH}/vip")).status_code == 404
        assert (await viewer.put(f"{PATH}/x", None)).status_code == 403
        assert (await viewer.delete(f"{PATH}/vip")).status_code == 403
    assert asked == []


async def test_c5_contacts_are_listed_by_tag_without_case(
    owner: User, contacts: Database, desk: Rig
) -> None:
    await tag(contacts, contact(0, "shop", "Lan"), "VIP", "Khách sỉ")
    for given, found in (("vip", ["con_0"]), ("KHÁCH SỈ", ["con_0"]), ("khach si", [])):
        listed = (await owner.done("GET", f"/v1/contacts?tag={quote(given)}"))["items"]
        assert [each["id"] for each in listed] == found
    agent = await desk.staff(owner, "agent")
    assert (await agent.done("GET", "/v1/contacts?tag=vip"))["items"] == []
