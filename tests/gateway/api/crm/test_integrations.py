"""C12: integrations, and what their tokens are good for."""

from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import httpx
import pytest

from gateway.api.crm.answering import crm
from gateway.rig import Rig, User, records, until
from tuyen_events.crm.records import CrmOutcome
from tuyen_events.topics import CRM_COMMANDS, DIRECTORY, TOPICS
from tuyen_gateway.adapters.quotas import HourlyQuota
from tuyen_gateway.api.crm import integrations
from tuyen_gateway.api.dependencies import is_known
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database
from tuyen_views.warehouses import WAREHOUSES_VIEW

PATH = "/v1/integrations/tong-dai"
CENTER = {"name": "Tổng đài", "kind": "calls"}
CALL = {
    "external_id": "1",
    "direction": "in",
    "phone": "0912 345 678",
    "started_at": "2026-11-21T08:00:00Z",
    "duration_s": 3,
    "result": "answered",
}


async def admit(owner: User, kind: str = "calls") -> User:
    """Somebody with the token of an integration."""
    made = await owner.done("PUT", f"/v1/integrations/{kind}", {"name": kind, "kind": kind})
    return User(owner.client, made["token"])


async def report(user: User, log: InMemoryLog) -> httpx.Response:
    async with crm(log, CrmOutcome.APPLIED, 1):
        return await user.post("/v1/calls", CALL)


async def test_c12_an_integration_gets_its_token_once(owner: User) -> None:
    made = await owner.done("PUT", PATH, CENTER)
    token = made.pop("token")
    again = await owner.done("PUT", PATH, {**CENTER, "name": "Tổng đài mới"})
    shown = await owner.done("GET", PATH)
    (listed,) = (await owner.done("GET", "/v1/integrations"))["items"]
    assert shown == listed == again
    assert (made["name"], again["name"], again["kind"]) == ("Tổng đài", "Tổng đài mới", "calls")
    assert again["version"] > made["version"]
    assert (again["created_at"], again["created_by"]) == (made["created_at"], "admin")
    assert again["token_made_at"] == made["token_made_at"]
    posted = await owner.post("/v1/integrations", CENTER)
    assert posted.status_code == 201
    assert posted.json()["token"] not in ("", token)


async def test_c12_a_change_names_its_fields_and_may_name_a_version(owner: User) -> None:
    made = await owner.done("PUT", PATH, {**CENTER, "warehouse_id": "default"})
    patched = await owner.done("PATCH", PATH, {"name": "B"})
    assert (patched["name"], patched["warehouse_id"]) == ("B", "default")
    emptied = await owner.done("PATCH", PATH, {"warehouse_id": None})
    assert (emptied["name"], emptied["warehouse_id"]) == ("B", None)
    old = {"If-Match": f'"{made["version"]}"'}
    for method, body in (("PUT", CENTER), ("PATCH", {"name": "C"}), ("DELETE", None)):
        answer = await owner.call(method, PATH, body, old)
        assert (answer.status_code, answer.json()["version"]) == (412, emptied["version"])
    now = {"If-Match": f'"{emptied["version"]}"'}
    assert (await owner.call("PATCH", PATH, {"name": "C"}, now)).status_code == 200
    assert (await owner.call("PATCH", PATH, {"name": None})).status_code == 422
    assert (await owner.call("PATCH", "/v1/integrations/x", {"name": "C"})).status_code == 404


async def test_c12_w2_its_warehouse_exists(owner: User, views: Database) -> None:
    await views[WAREHOUSES_VIEW.collection].insert_one(
        {
            "_id": "shop/north",
            "id": "north",
            "organization": "shop",
            "name": "N",
            "sequence": 1,
            "created_at": "2026-11-21T00:00:00Z",
            "created_by": "admin",
            "updated_at": "2026-11-21T00:00:00Z",
        }
    )
    await owner.done("PUT", PATH, {**CENTER, "warehouse_id": "north"})
    for method, body in (("PUT", CENTER), ("PATCH", {})):
        answer = await owner.call(method, PATH, {**body, "warehouse_id": "south"})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "body.warehouse_id"


