"""Who enters the phone of a contact that they may not see hears that it exists, and neither name
nor owner (C2)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace

from gateway.api.crm.answering import contact, crm, show
from gateway.rig import Rig, User, until
from tuyen_crm.bootstrap import compose
from tuyen_events.crm.contacts import AddContact, PatchContact
from tuyen_events.crm.records import CrmOutcome
from tuyen_events.ids import AgentId, ContactId
from tuyen_events.vocabulary import Merging
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database

PHONE = "+84912345678"
HIDDEN = ('"con_1"', "Trần Lan", "minh")


@pytest.fixture
async def lan(desk: Rig, owner: User, contacts: Database) -> User:
    """Lan has contact 0; contact 1, of Minh, has the phone number."""
    mine = replace(contact(0, "shop", "Vĩnh"), assignee=AgentId("lan"))
    hidden = replace(contact(1, "shop", "Trần Lan"), assignee=AgentId("minh"), phones=(PHONE,))
    await show(contacts, mine, hidden)
    return await desk.staff(owner, "lan")


async def test_c2_who_adds_a_contact_with_a_hidden_ones_number_hears_that_it_exists(
    lan: User, log: InMemoryLog
) -> None:
    async with crm(log, CrmOutcome.APPLIED, 1, known_elsewhere=(PHONE,)):
        answer = await lan.post("/v1/contacts", {"name": "Thu", "phones": ["0912 345 678"]})
    assert (answer.status_code, answer.json()["known_elsewhere"]) == (201, [PHONE])
    assert not any(each in answer.text for each in HIDDEN)


async def test_c2_who_gives_a_contact_a_hidden_ones_number_hears_that_it_exists(
    lan: User, log: InMemoryLog
) -> None:
    async with crm(log, CrmOutcome.APPLIED, 2, known_elsewhere=(PHONE,)):
        answer = await lan.call("PATCH", "/v1/contacts/con_0", {"phones": ["0912345678"]})
    assert (answer.status_code, answer.json()["known_elsewhere"]) == (200, [PHONE])
    assert not any(each in answer.text for each in HIDDEN)
    assert (await lan.done("GET", "/v1/contacts/con_0"))["known_elsewhere"] == []


async def test_c2_what_was_merged_at_once_into_a_hidden_contact_says_no_more(
    owner: User, lan: User, log: InMemoryLog
) -> None:
    """The answer is what the caller entered, with a version of its own."""
    await owner.done("PUT", "/v1/settings", {"merge_contacts": "at_once"})
    merged = {"survivor": ContactId("con_1"), "known_elsewhere": (PHONE,)}
    async with crm(log, CrmOutcome.APPLIED, 77, **merged) as asked:
        added = await lan.post("/v1/contacts", {"name": "Thu", "phones": ["0912 345 678"]})
        patched = await lan.call("PATCH", "/v1/contacts/con_0", {"phones": ["0912345678"]})
    for answer, version in ((added, 1), (patched, 2)):
        assert (answer.json()["known_elsewhere"], answer.json()["version"]) == ([PHONE], version)
        assert answer.headers["ETag"] == f'"{version}"'
        assert not any(each in answer.text for each in HIDDEN)
    for command in asked:
        assert isinstance(command, AddContact | PatchContact)
        assert command.merging is Merging.AT_ONCE


@asynccontextmanager
async def _decided_by_the_crm(log: InMemoryLog, views: Database) -> AsyncIterator[None]:
    crm = compose(log, views)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(loop()) for loop in (crm.decider.run, crm.project)]
        yield
        for task in running:
            task.cancel()


async def _wait_until_shown(reader: User, contact_id: str) -> str:
    """The path of a contact, once the view shows it to the reader."""
    path = f"/v1/contacts/{contact_id}"

    async def is_shown() -> bool:
        return (await reader.get(path)).is_success

    await until(is_shown)
    return path


async def test_c2_w6_the_number_of_a_contact_that_nobody_has_gives_it_to_nobody(
    desk: Rig, owner: User, views: Database, log: InMemoryLog
) -> None:
    """Not even to an agent who could claim it, if they knew of it."""
    binh = await desk.staff(owner, "binh")
    async with _decided_by_the_crm(log, views):
        body = {"name": "Trần Lan", "phones": [PHONE], "address": "1 Hàng Bài"}
        hidden = (await owner.done("POST", "/v1/contacts", body))["id"]
        own = await _wait_until_shown(owner, hidden)
        added = await binh.post("/v1/contacts", {"name": "Thu", "phones": ["0912 345 678"]})
        assert (added.status_code, added.json()["known_elsewhere"]) == (201, [PHONE])
        await _wait_until_shown(binh, added.json()["id"])
        other = await binh.done("POST", "/v1/contacts", {"name": "Hoa"})
        path = await _wait_until_shown(binh, other["id"])
        given = await binh.call("PATCH", path, {"phones": ["0912345678"]})
        assert (given.status_code, given.json()["known_elsewhere"]) == (200, [PHONE])
        assert given.json()["id"] == added.json()["id"]  # both are the agent's own
        listed = await binh.get("/v1/contacts")
        for answer in (added, given, listed):
            assert not any(each in answer.text for each in ("Trần Lan", "Hàng Bài", hidden))
        assert (await binh.get(own)).status_code == 404
        assert (await owner.done("GET", own))["assignee"] is None
