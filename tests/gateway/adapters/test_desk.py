"""What agents work with, from the log."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tuyen_events import limits
from tuyen_events.codec import UnreadableEventError
from tuyen_events.desk import desk_key
from tuyen_events.ids import AgentId, OrganizationId, TemplateId, ViewId
from tuyen_events.topics import DESK
from tuyen_gateway.adapters.desk import DeskTable, read_desk_change
from tuyen_gateway.errors import InvalidError, TooManyAttemptsError
from tuyen_gateway.ports.desk import Editor
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog

SHOP = OrganizationId("shop")


@pytest.fixture
async def desk_table(log: InMemoryLog) -> AsyncIterator[DeskTable]:
    table = DeskTable(log)
    running = asyncio.create_task(table.table.run())
    yield table
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
def editor(clock: ManualClock) -> Editor:
    return Editor(SHOP, AgentId("lan"), clock.now())


async def test_i7_two_gateways_come_to_the_same_templates_and_versions(
    desk_table: DeskTable, log: InMemoryLog, editor: Editor
) -> None:
    other = DeskTable(log)
    running = asyncio.create_task(other.table.run())
    for text in ("a", "b"):
        await desk_table.put_template(editor, TemplateId("t"), title="T", text=text, channels=None)
    stored = desk_table.template(SHOP, TemplateId("t"))
    assert stored is not None
    await other.wait_for_version(SHOP, stored.version)
    assert other.template(SHOP, TemplateId("t")) == stored
    await other.remove_template(editor, TemplateId("t"))
    await desk_table.wait_for_version(SHOP, other.version(SHOP))
    assert desk_table.templates(SHOP) == []
    running.cancel()


async def test_what_is_stored_already_is_not_written_again(
    desk_table: DeskTable, log: InMemoryLog, editor: Editor
) -> None:
    for _ in range(3):
        await desk_table.put_preferences(editor, {"theme": "dark"})
        await desk_table.put_view(
            editor, ViewId("v"), name="V", conditions={"done": True}, shared=False, may_share=False
        )
    assert sum((await log.end_offsets(DESK)).values()) == 2


async def test_i15_what_another_gateway_changed_a_moment_ago_can_be_changed_back(
    desk_table: DeskTable, log: InMemoryLog, editor: Editor
) -> None:
    """A gateway that has not read the change yet must not take its old state for the present."""
    other = DeskTable(log)
    running = asyncio.create_task(other.table.run())
    await other.put_preferences(editor, {"theme": "dark"})
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await desk_table.put_preferences(editor, {"theme": "light"})
    back = asyncio.create_task(other.put_preferences(editor, {"theme": "dark"}))
    await asyncio.sleep(0.01)
    running = asyncio.create_task(other.table.run())  # it reads on
    await back
    await desk_table.table.require_current()
    assert desk_table.preferences(SHOP, editor.agent_id) == {"theme": "dark"}
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_r9_5_an_agent_changes_only_so_much_within_an_hour(
    desk_table: DeskTable, editor: Editor, monkeypatch: pytest.MonkeyPatch, log: InMemoryLog
) -> None:
    monkeypatch.setattr("tuyen_gateway.adapters.desk.DESK_CHANGES_AN_HOUR_OF_AGENT", 3)
    few = DeskTable(log)
    running = asyncio.create_task(few.table.run())
    for number in range(3):
        await few.put_preferences(editor, {"n": number})
    with pytest.raises(TooManyAttemptsError):
        await few.put_preferences(editor, {"n": 4})
    await few.put_preferences(editor._replace(agent_id=AgentId("minh")), {"n": 4})
    running.cancel()


async def test_r9_5_a_full_desk_takes_no_more_and_writes_nothing(
    desk_table: DeskTable, editor: Editor, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DESK_BYTES", 400)
    await desk_table.put_preferences(editor, {"n": 1})
    with pytest.raises(InvalidError):
        await desk_table.put_preferences(editor, {"long": "x" * 400})
    assert sum((await log.end_offsets(DESK)).values()) == 1


async def test_a_record_that_is_at_anothers_key_is_unreadable(
    desk_table: DeskTable, editor: Editor, log: InMemoryLog
) -> None:
    stored = await desk_table.put_template(
        editor, TemplateId("t"), title="T", text="t", channels=None
    )
    async with log.tail(DESK) as tail:
        async for batch in tail.batches():
            record = batch[DESK.name, 0][0]
            break
    for key in (b"shop", b"shop/view//t", b"other/template//t", b"\xff", None):
        with pytest.raises(UnreadableEventError):
            read_desk_change(key, record.headers, record.value)
    assert read_desk_change(record.key, record.headers, record.value).key == desk_key(stored.value)
