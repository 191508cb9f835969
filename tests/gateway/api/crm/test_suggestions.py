"""Phone numbers and emails that customers wrote (C3): shown with the contact, and answered by
commands to the CRM."""

import pytest
from msgspec.structs import replace

from gateway.api.crm.answering import contact, crm, show
from gateway.api.crm.test_access import DENIED
from gateway.api.crm.test_access import LAN as LAN_WITH_RIGHTS
from gateway.api.crm.test_warehouses import fill, warehouse
from gateway.rig import Rig, User, records
from tuyen_events.crm.records import CrmOutcome, CrmRefusal
from tuyen_events.crm.suggestions import AnswerSuggestion, FactKind, Suggestion
from tuyen_events.ids import AgentId, ContactId, ConversationId, suggestion_id
from tuyen_events.topics import CRM_COMMANDS
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database
from tuyen_views.contacts import ContactDocument

PATH = "/v1/contacts/con_0"
PHONE, MAIL = "+84912345678", "lan@example.com"
SHOP = contact(0, "shop", "").organization
PHONE_ID = suggestion_id(SHOP, PHONE)
ANSWER = f"{PATH}/suggestions/{PHONE_ID}"
LAN = AgentId("lan")


def offered(**fields: object) -> ContactDocument:
    """`con_0`, whose customer wrote a phone number and an email."""
    suggestions = tuple(
        Suggestion(
            id=suggestion_id(SHOP, value),
            kind=kind,
            value=value,
            conversation_id=ConversationId("msg_unknown"),
        )
        for kind, value in ((FactKind.PHONE, PHONE), (FactKind.EMAIL, MAIL))
    )
    return replace(contact(0, "shop", "Nguyễn Vĩnh"), **{"suggestions": suggestions, **fields})


async def test_c3_what_is_offered_is_shown_with_the_contact(
    owner: User, contacts: Database, thread: ConversationId
) -> None:
    (phone, mail) = offered().suggestions
    suggestions = (replace(phone, conversation_id=thread), replace(mail, conversation_id=None))
    await show(contacts, offered(suggestions=suggestions))
    shown = (await owner.done("GET", PATH))["suggestions"]
    assert shown == [
        {"id": PHONE_ID, "kind": "phone", "value": PHONE, "conversation_id": thread},
        {"id": mail.id, "kind": "email", "value": MAIL, "conversation_id": None},
    ]
    listed = (await owner.done("GET", "/v1/contacts"))["items"]
    assert [each["suggestions"] for each in listed if each["id"] == "con_0"] == [shown]


@pytest.mark.parametrize(
    "fields", [{"phones": (PHONE,), "emails": (MAIL,)}, {"declined": (MAIL, PHONE)}]
)
async def test_c3_what_was_answered_otherwise_is_not_shown(
    owner: User, contacts: Database, fields: dict[str, object]
) -> None:
    await show(contacts, offered(**fields))
    assert (await owner.done("GET", PATH))["suggestions"] == []


async def test_c3_r7_the_conversation_is_named_only_to_who_may_see_it(
    desk: Rig, owner: User, contacts: Database, thread: ConversationId
) -> None:
    phone = replace(offered().suggestions[0], conversation_id=thread)
    await show(contacts, offered(suggestions=(phone,), assignee=LAN))
    lan = await desk.staff(owner, "lan")

    async def named(path: str) -> object:
        body = await lan.done("GET", path)
        (shown,) = body.get("items", [body])
        return [each["conversation_id"] for each in shown["suggestions"]]

    for permissions, expected in ((False, [thread]), (True, [None])):
        await owner.done("PUT", "/v1/settings", {"page_permissions": permissions})
        seen = (await lan.get(f"/v1/conversations/{thread}")).status_code
        assert seen == (404 if permissions else 200)
        assert [await named(PATH), await named("/v1/contacts")] == [expected, expected]


async def test_w3_w6_what_is_offered_is_hidden_with_the_contact(
    desk: Rig, owner: User, contacts: Database, log: InMemoryLog
) -> None:
    await fill(contacts, warehouse("default", members=("lan",)))
    await show(contacts, offered())
    member, stranger = await desk.staff(owner, "lan"), await desk.staff(owner, "hoa")
    claimable = await member.done("GET", PATH)
    assert set(claimable) == {"id", "name", "warehouse_id", "source", "claimable"}
    assert PHONE not in (await member.get("/v1/contacts")).text
    async with crm(log, CrmOutcome.APPLIED, 1):
        for user in (member, stranger):
            refused = await user.post(ANSWER, {"accept": True})
            missing = await user.post(ANSWER.replace("con_0", "con_9"), {"accept": True})
            assert refused.status_code == missing.status_code == 404
            assert refused.text.replace("con_0", "x") == missing.text.replace("con_9", "x")
    assert await records(log, CRM_COMMANDS) == []


