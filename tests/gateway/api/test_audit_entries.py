"""O2: what else leaves an entry in the audit, and the audit as a table."""

import csv
from codecs import BOM_UTF8
from datetime import timedelta
from io import StringIO
from typing import Any
from urllib.parse import quote

from gateway.api.test_audit import entries, shown
from gateway.rig import Rig, User, records, until
from support.folding import fold_events
from tuyen_events.audit import AuditRecorded
from tuyen_events.audit_limits import AUDITED_AGAIN_S, REFUSALS_AUDITED_AN_HOUR
from tuyen_events.audit_topics import AUDIT
from tuyen_gateway.api.app import create_app
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database

SOON = timedelta(seconds=AUDITED_AGAIN_S)
LOGIN = {"organization": "shop", "username": "lan", "password": "s3cret"}
SECRETS = ("page-secret", "other-secret", "refresh-secret")


def brief(found: list[dict[str, Any]]) -> list[tuple[str, str | None, str]]:
    return [(one["action"], one["by"], one["id"]) for one in found]


async def test_o2_r9_5_repeated_refusals_are_counted_in_few_entries(
    desk: Rig, owner: User, clock: ManualClock, log: InMemoryLog
) -> None:
    """The first is recorded at once, the others of a minute as one; one address of a route is as
    good as another."""
    lan = await desk.staff(owner, "lan")
    for number in range(50):
        assert (await lan.put(f"/v1/rules/r{number}", {"name": "x"})).status_code == 403
    [first] = await shown(owner, 1, "entity=request")
    assert (first["id"], first["times"]) == ("PUT /v1/rules/r0", 1)
    clock.advance(SOON)
    await desk.gateway.audit.record_repeated()
    await desk.gateway.audit.record_repeated()
    found = await shown(owner, 2, "entity=request&by=lan")
    assert (found[0]["id"], found[0]["times"]) == ("PUT /v1/rules/r49", 49)


async def test_o2_r9_5_no_refusal_is_lost_while_as_many_were_recorded_as_may_be(
    desk: Rig, owner: User, clock: ManualClock, log: InMemoryLog
) -> None:
    """Whatever somebody does for an hour, the audit grows by no more than the limit, which counts
    again with time; and every refusal is in a number."""
    lan, refused = await desk.staff(owner, "lan"), 0
    for minute in range(100):
        for path in ("/v1/rules/r", "/v1/groups/g", "/v1/departments/d"):
            assert (await lan.delete(path)).status_code == 403
            refused += 1
        clock.advance(timedelta(seconds=20))
        await desk.gateway.audit.record_repeated()
        hour = timedelta(seconds=20) * (minute + 1) / timedelta(hours=1)
        assert len(await refusals(log)) <= REFUSALS_AUDITED_AN_HOUR * (1 + hour)
    for _ in range(5):
        clock.advance(timedelta(hours=1))
        await desk.gateway.audit.record_repeated()
    assert sum(one.times for one in await refusals(log)) == refused


async def refusals(log: InMemoryLog) -> list[AuditRecorded]:
    found = [one.event for one in fold_events(await records(log, AUDIT))]
    return [one for one in found if isinstance(one, AuditRecorded) and one.entity == "request"]


async def test_o2_who_is_not_logged_in_leaves_nothing_in_the_audit(
    desk: Rig, owner: User, log: InMemoryLog
) -> None:
    before = len(await records(log, AUDIT))
    for path in ("/v1/settings", "/v1/rules", "/v1/reports/agents"):
        assert (await desk.anybody.get(path)).status_code == 401
    assert len(await records(log, AUDIT)) == before


async def test_o2_a_logout_and_a_token_that_was_used_twice_leave_an_entry(
    desk: Rig, owner: User
) -> None:
    await desk.staff(owner, "lan")
    first = await desk.anybody.done("POST", "/v1/auth/login", LOGIN)
    await desk.anybody.done("POST", "/v1/auth/logout", {"refresh_token": first["refresh_token"]})
    second = await desk.anybody.done("POST", "/v1/auth/login", LOGIN)
    again = {"refresh_token": second["refresh_token"]}
    await desk.anybody.done("POST", "/v1/auth/refresh", again)
    desk_clock(desk).advance(timedelta(minutes=1))
    assert (await desk.anybody.post("/v1/auth/refresh", again)).status_code == 401
    found = await shown(owner, 6, "entity=login")
    assert brief(found)[:4] == [
        ("login_copied", None, "lan"),
        ("logged_in", "lan", "lan"),
        ("logged_out", "lan", "lan"),
        ("logged_in", "lan", "lan"),
    ]
    assert "token" not in str(found)


def desk_clock(desk: Rig) -> ManualClock:
    clock = desk.gateway.clock
    assert isinstance(clock, ManualClock)
    return clock


async def test_o2_p6_a_page_that_gets_a_token_leaves_an_entry_without_the_token(
    desk: Rig, owner: User
) -> None:
    page = {"channel": "zalo", "external_id": "7", "name": "Chat"}
    for secret in ("page-secret", "page-secret", "other-secret"):
        credentials = {"access_token": secret, "refresh_token": "refresh-secret"}
        await owner.done("PUT", "/v1/pages/p", {**page, "credentials": credentials})
    site = await owner.done("PUT", "/v1/pages/site", {"channel": "livechat", "name": "Site"})
    renewed = await owner.done("POST", "/v1/pages/site/token")
    found = await shown(owner, 4, "entity=page_token")
    assert brief(found) == [("changed", "admin", id_) for id_ in ("site", "site", "p", "p")]
    everything = (await owner.get("/v1/audit")).text
    for secret in (*SECRETS, site["token"], renewed["token"]):
        assert secret not in everything


