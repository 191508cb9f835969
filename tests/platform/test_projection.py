"""The projection loop: what a view may rely on."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

import pytest
from pymongo.errors import AutoReconnect, DocumentTooLarge

from tuyen_events.codec import decode_data
from tuyen_events.dead_letters import DeadLettered
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, ConversationId, OrganizationId
from tuyen_events.marks import ConversationRead
from tuyen_events.topics import DEAD_LETTERS, MARKS
from tuyen_platform.kafka.consumer import ConsumerStatus
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import LogUnavailableError, Offsets, Record
from tuyen_platform.mongodb import connect
from tuyen_platform.projection import (
    Fold,
    FoldedEvent,
    InMemoryPositions,
    MongoPositions,
    Positions,
    has_folded_up_to,
    run_projection,
)

MOMENT = datetime(2026, 9, 21, 12, tzinfo=UTC)
DEADLINE_S = 20


class Marks:
    """A view of the marks, guarded by offset as a real one is by positions."""

    def __init__(self) -> None:
        self.seen: dict[tuple[int, int], int] = {}
        self.failures: list[Exception] = []
        self.batches = 0

    async def fold(self, batch: Sequence[FoldedEvent]) -> None:
        self.batches += 1
        if self.failures:
            raise self.failures.pop()
        for event, _, position in batch:
            assert isinstance(event, ConversationRead)
            self.seen[position.partition, position.offset] = event.seen_events


async def mark(log: InMemoryLog, number: int, partition: int = 0) -> None:
    data = ConversationRead(
        organization=OrganizationId("hoa-sen"),
        conversation_id=ConversationId("msg_1"),
        agent_id=AgentId("lan"),
        seen_events=number,
        at=MOMENT,
    )
    envelope = Envelope(id=f"evt_{number}", source="test", subject="s", time=MOMENT, data=data)
    await log.append(MARKS, "msg_1", envelope, partition=partition)


@asynccontextmanager
async def projecting(
    log: InMemoryLog,
    positions: Positions,
    fold: Fold,
    status: ConsumerStatus | None = None,
    save_every_s: float = 0.0,
) -> AsyncIterator[None]:
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
        loop = tasks.create_task(
            run_projection(
                log,
                MARKS,
                service="tester",
                view="marks",
                group="tester",
                positions=positions,
                fold=fold,
                min_interval_s=0.0,
                status=status,
                save_every_s=save_every_s,
            )
        )
        yield
        loop.cancel()


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - what is polled is another task's doing
        await asyncio.sleep(0.01)


async def test_a_view_is_folded_and_its_position_is_remembered() -> None:
    log, positions, view = InMemoryLog(), InMemoryPositions(), Marks()
    for number in range(3):
        await mark(log, number)
    await mark(log, 7, partition=5)
    ends = {("marks", p): end for p, end in (await log.end_offsets(MARKS)).items()}
    assert not await has_folded_up_to(positions, ends)
    async with projecting(log, positions, view.fold):
        await until(lambda: len(view.seen) == 4)
        await until(lambda: positions.offsets == {("marks", 0): 3, ("marks", 5): 1})
    assert await has_folded_up_to(positions, ends)
    assert view.seen == {(0, 0): 0, (0, 1): 1, (0, 2): 2, (5, 0): 7}
    assert await positions.load() == {("marks", 0): 3, ("marks", 5): 1}


async def test_a_position_that_nobody_waits_for_is_saved_now_and_then_and_when_nothing_comes() -> (
    None
):
    log, view, saves = InMemoryLog(), Marks(), 0

    class Counted(InMemoryPositions):
        async def save(self, offsets: Offsets) -> None:
            nonlocal saves
            saves += 1
            await super().save(offsets)

    positions = Counted()
    async with projecting(log, positions, view.fold, save_every_s=3600.0):
        for number in range(5):
            await mark(log, number)
            await until(lambda: len(view.seen) == number + 1)  # noqa: B023 - it is awaited here
        await until(lambda: positions.offsets == {("marks", 0): 5})
    assert saves < len(view.seen)


async def test_the_views_own_position_counts_and_not_what_the_group_committed() -> None:
    log, first = InMemoryLog(), Marks()
    await mark(log, 1)
    async with projecting(log, InMemoryPositions(), first.fold):
        await until(lambda: len(first.seen) == 1)
        await mark(log, 2)
        await until(lambda: len(first.seen) == 2)
    dropped = Marks()
    async with projecting(log, InMemoryPositions(), dropped.fold):
        await until(lambda: dropped.seen == first.seen)
    ahead, restored = Marks(), InMemoryPositions()
    await restored.save({("marks", 0): 1})
    async with projecting(log, restored, ahead.fold):
        await until(lambda: ahead.seen == {(0, 1): 2})


@pytest.mark.parametrize("error", [AutoReconnect("mongod is away"), LogUnavailableError("away")])
async def test_inv2_a_view_waits_for_what_is_unavailable_and_loses_nothing(
    error: Exception,
) -> None:
    log, positions, view, status = InMemoryLog(), InMemoryPositions(), Marks(), ConsumerStatus()
    view.failures = [error, error]
    await mark(log, 1)
    async with projecting(log, positions, view.fold, status):
        await until(lambda: view.batches == 1)
        await until(lambda: status.ready() == f"waits for {error}")
        assert status.live() is None
        assert await positions.load() == {}
        await until(lambda: status.ready() is None)
    assert view.seen == {(0, 0): 1}


async def test_what_the_machine_is_short_of_ends_the_loop_with_the_batch_unfolded() -> None:
    log, positions, view = InMemoryLog(), InMemoryPositions(), Marks()
    view.failures = [OSError(24, "too many open files")]
    await mark(log, 1)
    with pytest.raises(ExceptionGroup) as raised:
        async with projecting(log, positions, view.fold):
            await asyncio.Event().wait()
    assert raised.group_contains(OSError)
    assert await positions.load() == {}


@pytest.mark.parametrize(
    "error", [KeyError("a mistake"), DocumentTooLarge("of \ud800" + 9_000_000 * "x")]
)
async def test_r9_5_a_record_that_cannot_be_folded_goes_to_the_dead_letters_and_holds_nothing_back(
    error: Exception,
) -> None:
    log, positions, view, odd = (
        InMemoryLog(),
        InMemoryPositions(),
        Marks(),
        {(0, 3), (0, 4), (5, 1)},
    )

    async def fold(batch: Sequence[FoldedEvent]) -> None:
        places = [(position.partition, position.offset) for _, _, position in batch]
        for partition in (0, 5):
            offsets = [offset for place, offset in places if place == partition]
            assert offsets == sorted(offsets)
        if not odd.isdisjoint(places):
            raise error
        await view.fold(batch)

    for number in range(20):
        await mark(log, number, partition=5 * (number % 2))
    async with projecting(log, positions, fold):
        await until(lambda: positions.offsets == {("marks", 0): 10, ("marks", 5): 10})
        await mark(log, 20)
        await until(lambda: (0, 10) in view.seen)
    everything = {(5 * (number % 2), number // 2): number for number in range(21)}
    assert view.seen == {place: n for place, n in everything.items() if place not in odd}
    letters = [decode_data(letter.headers, letter.value or b"") for letter in await write(log, 3)]
    assert [letter.delivery_id for letter in letters if isinstance(letter, DeadLettered)] == [
        "marks/0/3",
        "marks/0/4",
        "marks/5/1",
    ]


async def test_r9_5_a_header_that_is_no_text_ends_nothing() -> None:
    log, positions, view = InMemoryLog(), InMemoryPositions(), Marks()
    await mark(log, 1)
    async with log.tail(MARKS) as tail:
        async for batch in tail.batches():
            ((record,),) = batch.values()
            break
    headers = [(n, b"\xff" if n == "ce_id" else held) for n, held in record.headers]
    await log.append_bytes(MARKS, "msg_1", record.value, headers, partition=0)
    await mark(log, 2)
    async with projecting(log, positions, view.fold):
        await until(lambda: positions.offsets == {("marks", 0): 3})
    assert len(view.seen) == 3


async def test_p4_unreadable_records_go_to_the_dead_letters_once_and_delay_nothing() -> None:
    log = InMemoryLog()
    headers = [("ce_type", ConversationRead.type.encode())]
    await mark(log, 1)
    await log.append_bytes(MARKS, "msg_1", b"{broken", headers, partition=0)
    await log.append_bytes(MARKS, "msg_1", b"{}", [("ce_type", b"mark.blessed.v9")], partition=0)
    await mark(log, 2)
    for view in (Marks(), Marks()):
        async with projecting(log, InMemoryPositions(), view.fold):
            await until(partial(shows, view, {(0, 0): 1, (0, 3): 2}))
    letters = await write(log)
    assert len({dict(letter.headers)["ce_id"] for letter in letters}) == 1
    letter = decode_data(letters[0].headers, letters[0].value or b"")
    assert isinstance(letter, DeadLettered)
    assert (letter.service, letter.origin, letter.delivery_id) == ("tester", "marks", "marks/0/1")
    assert letter.payload == "{broken"


def shows(view: Marks, seen: dict[tuple[int, int], int]) -> bool:
    return view.seen == seen


async def write(log: InMemoryLog, count: int = 1) -> list[Record]:
    async with log.tail(DEAD_LETTERS) as tail:
        found: list[Record] = []
        async for batch in tail.batches():
            found += [record for records in batch.values() for record in records]
            if len(found) >= count:
                break
    return found


async def test_a_loop_that_does_not_turn_is_not_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    status = ConsumerStatus()
    status.note_batch()
    assert status.live() is None
    status.note_waiting("MongoDB")
    status.note_progress()
    assert (status.live(), status.ready()) == (None, "waits for MongoDB")
    monkeypatch.setattr("tuyen_platform.kafka.consumer._STUCK_S", -1.0)
    assert status.live() is not None


async def test_positions_in_mongodb_never_go_back_and_are_the_views_own(
    mongodb: str, database: str
) -> None:
    views = connect(mongodb, database)
    positions, other = MongoPositions(views, "marks"), MongoPositions(views, "marks-2")
    await positions.save({})
    await positions.save({("marks", 0): 5, ("router-answers", 11): 2})
    await positions.save({("marks", 0): 3})
    await other.save({("marks", 0): 1})
    assert await positions.load() == {("marks", 0): 5, ("router-answers", 11): 2}
    stored = await views["positions"].find_one({"_id": "marks/router-answers/11"})
    assert stored == {"_id": "marks/router-answers/11", "offset": 2}
    await positions.forget()
    assert (await positions.load(), await other.load()) == ({}, {("marks", 0): 1})


async def test_r9_5_records_that_a_view_does_not_want_are_not_decoded() -> None:
    log, view, positions = InMemoryLog(), Marks(), InMemoryPositions()
    await log.append_bytes(MARKS, "msg_1", b"{", [("ce_type", b"nonsense")], partition=0)
    await mark(log, 7)
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
        loop = tasks.create_task(
            run_projection(
                log,
                MARKS,
                service="test",
                view="wanted",
                group="wanted",
                positions=positions,
                fold=view.fold,
                min_interval_s=0.0,
                wanted=lambda record: record.value != b"{",
            )
        )
        while positions.offsets.get((MARKS.name, 0)) != 2:  # noqa: ASYNC110 - no event to await
            await asyncio.sleep(0.01)
        loop.cancel()
    assert view.seen == {(0, 1): 7}
    assert sum((await log.end_offsets(DEAD_LETTERS)).values()) == 0