async def test_c12_a_deleted_integrations_token_is_nobodys(owner: User, log: InMemoryLog) -> None:
    sender = await admit(owner)
    assert (await report(sender, log)).status_code == 201
    for _ in range(2):
        assert (await owner.delete("/v1/integrations/calls")).status_code == 204
    assert (await report(sender, log)).status_code == 401
    again = await admit(owner)
    assert (await report(sender, log)).status_code == 401
    assert (await report(again, log)).status_code == 201


async def test_c12_a_new_token_ends_the_old_one(owner: User, log: InMemoryLog) -> None:
    sender = await admit(owner)
    before = await owner.done("GET", "/v1/integrations/calls")
    renewed = await owner.post("/v1/integrations/calls/token")
    assert renewed.status_code == 201
    assert (await report(sender, log)).status_code == 401
    assert (await report(User(owner.client, renewed.json()["token"]), log)).status_code == 201
    after = await owner.done("GET", "/v1/integrations/calls")
    assert after.keys() == before.keys()
    told = renewed.json()
    told.pop("token")
    assert told == after
    assert renewed.headers["ETag"] == f'"{after["version"]}"'
    assert (await owner.post("/v1/integrations/none/token")).status_code == 404


async def test_c12_a_token_sends_what_its_kind_says_and_does_nothing_else(
    desk: Rig, owner: User, log: InMemoryLog
) -> None:
    calls, leads = await admit(owner), await admit(owner, "leads")
    lead = {"external_id": "1", "name": "Lan"}
    assert (await leads.post("/v1/calls", CALL)).status_code == 403
    assert (await calls.post("/v1/leads", lead)).status_code == 403
    assert (await owner.post("/v1/calls", CALL)).status_code == 401
    assert (await desk.anybody.post("/v1/calls", CALL)).status_code == 401
    for path in ("/v1/me", "/v1/contacts", PATH, "/v1/events"):
        assert (await calls.get(path)).status_code == 401
    assert (await report(calls, log)).status_code == 201


async def test_c12_a_suspended_organizations_integrations_are_refused(
    desk: Rig, owner: User, log: InMemoryLog
) -> None:
    sender = await admit(owner)
    await desk.operator.done("PATCH", "/v1/organizations/shop", {"suspended": True})
    assert (await report(sender, log)).status_code == 403
    await desk.operator.done("PATCH", "/v1/organizations/shop", {"suspended": False})
    assert (await report(sender, log)).status_code == 201


async def test_c12_one_organizations_integrations_are_not_anothers(desk: Rig, owner: User) -> None:
    stranger = await desk.organization("other")
    mine, theirs = await admit(owner), await admit(stranger)
    await stranger.delete("/v1/integrations/calls")
    known = [is_known(desk.gateway, user.token or "") for user in (mine, theirs)]
    assert known == [True, False]


def allow(
    desk: Rig, monkeypatch: pytest.MonkeyPatch, whose: str, **limits: HourlyQuota[Any]
) -> None:
    allowance = replace(getattr(desk.gateway.crm_commands, whose), **limits)
    monkeypatch.setattr(desk.gateway.crm_commands, whose, allowance)