async def test_o2_templates_and_shared_views_leave_an_entry_and_an_agents_own_things_none(
    desk: Rig, owner: User
) -> None:
    for text in ("Chào bạn", "Chào bạn!", "Chào bạn!"):
        await owner.done("PUT", "/v1/templates/t", {"title": "Chào", "text": text})
    await owner.done("DELETE", "/v1/templates/t")
    view = {"name": "Chờ", "filter": {"assignee": "none"}}
    for shared in (False, True, False):
        await owner.done("PUT", "/v1/views/v", {**view, "shared": shared})
    await owner.done("PUT", "/v1/me/preferences", {"language": "vi"})
    found = await shown(owner, 3, "entity=template")
    assert [one["action"] for one in found] == ["removed", "changed", "created"]
    assert found[1]["changes"] == [{"field": "text", "from": "Chào bạn", "to": "Chào bạn!"}]
    views = await shown(owner, 2, "entity=view")
    assert brief(views) == [("removed", "admin", "v"), ("created", "admin", "v")]
    assert await entries(owner, "entity=preferences") == []


async def test_o2_long_work_leaves_an_entry_with_what_was_requested(desk: Rig, owner: User) -> None:
    await desk.staff(owner, "lan")
    await owner.done("PUT", "/v1/settings", {"assignment": True})
    await owner.done("POST", "/v1/conversations/bulk", {"ids": ["a", "b"], "set": {"done": True}})
    wanted = {"filter": {"assignee": "none"}, "set": {"assignee": "lan"}}
    await owner.done("POST", "/v1/conversations/bulk", wanted)
    by_filter, by_ids = await shown(owner, 2, "entity=bulk")
    assert {one["field"]: one["to"] for one in by_ids["changes"]} == {
        "named": 2,
        "done": True,
    }
    fields = {one["field"]: one["to"] for one in by_filter["changes"]}
    assert "held_by" in fields["filter"]
    assert fields["assign_to"]["agent_id"] == "lan"


async def test_o2_an_export_leaves_an_entry_when_it_is_requested_and_when_it_is_downloaded(
    desk: Rig, owner: User
) -> None:
    body = {"kind": "contacts", "filter": {"q": "vinh"}, "format": "csv"}
    job = await owner.done("POST", "/v1/exports", body)

    async def is_done() -> bool:
        state: str = (await owner.done("GET", f"/v1/jobs/{job['id']}"))["state"]
        return state == "done"

    await until(is_done)
    for _ in range(3):
        assert (await owner.get(f"/v1/exports/{job['id']}/file")).status_code == 200
    downloaded, started = await shown(owner, 2, "entity=export&by=admin")
    assert brief([downloaded, started]) == [
        ("downloaded", "admin", job["id"]),
        ("started", "admin", job["id"]),
    ]
    assert {"field": "filter", "from": None, "to": {"words": "vinh"}} in started["changes"]
    assert downloaded["changes"] == [{"field": "rows", "from": None, "to": 0}]


async def test_o2_the_audit_is_a_table_that_has_what_the_list_has(
    desk: Rig, owner: User, views: Database, clock: ManualClock
) -> None:
    await owner.done("PUT", "/v1/agents/lan", {"name": "=1+1", "username": "lan", "role": "agent"})
    clock.advance(timedelta(minutes=1))
    await owner.done("PUT", "/v1/departments/sales", {"name": "Bán hàng"})
    await shown(owner, 1, "entity=department")
    table = await owner.get("/v1/audit?format=csv&entity=department")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert table.content.startswith(BOM_UTF8)
    [row] = csv.DictReader(StringIO(table.content.decode("utf-8-sig")))
    assert row == {
        "at": "2026-11-21T08:01:00Z",
        "local_time": "2026-11-21 15:01:00",
        "by": "admin",
        "name": (await owner.done("GET", "/v1/me"))["name"],
        "action": "created",
        "entity": "department",
        "id": "sales",
        "times": "1",
        "field": "name",
        "from": "",
        "to": "Bán hàng",
    }
    agents = await owner.get("/v1/audit?format=csv&entity=agent&by=admin")
    assert ",'=1+1" in agents.text
    assert ",=1+1" not in agents.text
    [download] = await shown(owner, 1, "entity=audit")
    assert (download["action"], download["by"]) == ("downloaded", "admin")
    lan = await desk.staff(owner, "minh")
    assert (await lan.get("/v1/audit?format=csv")).status_code == 403


async def test_o2_a_long_table_has_every_entry_once(
    desk: Rig, owner: User, clock: ManualClock
) -> None:
    for number in range(103):
        await owner.done("PUT", f"/v1/departments/d{number}", {"name": "D"})
        await owner.done("DELETE", f"/v1/departments/d{number}")
    await owner.done("PUT", "/v1/departments/last", {"name": "D"})

    async def has_the_last() -> bool:
        newest = await entries(owner, f"entity=department&limit=1&{until_later(clock)}")
        return [each["id"] for each in newest] == ["last"]

    await until(has_the_last)
    table = await owner.get("/v1/audit?format=csv&entity=department")
    rows = list(csv.DictReader(StringIO(table.content.decode("utf-8-sig"))))
    assert [(row["id"], row["action"]) for row in rows] == [
        ("last", "created"),
        *(
            (f"d{number}", action)
            for number in reversed(range(103))
            for action in ("removed", "created")
        ),
    ]


def until_later(clock: ManualClock) -> str:
    return f"to={quote((clock.now() + timedelta(minutes=1)).isoformat())}"


def test_o2_every_filter_of_the_audit_is_in_its_description(rig: Rig) -> None:
    route = create_app(rig.gateway).openapi()["paths"]["/v1/audit"]["get"]
    names = {one["name"] for one in route["parameters"]}
    assert {"from", "to", "by", "entity", "format", "limit", "cursor"} <= names
