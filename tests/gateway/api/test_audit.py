"""O2: the audit says who did what, when, and from what to what; nobody can change it."""

from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest

from gateway.rig import START, Rig, User, records, until
from support.folding import fold_events
from tuyen_events.audit_topics import AUDIT
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_gateway.api.app import create_app
from tuyen_gateway.projections.audit import ENTRIES, fold_audit
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database
from tuyen_views.history import SETUP_HISTORY_VIEW, Change, SetupHistoryDocument

RULE = {"name": "Sáng", "enabled": True, "mode": "random", "members": [{"agent_id": "admin"}]}
LAN = {"name": "Lan", "username": "lan", "role": "agent"}
CHAT = {"channel": "zalo", "external_id": "7", "name": "Chat"}


class Case(NamedTuple):
    """An entity that is put twice: the field that differs, before and after."""

    entity: str
    path: str
    first: dict[str, Any]
    second: dict[str, Any]
    id: str
    field: str
    was: Any
    now: Any


SETUP = [
    Case("agent", "/v1/agents/lan", LAN, {**LAN, "role": "sales_manager"}, "lan",
         "role", "agent", "sales_manager"),
    Case("page", "/v1/pages/p", CHAT, {**CHAT, "name": "Mới"}, "p", "name", "Chat", "Mới"),
    Case("rule", "/v1/rules/r", RULE, {**RULE, "members": []}, "r",
         "members", [{"agent_id": "admin"}], []),
    Case("department", "/v1/departments/sales", {"name": "A"}, {"name": "B"}, "sales",
         "name", "A", "B"),
    Case("group", "/v1/groups/g", {"name": "G", "members": []},
         {"name": "G", "members": ["admin"]}, "g", "members", [], ["admin"]),
    Case("integration", "/v1/integrations/i", {"name": "A", "kind": "calls"},
         {"name": "B", "kind": "calls"}, "i", "name", "A", "B"),
    Case("settings", "/v1/settings", {"assignment": True}, {"assignment": False}, "",
         "assignment", True, False),
    Case("support_team", "/v1/support-team", {"agent_ids": ["admin"]}, {"agent_ids": []}, "",
         "agent_ids", ["admin"], []),
]  # fmt: skip


async def entries(user: User, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await user.done("GET", f"/v1/audit?{query}"))["items"]
    return found


async def shown(user: User, count: int, query: str = "") -> list[dict[str, Any]]:
    """The entries, once there are so many."""

    async def are_there() -> bool:
        return len(await entries(user, query)) >= count

    await until(are_there)
    found = await entries(user, query)
    assert len(found) == count, found
    return found


@pytest.mark.parametrize("case", SETUP, ids=[case.entity for case in SETUP])
async def test_o2_a_change_of_what_is_set_up_says_who_did_it_and_from_what_to_what(
    desk: Rig, owner: User, case: Case
) -> None:
    for body in (case.first, case.second, case.second):
        await owner.done("PUT", case.path, body)
    if case.id:
        await owner.done("DELETE", case.path)
    actions = [*(["removed"] if case.id else []), "changed", "created"]
    found = await shown(owner, len(actions), f"entity={case.entity}&by=admin")
    assert [one["action"] for one in found] == actions
    assert {(one["by"], one["entity"], one["id"]) for one in found} == {
        ("admin", case.entity, case.id)
    }
    changed = [one for one in found[-2]["changes"] if one["field"] == case.field]
    assert changed == [{"field": case.field, "from": case.was, "to": case.now}]
    assert all(change["from"] is None for change in found[-1]["changes"])
    if case.id:
        assert all(change["to"] is None for change in found[0]["changes"])


async def test_o2_a_region_and_a_link_are_named_as_the_directory_names_them(
    desk: Rig, owner: User
) -> None:
    await owner.done("PUT", "/v1/departments/sales", {"name": "Bán hàng"})
    await owner.done("PUT", "/v1/departments/sales/regions/north", {"name": "Bắc"})
    await owner.done("PUT", "/v1/groups/g", {"name": "G", "members": []})
    await owner.done("PUT", "/v1/links/vn", {"url": "https://shop.example/vn", "group": "g"})
    [region] = await shown(owner, 1, "entity=region")
    assert region["id"] == "sales/north"
    [link] = await shown(owner, 1, "entity=link")
    assert {"field": "group", "from": None, "to": "g"} in link["changes"]


async def test_o2_what_the_operator_does_is_by_nobody_of_the_organization(
    desk: Rig, owner: User
) -> None:
    await desk.operator.done("PATCH", "/v1/organizations/shop", {"suspended": True})
    await desk.operator.done("PATCH", "/v1/organizations/shop", {"suspended": False})
    found = await shown(owner, 3, "entity=organization")
    assert {one["by"] for one in found} == {None}
    assert found[1]["changes"] == [{"field": "suspended", "from": False, "to": True}]