async def test_r9_5_all_integrations_together_send_no_more_than_they_may(
    desk: Rig, owner: User, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    two: HourlyQuota[Any] = HourlyQuota(2, "Your integrations sent too often")
    allow(desk, monkeypatch, "_integrations", number=two)
    answers = []
    for name in ("one", "two", "three"):
        token = (await owner.done("PUT", f"/v1/integrations/{name}", CENTER))["token"]
        answers.append(await report(User(owner.client, token), log))
    assert [answer.status_code for answer in answers] == [201, 201, 429]


async def test_r9_5_an_integration_sends_no_more_than_it_may_and_takes_nothing_from_people(
    desk: Rig, owner: User, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    few: HourlyQuota[Any] = HourlyQuota(2, "This integration sent too often")
    allow(desk, monkeypatch, "_integration", number=few)
    none: HourlyQuota[Any] = HourlyQuota(0, "People changed too often")
    allow(desk, monkeypatch, "_people", number=none)
    sender = await admit(owner)
    answers = [await report(sender, log) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert "Retry-After" in answers[-1].headers
    other = await owner.done("PUT", "/v1/integrations/other", CENTER)
    assert (await report(User(owner.client, other["token"]), log)).status_code == 201


async def test_o2_the_audit_says_that_a_token_was_renewed_and_what_was_refused(
    desk: Rig, owner: User, clock: ManualClock
) -> None:
    sender = await admit(owner)
    clock.advance(timedelta(seconds=1))
    await owner.post("/v1/integrations/calls/token")
    leads = await admit(owner, "leads")
    await leads.post("/v1/calls", CALL)
    found: list[dict[str, Any]] = []

    async def are_there() -> bool:
        found[:] = (await owner.done("GET", "/v1/audit"))["items"]
        return any(each["entity"] == "request" for each in found)

    await until(are_there)
    (refused,) = [each for each in found if each["entity"] == "request"]
    assert (refused["by"], refused["id"]) == (None, "POST /v1/calls")
    about = [each for each in found if (each["entity"], each["id"]) == ("integration", "calls")]
    renewed, created = about
    assert [change["field"] for change in renewed["changes"]] == ["token_made_at"]
    named = {change["field"] for change in created["changes"]}
    assert {"name", "kind"} <= named
    assert "token_hash" not in named
    assert str(sender.token) not in str(found)


async def test_p6_a_token_is_in_no_record_no_log_line_and_no_other_answer(
    desk: Rig,
    owner: User,
    log: InMemoryLog,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    secret = "tint_xin-dung-ghi-lai"
    made = count()
    monkeypatch.setattr(integrations, "_make_token", lambda: f"{secret}-{next(made)}")
    sender = await admit(owner)
    answers = [
        await owner.put("/v1/integrations/calls", {"name": "B", "kind": "calls"}),
        await owner.get("/v1/integrations"),
        await owner.get("/v1/integrations/calls"),
        await report(sender, log),
        await sender.post("/v1/calls", {**CALL, "phone": "x"}),
        await sender.post("/v1/leads", {}),
        await sender.get("/v1/me"),
        await owner.get("/v1/audit"),
        await owner.delete("/v1/integrations/calls"),
        await sender.post("/v1/calls", CALL),
    ]
    assert {answer.status_code for answer in answers} == {200, 201, 204, 401, 403, 422}
    assert not any(secret in answer.text + str(answer.headers) for answer in answers)
    found = 0
    for topic in TOPICS.values():
        for record in await records(log, topic):
            whole = (record.key or b"", record.value or b"", str(record.headers).encode())
            assert not any(secret.encode() in part for part in whole), topic.name
            found += topic is DIRECTORY
    assert found > 2
    output = capsys.readouterr()
    assert secret not in output.out + output.err


async def test_r9_5_agents_who_may_get_a_contact_take_nothing_of_the_bytes_that_are_sent(
    desk: Rig, owner: User, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gateway names them, however many there are."""
    sender = await admit(owner)
    for number in range(40):
        agent = {"name": "A", "username": f"a{number}", "role": "agent"}
        await owner.done("PUT", f"/v1/agents/{'a' * 40}{number}", agent)
    few: HourlyQuota[Any] = HourlyQuota(1_500, "This integration sent too many bytes")
    allow(desk, monkeypatch, "_integration", total=few)
    assert (await report(sender, log)).status_code == 201
    assert len((await records(log, CRM_COMMANDS))[0].value or b"") > 1_500