async def test_w6_nobody_finds_a_contact_by_what_is_only_offered(
    owner: User, contacts: Database
) -> None:
    await show(contacts, offered())
    for query in ("q=912345678", "q=lan@ex", "phone=0912345678", "email=lan@example.com"):
        assert (await owner.done("GET", f"/v1/contacts?{query}"))["items"] == []


async def test_s1_a_viewer_reads_what_is_offered_and_answers_nothing(
    desk: Rig, owner: User, contacts: Database, log: InMemoryLog
) -> None:
    await show(contacts, offered(viewers=(LAN,), assignee=AgentId("else")))
    lan = await desk.staff(owner, "lan")
    assert len((await lan.done("GET", PATH))["suggestions"]) == 2
    for accept in (True, False):
        assert (await lan.post(ANSWER, {"accept": accept})).status_code == 403
    assert await records(log, CRM_COMMANDS) == []


async def test_c11_without_access_to_the_crm_nothing_is_answered(
    desk: Rig, owner: User, contacts: Database
) -> None:
    await owner.done("PUT", "/v1/agents/lan", {**LAN_WITH_RIGHTS, "crm": DENIED})
    await show(contacts, offered(assignee=LAN))
    lan = await desk.login("shop", "lan", "s3cret")
    assert (await lan.post(ANSWER, {"accept": True})).status_code == 403


@pytest.mark.parametrize("accept", [True, False])
async def test_c3_an_answer_is_a_command_to_the_crm(
    owner: User, contacts: Database, log: InMemoryLog, *, accept: bool
) -> None:
    await show(contacts, replace(offered(phones=(PHONE,)), version=4, sequence=4))
    async with crm(log, CrmOutcome.APPLIED, 4, known_elsewhere=(PHONE,)) as asked:
        body = {"accept": accept}
        answer = await owner.call("POST", ANSWER, body, {"If-Match": '"3"'})
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"4"')
    shown = answer.json()
    assert (shown["phones"], shown["known_elsewhere"]) == ([PHONE], [PHONE])
    (command,) = asked
    assert isinstance(command, AnswerSuggestion)
    assert (command.contact_id, command.suggestion_id) == ("con_0", PHONE_ID)
    assert (command.accept, command.by, command.expected_version) == (accept, "admin", 3)


async def test_c2_c3_the_answer_to_an_accepted_number_of_another_contact_is_the_survivor(
    owner: User, contacts: Database, log: InMemoryLog
) -> None:
    await show(contacts, offered())
    async with crm(log, CrmOutcome.APPLIED, 1, survivor=ContactId("con_1")):
        assert (await owner.post(ANSWER, {"accept": True})).json()["id"] == "con_1"


@pytest.mark.parametrize(
    ("outcome", "refusal", "status"),
    [
        (CrmOutcome.NOT_FOUND, None, 404),
        (CrmOutcome.VERSION_PASSED, None, 412),
        (CrmOutcome.REFUSED, CrmRefusal.TOO_MANY, 409),
    ],
)
async def test_c3_answers_that_are_not_carried_out(
    *,
    owner: User,
    contacts: Database,
    log: InMemoryLog,
    outcome: CrmOutcome,
    refusal: CrmRefusal | None,
    status: int,
) -> None:
    async with crm(log, outcome, 1, refusal=refusal):
        assert (await owner.post(ANSWER, {"accept": True})).status_code == status


@pytest.mark.parametrize("body", [{}, {"accept": None}, {"accept": "yes?"}, [], {"accept": 2}])
async def test_c3_what_is_no_answer_is_refused(
    owner: User, contacts: Database, log: InMemoryLog, body: object
) -> None:
    assert (await owner.post(ANSWER, body)).status_code == 422
    assert await records(log, CRM_COMMANDS) == []


async def test_c3_a_number_that_was_removed_manually_is_not_shown_as_offered(
    owner: User, contacts: Database, log: InMemoryLog
) -> None:
    await show(contacts, offered(phones=(PHONE,)))
    async with crm(log, CrmOutcome.APPLIED, 2):
        answer = await owner.call("PATCH", PATH, {"phones": []})
    assert [each["value"] for each in answer.json()["suggestions"]] == [MAIL]
