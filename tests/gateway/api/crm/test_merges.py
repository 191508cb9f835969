"""Merges of contacts (C2): manually, undone, and what becomes of the ids that were merged."""

from msgspec.structs import replace

from gateway.api.crm.answering import contact, crm, show
from gateway.feed import Feed
from gateway.listening import listening
from gateway.rig import Rig, User, records
from tuyen_events.crm.merges import MergeContacts, UndoMerge
from tuyen_events.crm.records import CrmCommand, CrmOutcome, CrmRefusal
from tuyen_events.ids import AgentId, ContactId, ConversationId, contact_id
from tuyen_events.topics import CRM_COMMANDS
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database
from tuyen_views.merges import MERGES_VIEW, MergeDocument
from tuyen_views.notes import NOTES_VIEW, NoteDocument

PATH = "/v1/contacts/con_0"


async def _show_merged(views: Database) -> None:
    """`con_1` was merged into `con_0`."""
    older, younger = contact(0, "shop", "Vĩnh", 3), contact(1, "shop", "Lan", 2)
    hidden = replace(younger, name=None, warehouse_id="", merged_into=older.id)
    await show(views, replace(older, merged=(younger.id,)), hidden)


async def test_c2_the_id_of_a_merged_contact_answers_308_to_the_survivor(
    owner: User, contacts: Database
) -> None:
    await _show_merged(contacts)
    for path in ("", "/notes", "/history?limit=2"):
        answer = await owner.get(f"/v1/contacts/con_1{path}")
        assert answer.status_code == 308
        assert answer.headers["Location"] == f"{PATH}{path}"
    listed = (await owner.done("GET", "/v1/contacts"))["items"]
    assert [each["id"] for each in listed] == ["con_0"]


async def test_w6_a_merged_id_tells_nothing_to_who_may_not_see_the_survivor(
    desk: Rig, owner: User, contacts: Database
) -> None:
    await _show_merged(contacts)
    agent = await desk.staff(owner, "lan")
    assert (await agent.get("/v1/contacts/con_1")).status_code == 404


async def test_c2_what_belongs_to_the_merged_contact_is_listed_with_the_survivor(
    owner: User, contacts: Database
) -> None:
    await _show_merged(contacts)
    for number, of in ((1, "con_0"), (2, "con_1")):
        note = NoteDocument(
            key=f"shop/note_{number}/{of}",
            id=f"note_{number}",
            organization=contact(0, "shop", "").organization,
            contact_id=ContactId(of),
            place=f"{number:015d}",
            sequence=2,
            text="x",
            created_at=contact(0, "shop", "").created_at,
            updated_at=contact(0, "shop", "").created_at,
        )
        await contacts[NOTES_VIEW.collection].insert_one(NOTES_VIEW.encode(note))
    first = await owner.done("GET", f"{PATH}/notes?limit=1")
    rest = await owner.done("GET", f"{PATH}/notes?limit=1&cursor={first['next']}")
    assert [each["id"] for each in first["items"] + rest["items"]] == ["note_2", "note_1"]
    assert (await owner.done("GET", "/v1/notes/note_2"))["id"] == "note_2"


async def test_c2_a_merge_manually_is_a_command_to_the_crm(
    owner: User, contacts: Database, log: InMemoryLog
) -> None:
    async with crm(log, CrmOutcome.APPLIED, 1) as asked:
        answer = await owner.post(f"{PATH}/merge", {"with": "con_1"})
    assert answer.status_code == 200
    assert answer.json()["id"] == "con_0"
    (command,) = asked
    assert isinstance(command, MergeContacts)
    assert (command.contact_id, command.other, command.by) == ("con_0", "con_1", "admin")


async def test_c2_a_merge_with_what_is_a_part_of_another_contact_is_one_with_that_one(
    owner: User, contacts: Database, log: InMemoryLog
) -> None:
    """And not sent to the same address again, without an end."""
    await _show_merged(contacts)
    await show(contacts, contact(3, "shop", "Thu"))
    async with crm(log, CrmOutcome.APPLIED, 1) as asked:
        for path in ("/v1/contacts/con_3", PATH):
            assert (await owner.post(f"{path}/merge", {"with": "con_1"})).status_code == 200
        moved = await owner.post("/v1/contacts/con_1/merge", {"with": "con_3"})
    assert (moved.status_code, moved.headers["Location"]) == (308, f"{PATH}/merge")
    named = [(each.contact_id, each.other) for each in asked if isinstance(each, MergeContacts)]
    assert named == [("con_3", "con_0"), ("con_0", "con_0")]


async def test_c2_nobody_merges_what_they_may_not_change(
    desk: Rig, owner: User, contacts: Database, log: InMemoryLog
) -> None:
    agent = await desk.staff(owner, "lan")
    mine = replace(contact(0, "shop", "Vĩnh"), assignee=AgentId("lan"))
    await show(contacts, mine)
    async with crm(log, CrmOutcome.APPLIED, 1):
        assert (await agent.post(f"{PATH}/merge", {"with": "con_1"})).status_code == 404
        shared = replace(contact(1, "shop", "Lan"), viewers=(AgentId("lan"),))
        await show(contacts, shared)
        assert (await agent.post(f"{PATH}/merge", {"with": "con_1"})).status_code == 403
        assert (await agent.post("/v1/contacts/con_1/merge", {"with": "con_0"})).status_code == 403
    assert await records(log, CRM_COMMANDS) == []


