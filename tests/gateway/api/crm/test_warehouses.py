"""Warehouses (W1, W2): set up by commands to the CRM, listed for whom they concern."""

import pytest

from gateway.api.crm.answering import CREATED, crm
from gateway.rig import START, Rig, User, records
from tuyen_events.crm.records import CrmOutcome, CrmRefusal
from tuyen_events.crm.warehouses import EmptyWarehouse, PutWarehouse, RemoveWarehouse
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.topics import CRM_COMMANDS
from tuyen_events.vocabulary import Strategy
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database
from tuyen_views.warehouses import WAREHOUSES_VIEW, WarehouseDocument

PATH = "/v1/warehouses/north"


def warehouse(
    identity: str, members: tuple[str, ...] = (), managers: tuple[str, ...] = (), of: str = "shop"
) -> WarehouseDocument:
    return WarehouseDocument(
        key=f"{of}/{identity}",
        id=identity,
        organization=OrganizationId(of),
        name=identity.title(),
        members=tuple(map(AgentId, members)),
        managers=tuple(map(AgentId, managers)),
        created_at=CREATED,
        created_by=AgentId("admin"),
        updated_at=CREATED,
        sequence=3,
    )


async def fill(views: Database, *warehouses: WarehouseDocument) -> None:
    for each in warehouses:
        await views[WAREHOUSES_VIEW.collection].insert_one(WAREHOUSES_VIEW.encode(each))


async def test_w2_a_warehouse_is_a_command_to_the_crm(
    desk: Rig, owner: User, log: InMemoryLog
) -> None:
    for agent in ("lan", "hoa"):
        await desk.staff(owner, agent)
    body = {
        "name": "Kho miền Bắc",
        "description": "Hà Nội",
        "members": ["lan"],
        "managers": ["hoa", "admin"],
        "sources": ["trang"],
        "distribute": "least_loaded",
    }
    async with crm(log, CrmOutcome.APPLIED, 4) as asked:
        answer = await owner.put(PATH, body, {"If-Match": '"0"'})
    assert answer.status_code == 200
    assert answer.headers["ETag"] == '"4"'
    moment = START.isoformat().replace("+00:00", "Z")
    meta = {"id": "north", "default": False, "version": 4, "created_by": "admin"}
    assert answer.json() == {**body, **meta, "created_at": moment, "updated_at": moment}
    (command,) = asked
    assert isinstance(command, PutWarehouse)
    assert (command.members, command.managers) == (("lan",), ("hoa", "admin"))
    assert command.expected_version == 0
    assert command.distribute is Strategy.LEAST_LOADED


async def test_w5_a_warehouse_distributes_nothing_unless_it_is_said(
    owner: User, log: InMemoryLog
) -> None:
    async with crm(log, CrmOutcome.APPLIED, 4) as asked:
        for body in ({}, {"distribute": "off"}):
            assert (await owner.done("PUT", PATH, {"name": "x", **body}))["distribute"] == "off"
    assert [getattr(each, "distribute", 0) for each in asked] == [None, None]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "x", "members": ["nobody"]},
        {"name": "x", "managers": ["admin", "admin"]},
        {"name": "x", "sources": ["trang", "trang"]},
        {"name": "x", "sources": ["../"]},
        {"name": "x", "default": True},
        {"name": "x", "distribute": "random"},
        {"name": "x", "distribute": None},
    ],
)
async def test_w2_what_is_no_warehouse_is_refused_before_it_is_a_command(
    owner: User, log: InMemoryLog, body: object
) -> None:
    assert (await owner.put(PATH, body)).status_code == 422
    assert await records(log, CRM_COMMANDS) == []


async def test_w2_a_source_of_another_warehouse_is_a_conflict(
    owner: User, log: InMemoryLog
) -> None:
    async with crm(log, CrmOutcome.REFUSED, 0, refusal=CrmRefusal.SOURCE_TAKEN):
        answer = await owner.put(PATH, {"name": "x", "sources": ["trang"]})
    assert answer.status_code == 409
    assert "Another warehouse has one of these sources" in answer.json()["detail"]


async def test_w1_w3_each_sees_the_warehouses_that_concern_them(
    desk: Rig, owner: User, views: Database
) -> None:
    await fill(
        views,
        warehouse("a-kho", members=("lan",)),
        warehouse("north", managers=("lan",)),
        warehouse("south", managers=("hoa",)),
        warehouse("north", managers=("lan", "admin"), of="rival"),
    )
    lan = await desk.staff(owner, "lan")
    minh = await desk.staff(owner, "minh", "chain_manager")
    for user, expected in (
        (owner, ["a-kho", "default", "north", "south"]),
        (lan, ["a-kho", "north"]),
        (minh, []),
    ):
        items = (await user.done("GET", "/v1/warehouses"))["items"]
        assert [each["id"] for each in items] == expected
        for one in ("a-kho", "default", "north", "south", "none"):
            answer = await user.get(f"/v1/warehouses/{one}")
            assert answer.status_code == (200 if one in expected else 404)
    first = await owner.done("GET", "/v1/warehouses?limit=2")
    rest = await owner.done("GET", f"/v1/warehouses?limit=2&cursor={first['next']}")
    assert [each["id"] for each in first["items"] + rest["items"]] == [
        "a-kho",
        "default",
        "north",
        "south",
    ]
    assert rest["next"] is None


async def test_w1_the_default_warehouse_can_be_set_up(owner: User, views: Database) -> None:
    before = await owner.done("GET", "/v1/warehouses/default")
    assert (before["name"], before["version"], before["created_by"]) == ("Kho mặc định", 0, None)
    await fill(views, warehouse("default", members=("lan",)))
    (after,) = (await owner.done("GET", "/v1/warehouses"))["items"]
    assert (after["name"], after["default"], after["members"]) == ("Default", True, ["lan"])


async def test_w2_a_warehouse_with_many_contacts_is_emptied_first(
    owner: User, log: InMemoryLog
) -> None:
    async with crm(log, CrmOutcome.APPLIED, 5) as asked:
        answer = await owner.delete(PATH)
        assert answer.status_code == 204
    assert [type(command) for command in asked] == [RemoveWarehouse]


async def test_w2_what_is_not_moved_in_time_is_to_be_repeated(
    owner: User, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuyen_gateway.api.crm.entities._REMOVED_WITHIN_S", 0.05)
    monkeypatch.setattr("tuyen_gateway.api.crm.entities.carry_out", _at_once)
    async with crm(log, CrmOutcome.REFUSED, 0, refusal=CrmRefusal.NOT_EMPTY):
        answer = await owner.delete(PATH)
    assert answer.status_code == 503
    assert "repeat the request" in answer.json()["detail"]


async def _at_once(_gateway: object, command: object, _what: str) -> None:
    assert isinstance(command, EmptyWarehouse)


async def test_w1_the_default_warehouse_cannot_be_removed(owner: User, log: InMemoryLog) -> None:
    async with crm(log, CrmOutcome.REFUSED, 0, refusal=CrmRefusal.NEEDED):
        answer = await owner.delete("/v1/warehouses/default")
    assert answer.status_code == 409
