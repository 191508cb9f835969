"""Sharing a contact manually (S1)."""

import msgspec
import pytest

from gateway.api.crm.answering import CREATED, contact, crm, show
from gateway.rig import START, Rig, User, records
from tuyen_events.crm.records import CrmOutcome
from tuyen_events.crm.shares import ShareContact, UnshareContact
from tuyen_events.ids import AgentId
from tuyen_events.topics import CRM_COMMANDS
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database
from tuyen_views.shares import Share

PATH = "/v1/contacts/con_0/shares"
HOA, MINH = AgentId("hoa"), AgentId("minh")


async def share_with(views: Database, *shares: Share) -> None:
    shared = msgspec.structs.replace(
        contact(0, "shop", "Nguyễn Vĩnh"),
        shares=shares,
        viewers=tuple(sorted({share.agent_id for share in shares})),
    )
    await show(views, shared)


def manual(agent: AgentId) -> Share:
    return Share(agent_id=agent, by=AgentId("admin"), at=CREATED, version=1)


async def test_s1_a_share_is_a_command_to_the_crm(
    desk: Rig, owner: User, contacts: Database, log: InMemoryLog
) -> None:
    await desk.staff(owner, "hoa")
    async with crm(log, CrmOutcome.APPLIED, 4) as asked:
        answer = await owner.put(f"{PATH}/hoa", None)
        ended = await owner.delete(f"{PATH}/hoa")
    assert (ended.status_code, ended.headers["ETag"]) == (204, '"4"')
    moment = START.isoformat().replace("+00:00", "Z")
    assert answer.json() == {
        "agent_id": "hoa",
        "by": "hand",
        "rule_id": None,
        "created_at": moment,
        "created_by": "admin",
        "updated_at": moment,
        "version": 4,
    }
    assert answer.headers["ETag"] == '"4"'
    shared, unshared = asked
    assert isinstance(shared, ShareContact)
    assert (shared.contact_id, shared.agent_id, shared.by) == ("con_0", "hoa", "admin")
    assert isinstance(unshared, UnshareContact)
    assert (unshared.contact_id, unshared.agent_id) == ("con_0", "hoa")


async def test_s1_everybody_who_reads_a_contact_sees_with_whom_it_is_shared(
    owner: User, contacts: Database
) -> None:
    by_rule = Share(agent_id=HOA, rule_id="tet", at=CREATED, version=2)
    await share_with(contacts, manual(HOA), by_rule, manual(MINH))
    listed = await owner.done("GET", PATH)
    assert [(each["agent_id"], each["by"], each["rule_id"]) for each in listed["items"]] == [
        ("hoa", "hand", None),
        ("hoa", "rule", "tet"),
        ("minh", "hand", None),
    ]
    first = await owner.done("GET", f"{PATH}?limit=2")
    rest = await owner.done("GET", f"{PATH}?cursor={first['next']}")
    assert first["items"] + rest["items"] == listed["items"]
    assert (await owner.done("GET", "/v1/contacts/con_0"))["viewers"] == ["hoa", "minh"]


async def test_s1_an_agent_who_does_not_exist_is_given_nothing(
    owner: User, contacts: Database, log: InMemoryLog
) -> None:
    answer = await owner.put(f"{PATH}/nobody", None)
    assert answer.status_code == 422
    assert await records(log, CRM_COMMANDS) == []


async def test_s1_a_viewer_reads_and_can_do_nothing_else(
    desk: Rig, owner: User, contacts: Database, log: InMemoryLog
) -> None:
    hoa = await desk.staff(owner, "hoa")
    await share_with(contacts, manual(HOA))
    for path in ("", "/history", "/notes", "/shares"):
        assert (await hoa.get(f"/v1/contacts/con_0{path}")).status_code == 200
    listed = await hoa.done("GET", "/v1/contacts")
    assert [(each["id"], each["read_only"]) for each in listed["items"]] == [("con_0", True)]
    assert (await owner.done("GET", "/v1/contacts/con_0"))["read_only"] is False
    writes = [
        ("PATCH", "/v1/contacts/con_0", {"name": "x"}),
        ("POST", "/v1/contacts/con_0/notes", {"text": "x"}),
        ("PUT", f"{PATH}/minh", None),
        ("DELETE", f"{PATH}/hoa", None),
    ]
    for method, path, body in writes:
        assert (await hoa.call(method, path, body)).status_code == 403
    assert await records(log, CRM_COMMANDS) == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "GET"])
async def test_w6_whoever_does_not_see_the_contact_shares_nothing(
    desk: Rig, owner: User, contacts: Database, log: InMemoryLog, method: str
) -> None:
    hoa = await desk.staff(owner, "hoa")
    paths = [(hoa, PATH), (owner, "/v1/contacts/con_2/shares"), (owner, "/v1/contacts/c/shares")]
    for user, path in paths:
        at = path if method == "GET" else f"{path}/hoa"
        assert (await user.call(method, at, None)).status_code == 404
    assert await records(log, CRM_COMMANDS) == []