async def test_c2_who_may_merge_them_is_decided_by_the_crm(
    desk: Rig, owner: User, contacts: Database, log: InMemoryLog
) -> None:
    """Whoever has a contact when the gateway reads it may have lost it by then."""
    agent, lan = await desk.staff(owner, "lan"), AgentId("lan")
    mine = (replace(contact(number, "shop", "Lan"), assignee=lan) for number in (0, 1))
    await show(contacts, *mine)
    asked: list[CrmCommand] = []
    for caller in (agent, owner):
        async with crm(log, CrmOutcome.REFUSED, 0, refusal=CrmRefusal.NOT_ALLOWED) as commands:
            assert (await caller.post(f"{PATH}/merge", {"with": "con_1"})).status_code == 403
            assert (await caller.post(f"{PATH}/merges/mrg_1/undo")).status_code == 403
        asked += commands
    told = [
        (each.by, each.administrator)
        for each in asked
        if isinstance(each, MergeContacts | UndoMerge)
    ]
    assert told == [("lan", False)] * 2 + [("admin", True)] * 2


async def test_c2_a_merge_is_listed_and_undone(
    owner: User, contacts: Database, log: InMemoryLog
) -> None:
    made = contact(0, "shop", "Vĩnh")
    merge = MergeDocument(
        key="shop/mrg_1",
        id="mrg_1",
        organization=made.organization,
        contact_id=made.id,
        place="1",
        sequence=3,
        absorbed=ContactId("con_1"),
        fact="+84912345678",
        created_at=made.created_at,
        updated_at=made.created_at,
    )
    await contacts[MERGES_VIEW.collection].insert_one(MERGES_VIEW.encode(merge))
    (listed,) = (await owner.done("GET", f"{PATH}/merges"))["items"]
    assert (listed["id"], listed["contact_id"], listed["undone"]) == ("mrg_1", "con_1", False)
    async with crm(log, CrmOutcome.APPLIED, 1) as asked:
        undo = f"{PATH}/merges/mrg_1/undo"
        assert (await owner.call("POST", undo, None, {"If-Match": '"3"'})).status_code == 200
    (command,) = asked
    assert isinstance(command, UndoMerge)
    assert (command.contact_id, command.merge_id) == ("con_0", "mrg_1")
    assert command.expected_version == 3
    async with crm(log, CrmOutcome.VERSION_PASSED, 4):
        assert (await owner.call("POST", undo, None, {"If-Match": '"3"'})).status_code == 412


async def test_c2_a_conversation_names_the_contact_that_stays(
    desk: Rig, owner: User, contacts: Database, feed: Feed, thread: ConversationId
) -> None:
    async def named() -> list[object]:
        (row,) = (await owner.done("GET", "/v1/conversations?after=0"))["items"]
        detail = await owner.done("GET", f"/v1/conversations/{thread}")
        return [row["contact_id"], detail["contact_id"]]

    own = contact_id(feed.customer("lan").id)
    assert await named() == [own, own]
    older = replace(contact(0, "shop", "Vĩnh", 3), merged=(ContactId("con_7"), own))
    hidden = replace(
        contact(7, "shop", "Lan", 2), id=own, name=None, warehouse_id="", merged_into=older.id
    )
    await show(contacts, older, hidden)
    assert await named() == ["con_0", "con_0"]
    async with listening(desk, owner) as stream:
        await feed.message("lan", "hai")
        sent = await stream.until("conversation.upserted")
        assert sent.data["conversation"]["contact_id"] == "con_0"
    await show(contacts, replace(older, merged=()), replace(hidden, merged_into=None))
    assert await named() == [own, own]


async def test_inv7_a_merge_elsewhere_changes_no_conversation_here(
    owner: User, contacts: Database, feed: Feed, thread: ConversationId
) -> None:
    own = contact_id(feed.customer("lan").id)
    await show(contacts, replace(contact(2, "rival", "Vinh"), merged=(own,)))
    detail = await owner.done("GET", f"/v1/conversations/{thread}")
    assert detail["contact_id"] == own


async def test_c2_a_merge_that_goes_on_to_a_hidden_contact_is_answered_without_it(
    desk: Rig, owner: User, contacts: Database, log: InMemoryLog
) -> None:
    """The two are merged at once with a third, older contact, which another agent has."""
    lan = AgentId("lan")
    older = replace(contact(0, "shop", "Vĩnh"), assignee=lan, phones=("+84912345678",))
    younger = replace(contact(1, "shop", "Lan"), assignee=lan, emails=("lan@shop.example",))
    hidden = replace(contact(2, "shop", "Thu"), assignee=AgentId("minh"))
    await show(contacts, older, younger, hidden)
    agent = await desk.staff(owner, "lan")
    async with crm(log, CrmOutcome.APPLIED, 7, survivor=hidden.id):
        answer = await agent.post("/v1/contacts/con_1/merge", {"with": "con_0"})
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"7"')
    shown = answer.json()
    assert (shown["id"], shown["name"], shown["version"]) == ("con_0", "Vĩnh", 7)
    assert (shown["phones"], shown["emails"]) == (["+84912345678"], ["lan@shop.example"])
    assert "con_2" not in answer.text
