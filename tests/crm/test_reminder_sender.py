"""Reminders: each at its time, once, wherever the CRM crashes (C5)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crm.rig import SHOP, Client, Shop, contact, number_events
from crm.test_decider import send_commands, work
from support.folding import fold_events
from tuyen_crm import reminder_sender
from tuyen_crm.projections.crm import CrmProjection
from tuyen_crm.reminder_sender import EVERY_ONE, ReminderSender, build_due_query
from tuyen_events.crm.appointments import AddAppointment, AppointmentId
from tuyen_events.crm.reminders import RemindCommand, ReminderDue
from tuyen_events.crm.tasks import (
    AddTask,
    ChangeTask,
    RemindOfTask,
    RemoveTask,
    TaskId,
    TaskReminded,
    TaskState,
)
from tuyen_events.ids import AgentId, ContactId, OrganizationId
from tuyen_events.reminder_topics import REMINDERS
from tuyen_events.topics import CRM_COMMANDS
from tuyen_platform.clock import ManualClock
from tuyen_platform.mongodb import Database, connect
from tuyen_views.appointments import APPOINTMENTS_VIEW
from tuyen_views.tasks import TASKS_VIEW, TaskDocument

NOON = datetime(2026, 9, 22, 12, tzinfo=UTC)
SOON = NOON + timedelta(hours=1)
LAN = AgentId("lan")


def ask(number: int) -> dict[str, Any]:
    return {
        "command_id": f"cmd_{number}",
        "organization": SHOP,
        "contact_id": contact("670"),
        "at": NOON - timedelta(days=1),
        "by": AgentId("hoa"),
    }


def add(number: int, task: str, remind_at: datetime | None, **fields: Any) -> AddTask:
    fields = {"title": "Gọi lại", "assignee": LAN, **fields}
    return AddTask(**ask(number), task_id=TaskId(task), remind_at=remind_at, **fields)


def change(number: int, task: str, **fields: Any) -> ChangeTask:
    return ChangeTask(**ask(number), task_id=TaskId(task), **fields)


def remind(number: int, task: str, version: int, remind_at: datetime) -> RemindOfTask:
    fields = {name: value for name, value in ask(number).items() if name != "by"}
    return RemindOfTask(
        **fields, task_id=TaskId(task), version=version, remind_at=remind_at, assignee=LAN
    )


async def open_shop() -> Shop:
    """A shop whose CRM knows the customer 670."""
    return await send_commands((("670", "Lan"),))


async def announced(shop: Shop) -> list[ReminderDue]:
    found = await shop.read_events(REMINDERS)
    assert all(isinstance(each, ReminderDue) for each in found)
    return [each for each in found if isinstance(each, ReminderDue)]


async def send_history() -> Shop:
    shop = await open_shop()
    for command in (
        add(1, "t_1", NOON),
        remind(2, "t_1", 2, NOON),
        remind(3, "t_1", 2, NOON),
        change(4, "t_1", title="Gọi chị Lan"),
        remind(5, "t_1", 4, NOON),
        change(6, "t_1", remind_at=SOON),
        remind(7, "t_1", 4, NOON),
        remind(8, "t_1", 5, SOON),
        remind(9, "t_2", 5, SOON),
    ):
        await shop.ask(command)
    return shop


async def test_c5_a_reminder_is_one_event_for_each_time_wherever_the_crm_crashes() -> None:
    calm = await send_history()
    assert await work(calm, calm.log)
    reminded = [each for each in await calm.changes() if isinstance(each, TaskReminded)]
    assert [(each.sequence, each.remind_at) for each in reminded] == [(3, NOON), (6, SOON)]
    assert [(each.id, each.remind_at) for each in await announced(calm)] == [
        ("t_1", NOON),
        ("t_1", SOON),
    ]
    expected = number_events(await calm.changes())
    for at_once in (1, 100):
        for steps in range(1_000):
            shop = await send_history()
            if await work(shop, Client(shop.log, steps, at_once)):
                break
            assert await work(shop, Client(shop.log, None, at_once))
            assert number_events(await shop.changes()) == expected
            told = await announced(shop)
            assert list(dict.fromkeys(told)) == await announced(calm)
        else:
            raise AssertionError("the history has no end")


@pytest.fixture
def views(mongodb: str, database: str) -> Database:
    return connect(mongodb, database)


async def fold(shop: Shop, views: Database) -> None:
    """Decides everything, and shows it."""
    assert await work(shop, shop.log)
    await CrmProjection(views).fold(fold_events(await shop.records()))


async def reminders_asked(shop: Shop) -> list[tuple[str, datetime]]:
    asked = await shop.read_events(CRM_COMMANDS)
    return [(each.child_id, each.remind_at) for each in asked if isinstance(each, RemindCommand)]


async def test_c5_what_is_due_is_asked_once_and_nothing_else(views: Database) -> None:
    shop = await open_shop()
    clock = ManualClock(NOON)
    await shop.ask(add(1, "due", NOON))
    await shop.ask(add(2, "later", SOON))
    await shop.ask(add(3, "never", None))
    await shop.ask(add(4, "done", NOON, state=TaskState.DONE))
    await shop.ask(add(5, "nobodys", NOON, assignee=None))
    await shop.ask(add(6, "removed", NOON))
    await shop.ask(RemoveTask(**ask(7), task_id=TaskId("removed")))
    fields = {**ask(8), "title": "Thử giày", "starts_at": SOON, "assignee": LAN}
    await shop.ask(
        AddAppointment(**fields, appointment_id=AppointmentId("fitting"), remind_minutes=60)
    )
    await fold(shop, views)
    worker = ReminderSender(shop.log, views, clock)
    await worker.send_due()
    await worker.send_due()
    assert await reminders_asked(shop) == [("due", NOON), ("fitting", NOON)]
    # It restarted before anything was decided.
    await ReminderSender(shop.log, views, clock).send_due()
    await fold(shop, views)
    assert [each.id for each in await announced(shop)] == ["due", "fitting"]
    await worker.send_due()
    await ReminderSender(shop.log, views, clock).send_due()
    assert len(await reminders_asked(shop)) == 4

    await shop.ask(change(9, "due", title="Gọi chị Lan"))
    await shop.ask(change(10, "nobodys", assignee=LAN))
    await fold(shop, views)
    clock.advance(timedelta(hours=1))
    await worker.send_due()
    await fold(shop, views)
    assert [each.id for each in await announced(shop)] == ["due", "fitting", "nobodys", "later"]


async def test_c5_a_time_that_was_changed_meanwhile_does_not_remind(views: Database) -> None:
    shop = await open_shop()
    await shop.ask(add(1, "t_1", NOON))
    await fold(shop, views)
    await shop.ask(change(2, "t_1", remind_at=SOON))
    await ReminderSender(shop.log, views, ManualClock(NOON)).send_due()
    await fold(shop, views)
    assert await announced(shop) == []
    await ReminderSender(shop.log, views, ManualClock(SOON)).send_due()
    await fold(shop, views)
    assert [each.remind_at for each in await announced(shop)] == [SOON]


async def test_c5_c8_the_history_says_that_it_was_time(views: Database) -> None:
    shop = await open_shop()
    await shop.ask(add(1, "t_1", NOON))
    await fold(shop, views)
    await ReminderSender(shop.log, views, ManualClock(NOON)).send_due()
    await fold(shop, views)
    entry = await views["crm_history"].find_one({"event": "task.reminded"})
    assert entry is not None
    assert entry["vi"] == "Đến giờ nhắc công việc “Gọi lại”."
    assert entry["en"] == "It was time for the reminder of the task “Gọi lại”."


def due_task(organization: str, number: int, reminds_at: datetime | None = NOON) -> TaskDocument:
    """The document of a task of which somebody must be reminded."""
    return TaskDocument(
        key=f"{organization}/t_{number}",
        id=f"t_{number}",
        organization=OrganizationId(organization),
        contact_id=ContactId("con_1"),
        place=f"{number}",
        sequence=2,
        created_at=NOON,
        updated_at=NOON,
        assignee=LAN,
        title="Gọi lại",
        reminds_at=reminds_at,
        state=TaskState.OPEN,
    )


async def show(views: Database, *tasks: TaskDocument) -> None:
    await CrmProjection(views).fold([])
    await views[TASKS_VIEW.collection].insert_many([TASKS_VIEW.encode(each) for each in tasks])


async def whose_were_asked(shop: Shop) -> list[str]:
    asked = await shop.read_events(CRM_COMMANDS)
    return [each.organization for each in asked if isinstance(each, RemindCommand)]


async def test_r9_5_c5_a_shop_with_many_tasks_at_one_time_delays_no_other(
    views: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminder_sender, "_AT_ONCE", 10)
    noisy = [due_task("noisy", number) for number in range(40)]
    quiet = [due_task("quiet", number, NOON + timedelta(minutes=1)) for number in range(2)]
    await show(views, *noisy, *quiet, due_task("idle", 1, SOON))
    shop = Shop()
    worker = ReminderSender(shop.log, views, ManualClock(NOON + timedelta(minutes=2)))
    await worker.send_due()
    asked = await whose_were_asked(shop)
    assert (len(asked), asked.count("quiet")) == (10 - 3, 2)
    for _ in range(10):
        await worker.send_due()
    assert sorted(await whose_were_asked(shop)) == ["noisy"] * 40 + ["quiet"] * 2


async def test_r9_5_c5_of_more_shops_than_fit_each_has_its_turn(
    views: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminder_sender, "_AT_ONCE", 3)
    names = [f"shop_{number}" for number in range(7)]
    await show(views, *(due_task(name, number) for name in names for number in range(5)))
    shop = Shop()
    worker, clock = None, ManualClock(NOON)
    worker = ReminderSender(shop.log, views, clock)
    for _ in range(3):
        await worker.send_due()
    assert {*await whose_were_asked(shop)} == {*names}


async def test_r9_5_c5_reminders_that_are_due_are_found_in_an_index(views: Database) -> None:
    await show(views, *(due_task(f"shop_{n % 3}", n) for n in range(60)), due_task("idle", 1, SOON))
    due = build_due_query(NOON)
    tasks = views[TASKS_VIEW.collection]
    for query, index in (
        (due, "by_reminder"),
        ({"organization": "shop_1", **due}, "organizations"),
    ):
        plan = await tasks.find(query).sort("reminds_at", 1).limit(5).explain()
        assert index in str(plan["queryPlanner"]["winningPlan"])
        assert "'SORT'" not in str(plan["queryPlanner"]["winningPlan"])
        assert plan["executionStats"]["totalDocsExamined"] == 5
    distinct = {"distinct": tasks.name, "key": "organization", "query": {**EVERY_ONE, **due}}
    for view in (TASKS_VIEW, APPOINTMENTS_VIEW):
        distinct["distinct"] = view.collection
        plan = await views.command("explain", distinct, verbosity="executionStats")
        assert "DISTINCT_SCAN" in str(plan["queryPlanner"]["winningPlan"])
        assert plan["executionStats"]["totalKeysExamined"] <= 8
        assert plan["executionStats"]["totalDocsExamined"] == 0
