"""What is set up is written in one manner, whatever its kind (W2, W7, C6, S2)."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from gateway.api.crm.answering import crm
from gateway.rig import Rig, User, answering, records
from tuyen_events.crm.records import CrmCommandSettled, CrmOutcome, SetupCommand
from tuyen_events.event import Envelope, Event
from tuyen_events.ids import OrganizationId
from tuyen_events.topics import CRM_COMMANDS, CRM_RESULTS
from tuyen_gateway.adapters.crm import MongoCrm
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database
from tuyen_views.campaigns import CAMPAIGNS_VIEW
from tuyen_views.pipelines import PIPELINES_VIEW
from tuyen_views.sharing_rules import SHARING_RULES_VIEW
from tuyen_views.teams import TEAMS_VIEW
from tuyen_views.view import View
from tuyen_views.warehouses import WAREHOUSES_VIEW

MOMENT = datetime(2026, 11, 21, tzinfo=UTC)
STEPS = [{"id": "new", "name": "Mới", "color": None}]


class Kind(NamedTuple):
    """A kind, an entity of it, and a change of one field."""

    path: str
    view: View[Any]
    content: dict[str, Any]
    change: dict[str, Any]
    empty: dict[str, Any]
    """A change that empties a field which may not be empty."""


KINDS = [
    Kind("campaigns", CAMPAIGNS_VIEW, {"name": "Tết"}, {"name": "Tết 2027"}, {"name": None}),
    Kind(
        "pipelines",
        PIPELINES_VIEW,
        {"name": "Bán lẻ", "steps": STEPS},
        {"name": "Bán sỉ"},
        {"steps": None},
    ),
    Kind(
        "teams",
        TEAMS_VIEW,
        {"name": "Nhóm 1", "leaders": ["admin"], "members": []},
        {"members": ["admin"]},
        {"members": None},
    ),
    Kind(
        "sharing-rules",
        SHARING_RULES_VIEW,
        {
            "name": "Cả nhóm",
            "type": "multi_assigned_account",
            "owner": "admin",
            "campaign_id": "tet",
            "agent_ids": ["admin"],
            "every_minutes": 15,
        },
        {"every_minutes": 5},
        {"every_minutes": None},
    ),
    Kind(
        "warehouses",
        WAREHOUSES_VIEW,
        {
            "name": "Kho Bắc",
            "description": "Hà Nội",
            "members": ["admin"],
            "managers": [],
            "sources": ["page"],
            "distribute": "sequential",
        },
        {"description": None},
        {"sources": None},
    ),
]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=[kind.path for kind in KINDS])


async def set_up(views: Database, kind: Kind, sequence: int = 3) -> None:
    """As if the CRM had folded it."""
    stored = {
        "_id": "shop/it",
        "id": "it",
        "organization": "shop",
        "sequence": sequence,
        "created_at": MOMENT,
        "created_by": "admin",
        "updated_at": MOMENT,
        **{name: value for name, value in kind.content.items() if name != "type"},
    }
    await views[kind.view.collection].replace_one({"_id": "shop/it"}, stored, upsert=True)


def content_of(answer: dict[str, Any], kind: Kind) -> dict[str, Any]:
    return {name: answer[name] for name in kind.content}


@every_kind
async def test_w2_w7_c6_s2_an_id_is_made_for_what_is_added_to_the_list(
    owner: User, log: InMemoryLog, views: Database, kind: Kind
) -> None:
    async with crm(log, CrmOutcome.APPLIED, 1) as asked:
        answer = await owner.post(f"/v1/{kind.path}", kind.content)
    (command,) = asked
    assert isinstance(command, SetupCommand)
    made = answer.json()
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"1"')
    assert (made["id"], made["version"], made["created_by"]) == (command.id, 1, "admin")
    assert command.expected_version == 0
    assert content_of(made, kind) == kind.content


@every_kind
async def test_w2_w7_c6_s2_a_patch_changes_the_fields_that_it_names(
    owner: User, log: InMemoryLog, views: Database, kind: Kind
) -> None:
    await set_up(views, kind)
    async with crm(log, CrmOutcome.APPLIED, 4) as asked:
        answer = await owner.call("PATCH", f"/v1/{kind.path}/it", kind.change)
    (command,) = asked
    assert isinstance(command, SetupCommand)
    assert command.expected_version == 3
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"4"')
    assert content_of(answer.json(), kind) == {**kind.content, **kind.change}


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (kind, field)
        for kind in KINDS
        for field in ("members", "managers", "leaders", "agent_ids", "owner")
        if field in kind.content
    ],
    ids=lambda value: getattr(value, "path", value),
)
async def test_w2_w7_s2_a_patch_keeps_an_agent_who_was_removed_unless_it_names_the_field(
    owner: User, log: InMemoryLog, views: Database, kind: Kind, field: str
) -> None:
    gone = "gone" if field == "owner" else ["gone"]
    await set_up(views, kind._replace(content={**kind.content, field: gone}))
    path = f"/v1/{kind.path}/it"
    async with crm(log, CrmOutcome.APPLIED, 4) as asked:
        assert (await owner.done("PATCH", path, {"name": "Khác"}))[field] == gone
        refused = await owner.call("PATCH", path, {field: gone})
        assert (await owner.put(path, {**kind.content, field: gone})).status_code == 422
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, f"body.{field}")
    assert len(asked) == 1


@every_kind
async def test_w2_w7_c6_s2_a_patch_is_refused_for_what_is_not_there_or_may_not_be_empty(
    desk: Rig, owner: User, log: InMemoryLog, views: Database, kind: Kind
) -> None:
    path = f"/v1/{kind.path}/it"
    assert (await owner.call("PATCH", path, kind.change)).status_code == 404
    await set_up(views, kind)
    assert (await owner.call("PATCH", path, kind.empty)).status_code == 422
    assert (await owner.call("PATCH", path, {"unknown": 1})).status_code == 422
    agent = await desk.staff(owner, "lan")
    assert (await agent.call("PATCH", path, kind.change)).status_code == 403
    assert (await agent.post(f"/v1/{kind.path}", kind.content)).status_code == 403
    assert await records(log, CRM_COMMANDS) == []


@pytest.mark.parametrize("expected", [None, '"3"'])
async def test_w2_a_patch_that_somebody_else_overtook_is_decided_again_or_refused(
    owner: User, log: InMemoryLog, views: Database, expected: str | None
) -> None:
    kind = KINDS[-1]
    await set_up(views, kind)
    asked: list[SetupCommand] = []

    async def answer(command: Event, _offset: int) -> None:
        assert isinstance(command, SetupCommand)
        asked.append(command)
        await set_up(views, kind._replace(content={**kind.content, "name": "Kho Nam"}), 5)
        outcome = CrmOutcome.APPLIED if command.expected_version == 5 else CrmOutcome.VERSION_PASSED
        settled = CrmCommandSettled(
            command_id=command.command_id,
            organization=command.organization,
            outcome=outcome,
            version=5,
        )
        envelope = Envelope(id="e", source="t", subject="s", time=command.at, data=settled)
        await log.append(CRM_RESULTS, command.subject, envelope)

    headers = {"If-Match": expected} if expected else {}
    async with answering(log, CRM_COMMANDS, answer):
        given = await owner.call("PATCH", "/v1/warehouses/it", kind.change, headers)
    if expected:
        assert (given.status_code, len(asked)) == (412, 1)
    else:
        assert [command.expected_version for command in asked] == [3, 5]
        assert given.json()["name"] == "Kho Nam"


async def test_w1_the_default_warehouse_is_patched_before_anybody_set_it_up(
    owner: User, log: InMemoryLog, views: Database
) -> None:
    async with crm(log, CrmOutcome.APPLIED, 1) as asked:
        answer = await owner.call("PATCH", "/v1/warehouses/default", {"managers": ["admin"]})
    (command,) = asked
    assert isinstance(command, SetupCommand)
    assert command.expected_version == 0
    made = answer.json()
    assert (made["name"], made["managers"]) == ("Kho mặc định", ["admin"])


async def test_c6_a_write_waits_until_the_views_contain_it_or_a_short_time(views: Database) -> None:
    reads = MongoCrm(views, shown_within_s=60.0)
    shop = OrganizationId("shop")
    await set_up(views, KINDS[0], 4)
    await reads.wait_for_setup(CAMPAIGNS_VIEW, shop, "it", 4)
    left = {"_id": "shop/it", "sequence": 5, "removed_at": MOMENT}
    await views[CAMPAIGNS_VIEW.collection].replace_one({"_id": "shop/it"}, left)
    await reads.wait_for_setup(CAMPAIGNS_VIEW, shop, "it", 5)
    late = MongoCrm(views, shown_within_s=0.0)
    await late.wait_for_setup(CAMPAIGNS_VIEW, shop, "it", 6)
