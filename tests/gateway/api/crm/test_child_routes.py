"""Every kind of child is written and read in one manner (C5)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from crm.child_kinds import (
    APPOINTMENTS,
    DEALS,
    KINDS,
    NOTES,
    TASKS,
    TICKETS,
    KindOfChild,
)
from gateway.api.crm.answering import CREATED, contact, crm, show, show_child
from gateway.api.walk import BODIES
from gateway.rig import START, Rig, User, records
from tuyen_events.crm.records import ChildCommand, CrmOutcome
from tuyen_events.topics import CRM_COMMANDS
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database
from tuyen_views.contacts import CONTACTS_VIEW
from tuyen_views.view import LAST_ACCESS, select_access_fields

ALL = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
LISTED = [kind for kind in KINDS if kind.name in ("tasks", "deals", "tickets", "appointments")]
"""Those that have a list over all contacts."""
NOW = START.isoformat().replace("+00:00", "Z")
VIEWER = {"assignee": "lan", "viewers": ("hoa",)}


def content(kind: KindOfChild) -> dict[str, Any]:
    """A body with every field."""
    (body,) = BODIES["POST", f"/v1/contacts/{{contact_id}}/{kind.name}"]
    return body


@pytest.fixture
async def desk_of_lan(desk: Rig, owner: User, views: Database) -> Rig:
    """The contact `con_0` of `shop` with one of every kind of child, and the agents `lan` and
    `hoa`."""
    await show(views, contact(0, "shop", "Lan"), contact(2, "rival", "Vinh"))
    for kind in KINDS:
        await show_child(views, kind.entity.view, kind.show("shop", "con_0"))
    await desk.staff(owner, "lan")
    return desk


def of_contact(kind: KindOfChild, contact: str = "con_0") -> str:
    return f"/v1/contacts/{contact}/{kind.name}"


def own(kind: KindOfChild, number: int = 1) -> str:
    return f"/v1/{kind.name}/{kind.one}_{number}"


@ALL
async def test_c5_a_child_is_a_command_to_the_crm(
    desk_of_lan: Rig, owner: User, log: InMemoryLog, kind: KindOfChild
) -> None:
    body = content(kind)
    async with crm(log, CrmOutcome.APPLIED, 4) as asked:
        answer = await owner.post(of_contact(kind), body)
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"4"')
    (command,) = asked
    assert isinstance(command, kind.entity.commands[0])
    assert isinstance(command, ChildCommand)
    assert (command.contact_id, command.by) == ("con_0", "admin")
    meta = {"created_at": NOW, "created_by": "admin", "updated_at": NOW, "version": 4}
    assert answer.json() == {"id": command.child_id, "contact_id": "con_0", **meta, **body}


@ALL
async def test_c5_a_put_replaces_what_a_child_consists_of(
    desk_of_lan: Rig, owner: User, log: InMemoryLog, kind: KindOfChild
) -> None:
    body = content(kind)
    path = f"{of_contact(kind)}/{kind.one}_1"
    async with crm(log, CrmOutcome.APPLIED, 4) as asked:
        answer = await owner.put(path, body, {"If-Match": '"1"'})
    assert answer.status_code == 200
    (command,) = asked
    assert isinstance(command, ChildCommand)
    assert (command.child_id, command.expected_version) == (f"{kind.one}_1", 1)
    found = answer.json()
    assert (found["created_by"], found["updated_at"], found["version"]) == ("hoa", NOW, 4)
    assert body.items() <= found.items()


@ALL
async def test_c5_a_patch_changes_the_fields_that_it_names(
    desk_of_lan: Rig, owner: User, log: InMemoryLog, kind: KindOfChild
) -> None:
    before = await owner.done("GET", own(kind))
    title = next(iter(content(kind)))
    changes = {title: "Khác"}
    async with crm(log, CrmOutcome.APPLIED, 4) as asked:
        answer = await owner.done("PATCH", own(kind), changes)
        assert await owner.done("PATCH", own(kind), {}) == before
    assert answer == {**before, **changes, "version": 4, "updated_at": NOW}
    (command,) = asked
    assert isinstance(command, kind.entity.commands[1])


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (TASKS, "due_at"),
        (TASKS, "remind_at"),
        (TASKS, "assignee"),
        (DEALS, "value"),
        (DEALS, "expected_close"),
        (DEALS, "assignee"),
        (TICKETS, "description"),
        (TICKETS, "assignee"),
        (APPOINTMENTS, "ends_at"),
        (APPOINTMENTS, "place"),
        (APPOINTMENTS, "remind_minutes"),
        (APPOINTMENTS, "assignee"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.one,
)
async def test_c5_null_empties_a_field_that_may_be_empty(
    desk_of_lan: Rig, owner: User, log: InMemoryLog, kind: KindOfChild, field: str
) -> None:
    assert (await owner.done("GET", own(kind)))[field] is not None
    async with crm(log, CrmOutcome.APPLIED, 4):
        assert (await owner.done("PATCH", own(kind), {field: None}))[field] is None


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (NOTES, {"text": None}),
        (TASKS, {"title": None}),
        (TASKS, {"state": None}),
        (TASKS, {"state": "lost"}),
        (TASKS, {"due_at": "2026-12-01T03:00:00"}),
        (TASKS, {"due_at": "9999-12-31T23:59:59Z"}),
        (TASKS, {"assignee": "nobody-here"}),
        (DEALS, {"value": {"amount": 18, "currency": "VND"}}),
        (DEALS, {"value": {"amount": "1e3", "currency": "VND"}}),
        (DEALS, {"value": {"amount": "18", "currency": "đồng"}}),
        (DEALS, {"expected_close": "soon"}),
        (TICKETS, {"subject": " "}),
        (TICKETS, {"title": "Giày"}),
        (TICKETS, {"priority": "now"}),
        (APPOINTMENTS, {"starts_at": None}),
        (APPOINTMENTS, {"ends_at": "2026-09-23T01:59:59Z"}),
        (APPOINTMENTS, {"starts_at": "2026-09-23T03:00:01Z"}),
        (APPOINTMENTS, {"remind_minutes": -1}),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else value.one,
)
async def test_c5_what_is_wrong_is_refused_before_it_is_a_command(
    desk_of_lan: Rig, owner: User, log: InMemoryLog, kind: KindOfChild, changes: dict[str, Any]
) -> None:
    assert (await owner.call("PATCH", own(kind), changes)).status_code == 422
    answer = await owner.post(of_contact(kind), {**content(kind), **changes})
    assert answer.status_code == 422 or "starts_at" in changes
    assert await records(log, CRM_COMMANDS) == [] or "starts_at" in changes


@ALL
async def test_c5_a_child_is_removed_and_removed_again(
    desk_of_lan: Rig, owner: User, views: Database, log: InMemoryLog, kind: KindOfChild
) -> None:
    async with crm(log, CrmOutcome.APPLIED, 4) as asked:
        removed = await owner.delete(own(kind))
        assert (removed.status_code, removed.headers["ETag"]) == (204, '"4"')
        await remove_from_view(views, kind)
        assert (await owner.delete(own(kind))).status_code == 204
    (command,) = asked
    assert isinstance(command, kind.entity.commands[2])


@ALL
async def test_w6_a_removed_child_is_as_hidden_as_it_was(
    desk_of_lan: Rig, owner: User, views: Database, log: InMemoryLog, kind: KindOfChild
) -> None:
    agent, viewer = [await desk_of_lan.staff(owner, name) for name in ("agent", "hoa")]
    rival = await desk_of_lan.organization("rival")
    await views[CONTACTS_VIEW.collection].update_one({"_id": "con_0"}, {"$set": VIEWER})
    for removed in (False, True):
        if removed:
            await remove_from_view(views, kind)
        for user in (agent, rival):
            hidden, unknown = await user.delete(own(kind)), await user.delete(own(kind, 9))
            assert hidden.status_code == unknown.status_code == 404
            assert hidden.text.replace("_1", "") == unknown.text.replace("_9", "")
        assert (await viewer.delete(own(kind))).status_code == 403
    assert (await owner.delete(own(kind, 9))).status_code == 404
    assert await records(log, CRM_COMMANDS) == []


async def remove_from_view(views: Database, kind: KindOfChild) -> None:
    """As if the CRM had folded that it was removed."""
    collection = views[kind.entity.view.collection]
    key = f"shop/{kind.one}_1/con_0"
    stored = await collection.find_one({"_id": key})
    assert stored is not None
    left = {
        "_id": key,
        "sequence": 9,
        "removed_at": CREATED,
        LAST_ACCESS: select_access_fields(stored),
    }
    await collection.replace_one({"_id": key}, left)


@ALL
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_c5_if_match_is_honoured(
    desk_of_lan: Rig, owner: User, log: InMemoryLog, kind: KindOfChild, method: str
) -> None:
    path = f"{of_contact(kind)}/{kind.one}_1" if method == "PUT" else own(kind)
    body = None if method == "DELETE" else content(kind)
    async with crm(log, CrmOutcome.VERSION_PASSED, 7) as asked:
        answer = await owner.call(method, path, body, {"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["version"]) == (412, 7)
    (command,) = asked
    assert isinstance(command, ChildCommand)
    assert command.expected_version == 1


@ALL
async def test_w6_whoever_does_not_see_the_contact_sees_and_writes_no_children_of_it(
    desk_of_lan: Rig, owner: User, log: InMemoryLog, kind: KindOfChild
) -> None:
    agent = await desk_of_lan.staff(owner, "agent")
    rival = await desk_of_lan.organization("rival")
    async with crm(log, CrmOutcome.APPLIED, 4) as asked:
        for user in (agent, rival):
            for path in (of_contact(kind), own(kind)):
                assert (await user.get(path)).status_code == 404
            assert (await user.post(of_contact(kind), content(kind))).status_code == 404
            assert (await user.put(f"{of_contact(kind)}/x", content(kind))).status_code == 404
            assert (await user.call("PATCH", own(kind), content(kind))).status_code == 404
            assert (await user.delete(own(kind))).status_code == 404
    assert asked == []


@ALL
async def test_s1_whoever_may_read_only_reads_and_writes_nothing(
    desk_of_lan: Rig, owner: User, views: Database, log: InMemoryLog, kind: KindOfChild
) -> None:
    viewer = await desk_of_lan.staff(owner, "hoa")
    await views[CONTACTS_VIEW.collection].update_one({"_id": "con_0"}, {"$set": VIEWER})
    (listed,) = (await viewer.done("GET", of_contact(kind)))["items"]
    assert listed == await viewer.done("GET", own(kind))
    async with crm(log, CrmOutcome.APPLIED, 4) as asked:
        for method, path, body in (
            ("POST", of_contact(kind), content(kind)),
            ("PUT", f"{of_contact(kind)}/x", content(kind)),
            ("PATCH", own(kind), content(kind)),
            ("DELETE", own(kind), None),
        ):
            assert (await viewer.call(method, path, body)).status_code == 403
    assert asked == []


async def test_c5_the_tasks_of_all_contacts_by_assignee_state_and_due_time(
    desk_of_lan: Rig, owner: User, views: Database
) -> None:
    due = datetime(2026, 12, 1, tzinfo=UTC)
    view = TASKS.entity.view
    await show_child(
        views,
        view,
        TASKS.show("shop", "con_0", 2, assignee="admin", due_at=due),
        TASKS.show("shop", "con_0", 3, assignee=None, due_at=None),
        TASKS.show("shop", "con_9", 4),
        TASKS.show("rival", "con_2", 5),
    )

    async def ids(query: str) -> list[str]:
        return [each["id"] for each in (await owner.done("GET", f"/v1/tasks{query}"))["items"]]

    assert await ids("") == ["task_3", "task_2", "task_1"]
    assert await ids("?assignee=me") == ["task_2"]
    assert await ids("?assignee=lan") == ["task_1"]
    assert await ids("?assignee=none") == ["task_3"]
    assert await ids("?state=done") == []
    assert await ids("?state=open&due_before=2026-12-01T00:00:00Z") == ["task_1"]
    first = await owner.done("GET", "/v1/tasks?limit=2")
    rest = await owner.done("GET", f"/v1/tasks?limit=2&cursor={first['next']}")
    assert [each["id"] for each in rest["items"]] == ["task_1"]
    assert rest["next"] is None


async def test_c5_appointments_are_listed_as_in_a_calendar(
    desk_of_lan: Rig, owner: User, views: Database
) -> None:
    view = APPOINTMENTS.entity.view
    await show_child(
        views,
        view,
        *(
            APPOINTMENTS.show(
                "shop", "con_0", number, starts_at=datetime(2026, 12, day, tzinfo=UTC), ends_at=None
            )
            for number, day in ((2, 9), (3, 8), (4, 8))
        ),
    )
    path = "/v1/appointments?from=2026-12-01T00:00:00Z&to=2026-12-09T00:00:00Z"
    listed = (await owner.done("GET", path))["items"]
    assert [each["id"] for each in listed] == ["appointment_3", "appointment_4"]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await owner.done("GET", f"/v1/appointments?limit=1{cursor}")
        seen += [each["id"] for each in page["items"]]
        cursor = None if page["next"] is None else f"&cursor={page['next']}"
    assert seen == [f"appointment_{number}" for number in (1, 3, 4, 2)]


@pytest.mark.parametrize("kind", LISTED, ids=lambda kind: kind.name)
async def test_w6_a_list_of_all_children_shows_those_of_visible_contacts_alone(
    desk_of_lan: Rig, owner: User, views: Database, kind: KindOfChild
) -> None:
    agent = await desk_of_lan.staff(owner, "agent")
    assert (await agent.done("GET", f"/v1/{kind.name}"))["items"] == []
    assert len((await owner.done("GET", f"/v1/{kind.name}"))["items"]) == 1
