"""Reminders in live streams: to the agent who is reminded, once (C5, I11)."""

from datetime import UTC, datetime

import pytest

from gateway.live.shop import SHOP, agent, shop
from gateway.live.test_hub import open_stream, read_until, running
from gateway.live.twins import DirectoryTwin, Twins
from tuyen_events.crm.reminders import ReminderDue, ReminderKind
from tuyen_events.crm.tasks import TaskState
from tuyen_events.ids import AgentId, ContactId
from tuyen_events.vocabulary import Presence, Role
from tuyen_gateway.live import feed, hub
from tuyen_views.tasks import TaskDocument

NOON = datetime(2026, 9, 22, 12, tzinfo=UTC)
LAN = AgentId("lan")


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "_PAUSE_S", 0.0)
    monkeypatch.setattr(hub, "_LOOK_EVERY_S", 0.001)


@pytest.fixture
def twins() -> Twins:
    return Twins(DirectoryTwin(shop(agent("boss", Role.SYSTEM_ADMIN), agent("lan"))))


def remind(twins: Twins, task: str) -> None:
    """Lan is to be reminded of a task now."""
    twins.crm.shown[task] = TaskDocument(
        key=f"{SHOP}/{task}/con_1",
        id=task,
        organization=SHOP,
        contact_id=ContactId("con_1"),
        place=task,
        sequence=1,
        created_at=NOON,
        updated_at=NOON,
        title=f"Gọi {task}",
        assignee=LAN,
        state=TaskState.OPEN,
    )
    due = ReminderDue(
        organization=SHOP,
        kind=ReminderKind.TASK,
        id=task,
        contact_id=ContactId("con_1"),
        assignee=LAN,
        remind_at=NOON,
    )
    twins.reminders.announce(due)
    twins.reminders.announce(due)  # the CRM crashed after it


async def test_c5_i11_a_reminder_reaches_every_stream_of_its_agent_once(twins: Twins) -> None:
    async with running(twins) as streams:
        one, other = [await open_stream(streams, twins, "lan") for _ in range(2)]
        remind(twins, "t_1")
        remind(twins, "t_2")
        for stream in (one, other):
            found = await read_until(
                stream, "reminder.due", lambda event: event.data["id"] == "t_2"
            )
            told = [event for event in found if event.kind == "reminder.due"]
            assert [event.data["id"] for event in told] == ["t_1", "t_2"]
            assert (
                told[0].data.items()
                >= {
                    "kind": "task",
                    "id": "t_1",
                    "contact_id": "con_1",
                    "title": "Gọi t_1",
                }.items()
            )


async def test_i13_a_stream_that_was_cut_off_gets_what_it_missed_once(twins: Twins) -> None:
    async with running(twins) as streams:
        stream = await open_stream(streams, twins, "lan")
        remind(twins, "t_1")
        first = (await read_until(stream, "reminder.due"))[-1]
        streams.close(stream)
        remind(twins, "t_2")
        remind(twins, "t_3")
        for after, missed in ((first.id, ["t_2", "t_3"]), (None, [])):
            stream = await open_stream(streams, twins, "lan", after)
            remind(twins, f"last_{after is None}")
            found = await read_until(
                stream, "reminder.due", lambda event: event.data["id"].startswith("last")
            )
            told = [event.data["id"] for event in found if event.kind == "reminder.due"]
            assert told[:-1] == missed
            streams.close(stream)


async def test_w6_nobody_hears_of_anothers_reminder_or_of_a_contact_that_is_hidden(
    twins: Twins,
) -> None:
    async with running(twins) as streams:
        boss, lan = [await open_stream(streams, twins, who) for who in ("boss", "lan")]
        remind(twins, "hidden")
        del twins.crm.shown["hidden"]
        remind(twins, "t_1")
        found = await read_until(lan, "reminder.due")
        assert [event.data["id"] for event in found if event.kind == "reminder.due"] == ["t_1"]
        twins.presence.set(LAN, Presence.AWAY)
        found = await read_until(boss, "presence.changed", lambda e: e.data["status"] == "away")
        assert "reminder.due" not in {event.kind for event in found}
