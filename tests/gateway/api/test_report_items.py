"""O3: contacts per source, and at the steps of pipelines; and W6: nobody gets the numbers of
warehouses that they do not manage."""

import random
from typing import Any

import msgspec

from gateway.api.crm.test_warehouses import fill, warehouse
from gateway.api.report_contacts import contacts, deals
from gateway.api.report_events import EVENING, SPAN, fold, report
from gateway.rig import START, Rig, User
from tuyen_events.crm.contacts import ContactAdded, ContactContent
from tuyen_events.crm.deals import Money
from tuyen_events.crm.pipelines import PipelineStep
from tuyen_events.ids import AgentId, ContactId, OrganizationId
from tuyen_gateway.projections.report_numbers import NUMBERS
from tuyen_gateway.projections.reports import REPORT_COLLECTIONS
from tuyen_platform.mongodb import Database
from tuyen_views.pipelines import PIPELINES_VIEW, PipelineDocument

RETAIL = PipelineDocument(
    key="shop/retail",
    id="retail",
    organization=OrganizationId("shop"),
    name="Bán lẻ",
    steps=(PipelineStep(id="new", name="Mới"), PipelineStep(id="quoted", name="Đã báo giá")),
    created_at=START,
    created_by=AgentId("admin"),
    updated_at=START,
    sequence=1,
)


def shorten(items: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        (one["at"][8:13], one.get("source_id", one.get("step_id")), *list(one.values())[-3:])
        for one in items
    ]


async def test_o3_contacts_are_reported_by_their_source_and_day(
    desk: Rig, owner: User, views: Database
) -> None:
    await fold(views, [*contacts(), *contacts("other")])
    await owner.done(
        "PUT", "/v1/pages/page", {"channel": "zalo", "external_id": "7", "name": "Cửa hàng"}
    )
    days = await report(owner, f"sources?{SPAN}&by=day")
    assert shorten(days) == [
        ("20T17", "job_1", 1, 0, 1),
        ("20T17", "page", 2, 0, 2),
        ("21T17", "job_1", 0, 0, 0),
    ]
    assert days[1] == {
        "at": "2026-11-20T17:00:00Z",
        "kind": "page",
        "source_id": "page",
        "source": "Cửa hàng",
        "added": 2,
        "removed": 0,
        "contacts": 2,
    }
    assert [one["kind"] for one in days] == ["import", "page", "import"]


async def test_o3_the_steps_of_pipelines_are_reported_with_who_stands_there(
    desk: Rig, owner: User, views: Database
) -> None:
    await views[PIPELINES_VIEW.collection].insert_one(PIPELINES_VIEW.encode(RETAIL))
    await fold(views, contacts())
    hours = await report(owner, f"pipeline?{SPAN}&by=hour")
    assert shorten(hours) == [
        ("21T16", "new", 2, 0, 2),
        ("21T17", "new", 0, 1, 1),
        ("21T17", "quoted", 1, 0, 1),
    ]
    assert (hours[0]["pipeline"], hours[2]["step"]) == ("Bán lẻ", "Đã báo giá")
    chart = await owner.get(f"/v1/reports/pipeline?{SPAN}&format=svg")
    assert chart.text.index("Đã báo giá") > 0


async def test_o3_deals_are_reported_by_who_has_them_and_their_currency(
    desk: Rig, owner: User, views: Database
) -> None:
    await fold(views, deals())
    await desk.staff(owner, "lan")
    plain, added, won, *rest = await report(owner, f"deals?{SPAN}&by=hour")
    assert rest == []
    assert won == {
        "at": "2026-11-21T17:00:00Z",
        "agent_id": "lan",
        "agent": "Lan",
        "currency": "VND",
        "added": 0,
        "won": 1,
        "won_value": "18000000.5",
        "lost": 0,
        "lost_value": "0",
        "open": 0,
        "open_value": "0",
    }
    assert (added["added"], added["open"], added["open_value"]) == (1, 1, "18000000.5")
    assert (plain["currency"], plain["open"], plain["open_value"]) == (None, 1, None)
    later = await report(owner, "deals?from=2026-12-05T00:00:00Z&to=2026-12-06T00:00:00Z")
    assert [(one["currency"], one["open"], one["won"]) for one in later] == [(None, 1, 0)]


async def test_o3_deals_are_reported_by_the_steps_of_their_contacts(
    desk: Rig, owner: User, views: Database
) -> None:
    await views[PIPELINES_VIEW.collection].insert_one(PIPELINES_VIEW.encode(RETAIL))
    await fold(views, deals())
    days = await report(owner, f"deal-steps?{SPAN}&by=day")
    assert [(one["step"], one["currency"], one["open"], one["won"]) for one in days] == [
        (None, None, 0, 0),
        (None, "VND", 0, 0),
        ("Đã báo giá", None, 1, 0),
        ("Đã báo giá", "VND", 1, 0),
        ("Đã báo giá", "VND", 0, 1),
    ]
    chart = await owner.get(f"/v1/reports/deal-steps?{SPAN}&format=svg")
    assert "Đã báo giá (1)" in chart.text


async def test_o3_w6_deals_are_reported_to_those_who_manage_the_warehouse(
    desk: Rig, owner: User, views: Database
) -> None:
    users = {name: await desk.staff(owner, name) for name in ("lan", "minh")}
    await fill(views, warehouse("north", members=("minh",), managers=("lan",)))
    await fold(views, deals("north"))
    for name in ("deals", "deal-steps"):
        path = f"{name}?{SPAN}&by=day"
        assert await report(users["lan"], path)
        assert await report(owner, path) == []
        assert (await users["minh"].get(f"/v1/reports/{path}")).status_code == 403


