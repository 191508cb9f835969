"""What is known of a request by its echo or its result, and when nobody can tell."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from outbound.asking import PAGE, request
from outbound.crashing import Steps
from outbound.rig import (
    DEADLINE_S,
    LOST,
    TOKEN,
    TRANSIENT,
    Process,
    World,
    page,
    until,
)
from outbound.test_worker import has_committed, wait_for
from tuyen_channels.calls import ChannelRefusal, Pause, PauseScope, RefusalKind
from tuyen_events.outbound import OutboundOutcome
from tuyen_outbound.domain.requests import StoredRequest
from tuyen_outbound.live_calls import LiveCalls
from tuyen_outbound.request_runner import RequestRunner
from tuyen_outbound.results import Results

pytestmark = pytest.mark.usefixtures("impatient")


class HeldResults:
    """Results are published once `released` is set; `waiting` says that one is under way."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.waiting, self.released = asyncio.Event(), asyncio.Event()
        publish = Results.publish

        async def publish_later(results: Results, *given: Any) -> None:
            self.waiting.set()
            await self.released.wait()
            await publish(results, *given)

        monkeypatch.setattr(Results, "publish", publish_later)


async def test_i6_what_is_being_cancelled_is_not_called(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kafka is slow: the page is connected again before `cancelled` is acknowledged."""
    world.set_token(None)
    await world.ask(request("1"), request("2"))
    async with Process(world):
        await until(lambda: has_committed(world))
        held = HeldResults(monkeypatch)
        await world.cancel(request("1"))
        async with asyncio.timeout(DEADLINE_S):
            await held.waiting.wait()
        world.set_token(TOKEN)
        await asyncio.sleep(0.1)
        held.released.set()
        await wait_for(world, request("1"), request("2"))
    assert [text for _, text in world.sent] == ["2"]
    assert await world.outcomes() == {"req_1": ["cancelled"], "req_2": ["done"]}


async def test_i6_what_is_cancelled_as_its_call_begins_is_not_called(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call's task has been started, and has not taken its first step."""
    held = HeldResults(monkeypatch)
    carried, cancelling = list[tuple[RequestRunner, StoredRequest]](), list[asyncio.Task[None]]()
    advance, start = RequestRunner.advance, LiveCalls.start

    async def note_and_advance(runner: RequestRunner, stored: StoredRequest) -> None:
        carried.append((runner, stored))
        await advance(runner, stored)

    def cancel_and_start(
        calls: LiveCalls, request_id: str, call: Coroutine[None, None, None]
    ) -> "asyncio.Task[None]":
        if not cancelling:
            runner, stored = carried[-1]
            settling = runner.settler.settle(stored, OutboundOutcome.CANCELLED)
            cancelling.append(asyncio.create_task(settling))
        return start(calls, request_id, call)

    monkeypatch.setattr(RequestRunner, "advance", note_and_advance)
    monkeypatch.setattr(LiveCalls, "start", cancel_and_start)
    await world.ask(request("1"))
    async with Process(world):
        async with asyncio.timeout(DEADLINE_S):
            await held.waiting.wait()
        await asyncio.sleep(0.1)
        held.released.set()
        await wait_for(world, request("1"))
    assert world.sent == []
    assert await world.outcomes() == {"req_1": ["cancelled"]}


REST = ("rest_cancelled", ("mid_req_1_a",))


async def find_ends(world: World) -> list[tuple[str | None, tuple[str, ...]]]:
    settled = await world.settled()
    codes = [None if one.error is None else one.error.code for one in settled]
    return list(zip(codes, (one.external_ids for one in settled), strict=True))


async def test_i6_what_comes_after_a_call_that_was_begun_is_not_sent(world: World) -> None:
    """Text and pictures are several calls: the first one is under way when they are cancelled."""
    world.gate = asyncio.Event()
    await world.ask(request("1", text="a|b"), request("2"))
    async with Process(world):
        await until(lambda: is_under_way(world))
        for _ in range(2):
            await world.cancel(request("1"))
        await until(lambda: has_committed(world))
        world.gate.set()
        await wait_for(world, request("1"), request("2"))
    assert [text for _, text in world.sent] == ["a", "2"]
    assert (await find_ends(world))[0] == REST


async def test_i6_what_waits_for_its_next_part_says_what_was_sent(world: World) -> None:
    world.answers["b"] = [ChannelRefusal(RefusalKind.DEAD_TOKEN, "token_dead")]
    await world.ask(request("1", text="a|b"))
    async with Process(world):
        await until(lambda: is_stopped(world))
        await world.cancel(request("1"))
        await wait_for(world, request("1"))
    assert [text for _, text in world.sent] == ["a"]
    assert await find_ends(world) == [REST]


async def test_i6_what_the_channel_does_not_take_after_its_cancellation_is_not_tried_again(
    world: World,
) -> None:
    world.gate = asyncio.Event()
    world.answers["1"] = [TRANSIENT]
    await world.ask(request("1"))
    async with Process(world):
        await until(lambda: is_under_way(world))
        await world.cancel(request("1"))
        await until(lambda: has_committed(world))
        world.gate.set()
        await wait_for(world, request("1"))
    assert world.sent == []
    assert await world.outcomes() == {"req_1": ["cancelled"]}


async def test_i6_a_repetition_that_is_cancelled_with_it_says_what_was_sent_before(
    world: World,
) -> None:
    again = request("1", text="a|b", sent_external_ids=("mid_req_1_a",))
    await world.ask(again)
    await world.cancel(again)
    async with Process(world):
        await wait_for(world, again)
    assert world.sent == []
    assert await find_ends(world) == [REST]


@pytest.mark.parametrize("waits", [True, False])
async def test_i6_a_repetition_of_what_was_sent_completely_is_done_though_it_is_cancelled(
    world: World, waits: bool
) -> None:
    """Cancelled in the batch of its request, or as it waits behind another one."""
    first, again = request("1"), request("a", sent_external_ids=("mid_1",), retries="req_0")
    world.gate = asyncio.Event()
    if waits:
        await world.ask(first)
        async with Process(world):
            await until(lambda: is_under_way(world))
            await world.ask(again)
            await until(lambda: has_committed(world))
            await world.cancel(again)
            await until(lambda: has_committed(world))
            world.gate.set()
            await wait_for(world, first, again)
    else:
        await world.ask(again)
        await world.cancel(again)
        async with Process(world):
            await wait_for(world, again)
    assert (None, ("mid_1",)) in await find_ends(world)


async def test_i6_what_is_cancelled_while_its_state_is_written_is_not_called(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state `calling` is acknowledged after the cancellation was read, before the call."""
    require = RequestRunner._require_ownership

    async def cancel_first(runner: RequestRunner, begun: StoredRequest, sent_at: float) -> None:
        await world.cancel(request("1"))
        await until(lambda: has_committed(world))
        await require(runner, begun, sent_at)

    monkeypatch.setattr(RequestRunner, "_require_ownership", cancel_first)
    await world.ask(request("1"))
    async with Process(world):
        await wait_for(world, request("1"))
    assert world.calls == []
    assert await world.outcomes() == {"req_1": ["cancelled"]}


async def is_under_way(world: World) -> bool:
    return bool(world.under_way)


async def is_stopped(world: World) -> bool:
    return bool(world.stops)


async def test_r9_1_what_was_reported_as_cancelled_is_not_sent_wherever_the_process_ends() -> None:
    steps = 0
    while not await _cancel_with_crash(steps):
        steps += 1
    assert steps > 3


async def _cancel_with_crash(steps: int) -> bool:
    world = World()
    world.set_token(None)
    await world.ask(request("1"))
    async with Process(world):
        await until(lambda: has_committed(world))
    await world.cancel(request("1"))

    async def is_cancelled() -> bool:
        return bool(await world.settled()) and await has_committed(world)

    async with Process(world, Steps(steps)) as process:
        ended = await process.work(is_cancelled)
    world.set_token(TOKEN)
    await _carry_out_the_rest(world)
    sent = [text for _, text in world.sent]
    assert not ("1" in sent and "cancelled" in (await world.outcomes())["req_1"])
    return ended


async def test_r9_1_what_was_refused_is_not_sent_wherever_the_process_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The request is read again after a crash, and by then there may be room."""
    steps = 0
    while not await _refuse_with_crash(steps, monkeypatch):
        steps += 1
    assert steps > 3


async def _refuse_with_crash(steps: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    world = World()
    world.set_token(None)
    monkeypatch.setattr("tuyen_outbound.domain.open_requests.OUTBOUND_WAITING", 1)
    await world.ask(request("1"))
    async with Process(world):
        await until(lambda: has_committed(world))
    await world.ask(request("2"))

    async def is_refused() -> bool:
        return bool(await world.settled()) and await has_committed(world)

    async with Process(world, Steps(steps)) as process:
        ended = await process.work(is_refused)
    monkeypatch.setattr("tuyen_outbound.domain.open_requests.OUTBOUND_WAITING", 9)
    world.set_token(TOKEN)
    await _carry_out_the_rest(world)
    sent = [text for _, text in world.sent]
    assert not ("2" in sent and "failed" in (await world.outcomes())["req_2"])
    return ended


async def _carry_out_the_rest(world: World) -> None:
    """What is requested last is settled last."""
    await world.ask(request("last"))
    async with Process(world):
        await wait_for(world, request("last"))
        await until(lambda: has_committed(world))


async def test_p5b_an_echo_that_comes_while_unknown_is_published_proves_the_message(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.echoes, world.answers["1"] = False, [LOST]
    await world.ask(request("1"))
    held = HeldResults(monkeypatch)
    async with Process(world):
        async with asyncio.timeout(DEADLINE_S):
            await held.waiting.wait()
        await world.echo(world.echoed_late[0])
        await asyncio.sleep(0.1)
        held.released.set()

        async def is_done() -> bool:
            return (await world.outcomes()).get("req_1") == ["unknown", "done"]

        await until(is_done)


async def test_i6_a_repetition_of_what_was_sent_completely_is_done(world: World) -> None:
    asked = request("a", sent_external_ids=("mid_1",), retries="req_0")
    await world.ask(asked)
    async with Process(world):
        await wait_for(world, asked)
    assert (world.sent, await world.outcomes()) == ([], {"req_a": ["done"]})


async def test_l5_a_page_that_changes_while_a_call_waits_is_called_as_it_is_now(
    world: World,
) -> None:
    pause = Pause(PauseScope.PAGE, 1.0)
    world.answers["1"] = [ChannelRefusal(RefusalKind.THROTTLED, "throttled", "", pause)]
    await world.ask(request("1"))
    async with Process(world):

        async def is_throttled() -> bool:
            return len(world.calls) == 1 and not world.under_way

        await until(is_throttled)
        await asyncio.sleep(0.1)
        world.page = page(id=PAGE, reply_url="https://new.example/")
        await wait_for(world, request("1"))
    assert world.calls[-1].reply_url == "https://new.example/"
