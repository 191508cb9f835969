"""Notes about a contact (C5): written by commands to the CRM, read from its view."""

from datetime import timedelta

import pytest

from gateway.api.crm.answering import CREATED, contact, crm, show
from gateway.rig import START, Rig, User, records
from tuyen_events.crm.notes import AddNote
from tuyen_events.crm.records import CrmOutcome
from tuyen_events.ids import AgentId, ContactId, OrganizationId
from tuyen_events.limits import TEXT_CHARACTERS
from tuyen_events.topics import CRM_COMMANDS
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database
from tuyen_views.notes import NOTES_VIEW, NoteDocument

PATH = "/v1/contacts/con_0/notes"


def note(number: int, text: str = "Thích màu đỏ.", of: str = "con_0") -> NoteDocument:
    organization = OrganizationId("rival" if of == "con_2" else "shop")
    return NoteDocument(
        key=f"{organization}/note_{of}_{number}/{of}",
        id=f"note_{of}_{number}",
        organization=organization,
        contact_id=ContactId(of),
        place=f"{number:015d}.{number:09d}.{of}",
        sequence=number,
        text=text,
        created_at=CREATED + timedelta(minutes=number),
        created_by=AgentId("hoa"),
        updated_at=CREATED + timedelta(minutes=number),
    )


async def fill(views: Database, *notes: NoteDocument) -> None:
    for each in notes:
        await views[NOTES_VIEW.collection].insert_one(NOTES_VIEW.encode(each))


async def test_c5_a_note_is_a_command_to_the_crm(
    owner: User, contacts: Database, log: InMemoryLog
) -> None:
    async with crm(log, CrmOutcome.APPLIED, 4) as asked:
        answer = await owner.post(PATH, {"text": " Thích giày size 42.\n"})
    assert answer.status_code == 201
    assert answer.headers["ETag"] == '"4"'
    (command,) = asked
    assert isinstance(command, AddNote)
    assert (command.contact_id, command.text, command.by) == (
        "con_0",
        "Thích giày size 42.",
        "admin",
    )
    moment = START.isoformat().replace("+00:00", "Z")
    assert answer.json() == {
        "id": command.note_id,
        "contact_id": "con_0",
        "text": "Thích giày size 42.",
        "created_at": moment,
        "created_by": "admin",
        "updated_at": moment,
        "version": 4,
    }
    (record,) = await records(log, CRM_COMMANDS)
    assert record.key == b"shop"


async def test_c5_the_notes_about_a_contact_newest_first(owner: User, contacts: Database) -> None:
    await fill(contacts, *(note(number) for number in (2, 3, 5)), note(4, of="con_1"))
    listed = await owner.done("GET", PATH)
    assert [(item["id"], item["version"]) for item in listed["items"]] == [
        ("note_con_0_5", 5),
        ("note_con_0_3", 3),
        ("note_con_0_2", 2),
    ]
    assert listed["items"][0] == {
        "id": "note_con_0_5",
        "contact_id": "con_0",
        "text": "Thích màu đỏ.",
        "created_at": "2026-11-21T00:05:00Z",
        "created_by": "hoa",
        "updated_at": "2026-11-21T00:05:00Z",
        "version": 5,
    }
    first = await owner.done("GET", f"{PATH}?limit=2")
    rest = await owner.done("GET", f"{PATH}?limit=2&cursor={first['next']}")
    assert first["items"] + rest["items"] == listed["items"]
    assert rest["next"] is None


async def test_r9_5_a_page_of_long_notes_ends_early(owner: User, contacts: Database) -> None:
    await fill(contacts, *(note(number, "ề" * TEXT_CHARACTERS) for number in range(1, 51)))
    first = await owner.get(f"{PATH}?limit=200")
    assert len(first.content) < 1_100_000
    seen, cursor = len(first.json()["items"]), first.json()["next"]
    assert 0 < seen < 50
    rest = await owner.done("GET", f"{PATH}?limit=200&cursor={cursor}")
    assert seen + len(rest["items"]) == 50


async def test_a_note_can_be_waited_for(owner: User, contacts: Database) -> None:
    await fill(contacts, note(4))
    await show(contacts, contact(0, "shop", "Nguyễn Vĩnh", sequence=4))
    assert len((await owner.done("GET", f"{PATH}?after=4"))["items"]) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": None},
        {"text": ""},
        {"text": " \n"},
        {"text": "x" * (TEXT_CHARACTERS + 1)},
        {"text": "a\u0000b"},
        {"text": "x", "by": "lan"},
    ],
)
async def test_c5_what_is_no_note_is_refused_before_it_is_a_command(
    owner: User, contacts: Database, log: InMemoryLog, body: object
) -> None:
    assert (await owner.post(PATH, body)).status_code == 422
    assert await records(log, CRM_COMMANDS) == []


async def test_w6_whoever_does_not_see_the_contact_sees_and_writes_no_notes(
    desk: Rig, owner: User, contacts: Database, log: InMemoryLog
) -> None:
    await fill(contacts, note(2), note(2, of="con_2"))
    hidden = [(owner, "/v1/contacts/con_2/notes"), (owner, "/v1/contacts/con_9/notes")]
    for role in ("agent", "chain_manager"):
        hidden.append((await desk.staff(owner, role, role), PATH))
    async with crm(log, CrmOutcome.APPLIED, 4):
        for user, path in hidden:
            assert (await user.get(path)).status_code == 404
            assert (await user.post(path, {"text": "x"})).status_code == 404
    assert await records(log, CRM_COMMANDS) == []