async def test_o3_values_of_deals_are_added_up_exactly(
    desk: Rig, owner: User, views: Database
) -> None:
    """However large they are: ten thousandths of the largest ones are more than 64 bits."""
    large = Money(amount="9" * 15 + ".9999", currency="VND")
    created, added, *_ = deals()
    for contact in ("a", "b", "c"):
        mine = {"contact_id": ContactId(contact)}
        await fold(
            views,
            [
                msgspec.structs.replace(created, **mine),
                msgspec.structs.replace(added, **mine, value=large),
            ],
        )
    [row] = await report(owner, f"deals?{SPAN}&by=day")
    assert (row["open"], row["open_value"]) == (3, "2999999999999999.9997")


async def test_o3_who_stood_at_a_step_before_is_in_the_first_interval(
    desk: Rig, owner: User, views: Database
) -> None:
    await fold(views, contacts())
    later = "from=2026-11-25T00:00:00Z&to=2026-11-27T00:00:00Z&by=day"
    steps = await report(owner, f"pipeline?{later}")
    assert shorten(steps) == [("24T17", "new", 0, 0, 1), ("24T17", "quoted", 0, 0, 1)]
    assert shorten(await report(owner, f"sources?{later}")) == [("24T17", "page", 0, 0, 2)]


async def test_o3_r7_1_sources_are_named_like_those_of_contacts(
    desk: Rig, owner: User, views: Database
) -> None:
    page = {"channel": "zalo", "external_id": "7", "name": "Cửa hàng"}
    await owner.done("PUT", "/v1/pages/page", page)
    center = {"name": "Tổng đài", "kind": "calls", "warehouse_id": "default"}
    await owner.done("PUT", "/v1/integrations/calls", center)
    lan = await desk.staff(owner, "lan")
    await fill(views, warehouse("north", managers=("lan",)))
    called = ContactAdded(
        organization=OrganizationId("shop"),
        contact_id=ContactId("called"),
        sequence=1,
        caused_by="cmd",
        at=EVENING,
        content=ContactContent(source="calls", warehouse_id="north"),
        by=None,
    )
    await fold(views, [*contacts(warehouse="north"), called])

    async def names() -> set[str | None]:
        return {one["source"] for one in await report(lan, f"sources?{SPAN}&by=day")}

    assert await names() == {"Cửa hàng", "Tổng đài", None}
    await owner.done("PUT", "/v1/settings", {"page_permissions": True})
    assert await names() == {"Tổng đài", None}


async def test_o3_w6_a_report_of_contacts_has_only_the_warehouses_that_the_viewer_manages(
    desk: Rig, owner: User, views: Database
) -> None:
    """The manager of a warehouse gets its numbers, whatever their role is; a manager by role who
    manages no warehouse gets none; a member, or the leader of a team, may not read them."""
    users = {name: await desk.staff(owner, name) for name in ("lan", "minh")}
    manager = await desk.staff(owner, "chief", role="sales_manager")
    north = warehouse("north", members=("minh",), managers=("lan",))
    await fill(views, north, warehouse("away", managers=("admin",)))
    await fold(views, contacts(warehouse="north"))
    for name in ("sources", "pipeline"):
        path = f"{name}?{SPAN}&by=day"
        assert await report(users["lan"], path)
        assert await report(manager, path) == []
        assert (await users["minh"].get(f"/v1/reports/{path}")).status_code == 403
        table = await manager.get(f"/v1/reports/{path}&format=csv")
        assert len(table.text.splitlines()) == 1
    assert shorten(await report(users["lan"], f"sources?{SPAN}&by=day")) == [
        ("20T17", "job_1", 1, 0, 1),
        ("20T17", "page", 2, 0, 2),
        ("21T17", "job_1", 0, 0, 0),
    ]
    came = await report(owner, f"sources?{SPAN}&by=day")
    assert shorten(came) == [("21T17", "job_1", 0, 0, 1)], "what came into the admin's by a move"


async def test_o3_c11_a_report_of_contacts_needs_access_to_the_crm(desk: Rig, owner: User) -> None:
    manager = await desk.staff(owner, "chief", role="sales_manager")
    crm = {"access": False, "import": False, "export": False, "delete": False}
    body = {"name": "Chief", "username": "chief", "role": "sales_manager", "crm": crm}
    await owner.done("PUT", "/v1/agents/chief", body)
    assert (await manager.get(f"/v1/reports/sources?{SPAN}")).status_code == 403
    assert (await manager.get(f"/v1/reports/agents?{SPAN}")).status_code == 200


async def test_o3_o4_the_numbers_of_contacts_that_are_folded_again_are_the_same(
    views: Database,
) -> None:
    """Partitions are read in any order, and parts of them again."""
    await fold(views, [*contacts(), *contacts("other"), *deals()])
    before = await views[NUMBERS].find({}).sort("_id", 1).to_list(None)
    for name in REPORT_COLLECTIONS:
        await views[name].drop()
    by_contact: dict[str, list[Any]] = {}
    for event in [*contacts(), *contacts("other"), *deals()]:
        by_contact.setdefault(event.contact_id, []).append(event)
    order = random.Random(3)  # noqa: S311 - not a secret
    for events in order.sample(list(by_contact.values()), len(by_contact)):
        await fold(views, events[:1])
        await fold(views, events)
    assert await views[NUMBERS].find({}).sort("_id", 1).to_list(None) == before
