"""R9.5: however much one organization reads, the others' reads and the fold go on."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from motor.frameworks import asyncio as threads

from gateway.rig import Rig
from tuyen_events.conversation_filter import ConversationFilter
from tuyen_events.ids import OrganizationId
from tuyen_events.limits import (
    READS_AT_ONCE,
    READS_AT_ONCE_OF_ORGANIZATION,
)
from tuyen_gateway.adapters import read_limits
from tuyen_gateway.adapters.progress import ViewProgress
from tuyen_gateway.adapters.read_limits import ReadLimiter
from tuyen_gateway.adapters.views import MongoViews
from tuyen_gateway.domain.live import NOWHERE, JournalPosition
from tuyen_gateway.domain.visibility import Scope
from tuyen_gateway.errors import TooManyAttemptsError, UnavailableError
from tuyen_gateway.jobs.turns import Turns
from tuyen_gateway.ports.views import InboxCounts
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import connect
from tuyen_platform.projection import MongoPositions

NOBODYS = InboxCounts(total=0, unread=0, unread_by_channel={}, unread_by_kind={})


class Database:
    """Where counts are asked; those of `slow` organizations wait for `going`."""

    def __init__(self, *slow: str) -> None:
        self.slow = slow
        self.going = asyncio.Event()
        self.under_way: Counter[str] = Counter()
        self.most: Counter[str] = Counter()

    async def counts(self, scope: Scope, _: ConversationFilter) -> InboxCounts:
        name = scope.organization
        self.under_way[name] += 1
        self.most[name] = max(self.most[name], self.under_way[name])
        if name in self.slow:
            await self.going.wait()
        self.under_way[name] -= 1
        return NOBODYS


async def at_once(_: MongoViews, __: OrganizationId) -> JournalPosition:
    return NOWHERE


async def test_r9_5_an_agent_who_reads_without_end_holds_up_nobody_elsewhere(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, many, waiting = Database("noisy"), 300, 100
    monkeypatch.setattr(MongoViews, "counts", staticmethod(database.counts))
    monkeypatch.setattr(MongoViews, "head", at_once)
    monkeypatch.setattr(read_limits, "READ_WITHIN_S", 60)
    monkeypatch.setattr(read_limits, "READS_WAITING_OF_ORGANIZATION", waiting)
    noisy, quiet = await rig.organization("noisy"), await rig.organization("quiet")
    path = "/v1/conversations/counts?q=a"
    asking = [asyncio.create_task(noisy.get(path)) for _ in range(many)]
    taken = READS_AT_ONCE_OF_ORGANIZATION + waiting
    first = asyncio.as_completed(asking)
    for _ in range(many - taken):
        answer = await next(first)
        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) > 0
    assert (await quiet.get(path)).status_code == 200
    database.going.set()
    answers = await asyncio.gather(*asking)
    assert Counter(each.status_code for each in answers) == {200: taken, 429: many - taken}
    assert database.most["noisy"] == READS_AT_ONCE_OF_ORGANIZATION


async def test_r9_5_a_read_that_waits_too_long_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(read_limits, "READ_WITHIN_S", 0.02)
    reads, shop, other = ReadLimiter(), OrganizationId("shop"), OrganizationId("other")
    going = asyncio.Event()

    async def read() -> None:
        async with reads.turn(shop):
            await going.wait()

    async with asyncio.TaskGroup() as tasks:
        for _ in range(READS_AT_ONCE_OF_ORGANIZATION):
            tasks.create_task(read())
        await asyncio.sleep(0)
        with pytest.raises(TooManyAttemptsError):
            await read()
        async with reads.turn(other):
            going.set()
    assert not reads._waiting
    async with reads.turn(shop):
        pass


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["a", "b", "c"]), max_size=60), st.integers(1, 5), st.integers(1, 3)
)
async def test_r9_5_turns_are_given_as_far_as_there_is_room_and_no_further(
    asked: list[str], at_once: int, of_one: int
) -> None:
    turns, under_way, peak = Turns(at_once, of_one), Counter[str](), Counter[str]()

    async def one(name: str) -> None:
        async with turns.turn(OrganizationId(name)):
            under_way[name] += 1
            assert under_way[name] <= of_one
            assert under_way.total() <= at_once
            peak[name] = max(peak[name], under_way[name])
            for _ in range(5):
                await asyncio.sleep(0)
            under_way[name] -= 1

    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        for name in asked:
            tasks.create_task(one(name))
    if len(set(asked)) == 1:
        assert peak[asked[0]] == min(of_one, at_once, len(asked))


async def test_r9_5_those_who_wait_for_the_views_ask_the_database_together(
    log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    async def load(_: MongoPositions) -> dict[tuple[str, int], int]:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return {}

    monkeypatch.setattr(MongoPositions, "load", load)
    progress = ViewProgress(connect("mongodb://127.0.0.1:9", "unused"), log)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await asyncio.gather(*(progress._read() for _ in range(1_000)))
    assert asked <= 1 + (loop.time() - began) / 0.02


def test_all_reads_at_once_find_threads() -> None:
    assert threads._EXECUTOR._max_workers >= 3 * READS_AT_ONCE


async def test_r9_5_who_waited_for_the_reads_of_others_is_not_told_to_read_less(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(read_limits, "READ_WITHIN_S", 0.02)
    reads, going = ReadLimiter(), asyncio.Event()

    async def read(organization: str) -> None:
        async with reads.turn(OrganizationId(organization)):
            await going.wait()

    async with asyncio.TaskGroup() as tasks:
        for number in range(READS_AT_ONCE):
            tasks.create_task(read(f"noisy-{number // READS_AT_ONCE_OF_ORGANIZATION}"))
        await asyncio.sleep(0)
        with pytest.raises(UnavailableError, match="Other organizations"):
            await read("quiet")
        with pytest.raises(TooManyAttemptsError, match="Your organization"):
            await read("noisy-0")
        going.set()