async def test_o2_a_login_and_a_refused_login_leave_an_entry_and_a_wrong_name_leaves_no_name(
    desk: Rig, owner: User, clock: ManualClock
) -> None:
    await desk.staff(owner, "lan")
    for username in ("lan", "lan", "hunter2"):
        body = {"organization": "shop", "username": username, "password": "wrong"}
        assert (await desk.anybody.post("/v1/auth/login", body)).status_code == 401
    body = {"organization": "nowhere", "username": "lan", "password": "wrong"}
    assert (await desk.anybody.post("/v1/auth/login", body)).status_code == 401
    clock.advance(timedelta(minutes=1))
    await desk.gateway.audit.record_repeated()
    found = await shown(owner, 5, "entity=login")
    assert [(one["action"], one["by"], one["id"]) for one in found] == [
        ("login_refused", None, "lan"),
        ("login_refused", None, ""),
        ("login_refused", None, "lan"),
        ("logged_in", "lan", "lan"),
        ("logged_in", "admin", "admin"),
    ]


async def test_o2_a_new_password_leaves_an_entry_without_the_password(
    desk: Rig, owner: User
) -> None:
    for password in ("first-password", "first-password", "second-password"):
        await owner.done("PUT", "/v1/agents/lan", {**LAN, "password": password})
    found = await shown(owner, 2, "entity=password&by=admin")
    assert [(one["action"], one["id"], one["changes"]) for one in found] == [
        ("changed", "lan", [])
    ] * 2
    assert "-password" not in (await owner.get("/v1/audit")).text


async def test_o2_what_somebody_was_not_allowed_to_do_leaves_an_entry(
    desk: Rig, owner: User, clock: ManualClock
) -> None:
    lan = await desk.staff(owner, "lan")
    assert (await lan.put("/v1/settings", {"assignment": True})).status_code == 403
    [found] = await shown(owner, 1, "entity=request")
    assert (found["action"], found["by"], found["id"], found["times"]) == (
        "refused",
        "lan",
        "PUT /v1/settings",
        1,
    )
    assert (await lan.get("/v1/audit")).status_code == 403
    assert (await desk.anybody.get("/v1/audit")).status_code == 401


async def test_o2_entries_of_the_crm_and_of_the_directory_are_one_list_by_time(
    desk: Rig, owner: User, views: Database, clock: ManualClock
) -> None:
    for number in range(3):
        await store_setup(views, number)
        clock.advance(timedelta(seconds=30))
        await owner.done("PUT", f"/v1/departments/d{number}", {"name": "D"})
        clock.advance(timedelta(seconds=30))
    await shown(owner, 3, "entity=department")
    whole = [one for one in await entries(owner) if one["entity"] in ("campaign", "department")]
    assert [one["entity"] for one in whole] == ["department", "campaign"] * 3
    assert whole[1] == {
        "at": "2026-11-21T08:02:00Z",
        "by": "admin",
        "action": "changed",
        "entity": "campaign",
        "id": "tet",
        "changes": [{"field": "name", "from": "Tết 1", "to": "Tết 2"}],
        "times": 1,
    }
    assert len(await entries(owner, "entity=campaign&by=admin")) == 3
    assert await entries(owner, "entity=campaign&by=lan") == []
    span = f"from={quote('2026-11-21T08:01:00Z')}&to={quote('2026-11-21T08:02:00Z')}"
    assert [one["entity"] for one in await entries(owner, span)] == ["department", "campaign"]
    paged: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = await owner.done("GET", f"/v1/audit?limit=2{cursor}")
        paged += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert paged == await entries(owner)


async def store_setup(views: Database, number: int) -> None:
    document = SetupHistoryDocument(
        key=f"shop/{number}",
        organization=OrganizationId("shop"),
        kind="campaigns",
        id="tet",
        place=f"{number:015d}.000000001.shop",
        event="campaign.changed",
        by=AgentId("admin"),
        at=START + timedelta(minutes=number),
        vi="sửa chiến dịch.",
        en="changed the campaign.",
        changes=(Change(field="name", before=f"Tết {number - 1}", after=f"Tết {number}"),),
    )
    await views[SETUP_HISTORY_VIEW.collection].insert_one(SETUP_HISTORY_VIEW.encode(document))


@pytest.mark.parametrize(
    "span", ["from=0001-01-01T00:00:00%2B07:00", "to=9999-12-31T23:59:00-07:00"]
)
async def test_o2_r9_5_the_audit_refuses_times_that_cannot_be_written_in_every_zone(
    desk: Rig, owner: User, span: str
) -> None:
    assert (await owner.get(f"/v1/audit?{span}")).status_code == 422


async def test_o2_an_organization_sees_no_other_ones_entries(desk: Rig, owner: User) -> None:
    other = await desk.organization("other")
    await other.done("PUT", "/v1/departments/hidden", {"name": "Hidden"})
    await shown(other, 1, "entity=department")
    assert "hidden" not in (await owner.get("/v1/audit")).text.lower()


def test_o2_no_route_changes_the_audit(rig: Rig) -> None:
    paths = create_app(rig.gateway).openapi()["paths"]
    assert {path: set(paths[path]) for path in paths if "audit" in path} == {"/v1/audit": {"get"}}


async def test_o2_o4_the_audit_that_is_folded_again_equals_the_one_before(
    owner: User, views: Database, log: InMemoryLog
) -> None:
    await owner.done("PUT", "/v1/departments/sales", {"name": "A"})
    await shown(owner, 1, "entity=department")
    before = await views[ENTRIES].find({}).sort("_id", 1).to_list(None)
    await views[ENTRIES].delete_many({})
    for _ in range(2):
        await fold_audit(views, fold_events(await records(log, AUDIT)))
    assert await views[ENTRIES].find({}).sort("_id", 1).to_list(None) == before
