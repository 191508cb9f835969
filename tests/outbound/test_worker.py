"""The worker: in order, exactly once or shown as unknown, wherever the process ends."""

import asyncio

import pytest

from outbound.asking import PAGE, SHOP, comment, conversation, picture, request
from outbound.crashing import Steps
from outbound.rig import (
    LOST,
    LOST_AND_NOT_DONE,
    TOKEN,
    TRANSIENT,
    Process,
    World,
    echo_of,
    page,
    read_events,
    until,
)
from tuyen_channels.calls import (
    AfterLost,
    CallSucceeded,
    ChannelRefusal,
    HiddenToken,
    Pause,
    PauseScope,
    RefusalKind,
)
from tuyen_events.dead_letters import DeadLettered
from tuyen_events.ids import PageId
from tuyen_events.outbound import OutboundAction, OutboundOutcome, OutboundRequested
from tuyen_events.outbound_topics import OUTBOUND
from tuyen_events.topics import DEAD_LETTERS, INBOUND
from tuyen_outbound.worker import GROUP

pytestmark = pytest.mark.usefixtures("impatient")


async def wait_for(world: World, *requested: OutboundRequested) -> None:
    async def all_settled() -> bool:
        return {each.request_id for each in requested} <= (await world.outcomes()).keys()

    await until(all_settled)


async def carry_out(world: World, *requested: OutboundRequested) -> dict[str, list[str]]:
    """The outcomes, once each has one."""
    await world.ask(*requested)
    async with Process(world):
        await wait_for(world, *requested)
    return await world.outcomes()


async def test_i6_requests_of_a_conversation_are_carried_out_in_their_order(world: World) -> None:
    requested = [request(str(n)) for n in range(20)]
    outcomes = await carry_out(world, *requested)
    assert [text for _, text in world.sent] == [str(n) for n in range(20)]
    assert outcomes == {each.request_id: ["done"] for each in requested}
    first = (await world.settled())[0]
    assert (first.external_ids, first.message_id) == (("mid_req_0_0",), requested[0].message_id)


async def test_i6_different_conversations_are_carried_out_at_the_same_time(world: World) -> None:
    world.gate = asyncio.Event()
    await world.ask(*(request(str(n), customer=str(n)) for n in range(40)))
    async with Process(world):

        async def all_slots_are_used() -> bool:
            return world.under_way == 32

        await until(all_slots_are_used)
        world.gate.set()

        async def all_done() -> bool:
            return len(await world.outcomes()) == 40

        await until(all_done)
    assert world.most_under_way == 32


async def test_i6_each_part_of_a_message_is_sent_once_and_its_ids_are_reported(
    world: World,
) -> None:
    file = picture()
    world.files[file.id] = b"png"
    await carry_out(world, request("a|b", attachments=(file,)), request("c"))
    assert [text for _, text in world.sent] == ["a", "b", "upload_png", "c"]
    (first, _) = await world.settled()
    assert first.external_ids == tuple(f"mid_req_a|b_{text}" for text in ("a", "b", "upload_png"))


async def test_i6_a_file_that_does_not_exist_fails_and_holds_nothing(world: World) -> None:
    missing = request("x", text=None, attachments=(picture("gone"),))
    outcomes = await carry_out(world, missing, request("2"))
    assert outcomes == {"req_x": ["failed"], "req_2": ["done"]}
    (failed, _) = await world.settled()
    assert failed.error is not None
    assert failed.error.code == "file_missing"


async def test_p5_a_transient_error_is_repeated_a_few_times(world: World) -> None:
    world.answers["1"] = [TRANSIENT] * 3
    world.answers["2"] = [TRANSIENT] * 50
    outcomes = await carry_out(world, request("1"), request("2"), request("3"))
    assert outcomes == {"req_1": ["done"], "req_2": ["failed"], "req_3": ["done"]}
    assert len(world.calls) == 4 + 7 + 1
    failed = (await world.settled())[1]
    assert failed.error is not None
    assert (failed.error.code, failed.error.retry) == ("channel_unavailable", True)


async def test_p5_a_permanent_error_fails_at_once_with_a_reason(world: World) -> None:
    world.answers["1"] = [
        ChannelRefusal(RefusalKind.PERMANENT, "outside_window", "Facebook 10/2018278")
    ]
    outcomes = await carry_out(world, request("1"), request("2"))
    assert outcomes == {"req_1": ["failed"], "req_2": ["done"]}
    (failed, _) = await world.settled()
    assert failed.error is not None
    assert (failed.error.code, failed.error.retry) == ("outside_window", False)
    assert "10/2018278" in failed.error.vi


async def test_p5_throttling_pauses_the_page_and_loses_nothing(world: World) -> None:
    throttled = ChannelRefusal(
        RefusalKind.THROTTLED, "throttled", "", Pause(PauseScope.PAGE, seconds=0.1)
    )
    world.answers["1"] = [throttled]
    outcomes = await carry_out(world, request("1"), request("2"))
    assert outcomes == {"req_1": ["done"], "req_2": ["done"]}


async def test_p5_a_dead_token_stops_the_page_and_what_waits_is_sent_with_the_next_one(
    world: World,
) -> None:
    dead = ChannelRefusal(RefusalKind.DEAD_TOKEN, "token_dead")
    world.answers["1"] = [dead]
    requested = [request("1"), request("2"), request("3", customer="9")]
    await world.ask(requested[0])
    async with Process(world):

        async def is_stopped() -> bool:
            return bool(world.stops)

        await until(is_stopped)
        await world.ask(*requested[1:])
        await until(lambda: has_committed(world))
        assert (await world.settled(), world.sent) == ([], [])
        world.set_token(HiddenToken("another"))
        await wait_for(world, *requested)
    assert sorted(text for _, text in world.sent) == ["1", "2", "3"]
    assert world.stops == [dead]


async def has_committed(world: World) -> bool:
    ends = await world.log.end_offsets(OUTBOUND)
    async with world.log.subscribe(OUTBOUND, group=GROUP) as member:
        reached = await member.positions()
    return all(reached[OUTBOUND.name, partition] >= end for partition, end in ends.items())


async def test_p5_what_waits_for_a_page_survives_the_process(world: World) -> None:
    world.set_token(None)
    await world.ask(request("1"), request("2"))
    async with Process(world):
        await until(lambda: has_committed(world))
    world.set_token(TOKEN)
    async with Process(world):
        await wait_for(world, request("1"), request("2"))
    assert [text for _, text in world.sent] == ["1", "2"]


async def test_i6_what_waits_can_be_cancelled_and_what_was_sent_cannot(world: World) -> None:
    world.set_token(None)
    requested = [request("1"), request("2"), request("3")]
    await world.ask(*requested)
    async with Process(world):
        await until(lambda: has_committed(world))
        for each in requested[:2]:
            await world.cancel(each)
        await wait_for(world, *requested[:2])
        world.set_token(TOKEN)
        await wait_for(world, requested[2])
        await world.cancel(requested[2])
        await until(lambda: has_committed(world))
    assert [text for _, text in world.sent] == ["3"]
    assert await world.outcomes() == {
        "req_1": ["cancelled"],
        "req_2": ["cancelled"],
        "req_3": ["done"],
    }


async def test_p4_a_request_that_this_version_does_not_know_goes_to_the_dead_letters(
    world: World,
) -> None:
    newer = [("ce_type", b"outbound.serenaded.v1"), ("ce_id", b"evt_1")]
    await world.log.append_bytes(OUTBOUND, "msg_1", b"{}", newer)
    await world.log.append_bytes(INBOUND, "msg_1", b"{}", newer)
    await world.ask(request("1"))
    async with Process(world):
        await wait_for(world, request("1"))
        await until(lambda: has_committed(world))
    (letter,) = await read_events(world.log, DEAD_LETTERS)
    assert isinstance(letter, DeadLettered)
    assert letter.origin == "outbound"


async def test_i6_a_request_and_its_cancellation_in_one_batch(world: World) -> None:
    await world.ask(request("1"))
    await world.cancel(request("1"))
    async with Process(world):
        await wait_for(world, request("1"))
    assert (await world.outcomes(), world.sent) == ({"req_1": ["cancelled"]}, [])


async def test_i6_a_record_that_is_in_the_log_twice_is_carried_out_once(world: World) -> None:
    await world.ask(request("1"), request("1"), request("2"))
    async with Process(world):
        await wait_for(world, request("1"), request("2"))
        await world.ask(request("1"), request("3"))
        await wait_for(world, request("3"))
    async with Process(world):
        await world.ask(request("1"), request("4"))
        await wait_for(world, request("4"))
    assert [text for _, text in world.sent] == ["1", "2", "3", "4"]


async def test_p5b_an_echo_proves_a_message_whose_answer_was_lost(world: World) -> None:
    world.answers["1"] = [LOST]
    outcomes = await carry_out(world, request("1"), request("2"))
    assert outcomes == {"req_1": ["done"], "req_2": ["done"]}
    assert (await world.settled())[0].external_ids == ("mid_req_1_1",)
    assert len(world.calls) == 2


async def test_i6_without_an_echo_it_is_unknown_until_a_late_one_proves_it(world: World) -> None:
    world.echoes, world.answers["1"] = False, [LOST]
    await world.ask(request("1"), request("2"))
    async with Process(world):
        await wait_for(world, request("1"), request("2"))
        assert await world.outcomes() == {"req_1": ["unknown"], "req_2": ["done"]}
    async with Process(world):
        await world.echo(world.echoed_late[0])

        async def is_done() -> bool:
            return (await world.outcomes())["req_1"] == ["unknown", "done"]

        await until(is_done)
    assert [text for _, text in world.sent] == ["1", "2"]


async def test_i6_an_echo_of_the_first_try_settles_a_repetition_that_waits(world: World) -> None:
    world.echoes, world.answers["1"] = False, [LOST]
    again = request("again", client_id="key-1", retries="req_1", text="1")
    await world.ask(request("1"))
    async with Process(world):
        await wait_for(world, request("1"))
        world.set_token(None)
        await world.ask(again)
        await until(lambda: has_committed(world))
        await world.echo(world.echoed_late[0])
        await wait_for(world, again)
    assert len(world.sent) == 1
    assert await world.outcomes() == {"req_1": ["unknown", "done"], "req_again": ["done"]}


async def test_p5b_a_channel_without_our_id_in_the_echo_is_matched_by_the_text(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outbound.rig.ScriptedConnector.returns_client_id", False)
    world.answers["Dạ còn ạ"] = [LOST]
    asked = request("1", text="Dạ còn ạ")
    outcomes = await carry_out(world, asked)
    assert outcomes == {"req_1": ["done"]}


async def test_i8_a_comment_whose_answer_was_lost_is_looked_for_and_made_if_missing(
    world: World,
) -> None:
    world.answers["1"], world.answers["2"] = [LOST], [LOST_AND_NOT_DONE]
    outcomes = await carry_out(world, comment("1"), comment("2"))
    assert [text for _, text in world.sent] == ["1", "2"]
    assert outcomes == {"req_1": ["done"], "req_2": ["done"]}


async def test_r9_5_a_request_that_raises_settles_and_holds_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raise_error(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("outbound.rig.ScriptedConnector.limits", raise_error)
    outcomes = await carry_out(world, request("1"))
    assert outcomes == {"req_1": ["failed"]}


async def test_i6_a_page_that_is_not_connected_fails(world: World) -> None:
    outcomes = await carry_out(world, request("1", page_id=PageId("other")))
    assert outcomes == {"req_1": ["failed"]}
    world.page = page(channel="zalo")
    assert (await carry_out(world, request("2")))["req_2"] == ["failed"]


@pytest.mark.parametrize("how", [None, AfterLost.REPEAT, AfterLost.LOOK])
async def test_i6_wherever_the_process_ends_each_is_sent_once_in_order(
    how: AfterLost | None,
) -> None:
    """Every append, commit and call is a step, and so is the way back from each."""
    requested = [request("1"), request("2|3"), request("4", customer="9"), request("5")]
    crashes = 0
    while not await _crash_after(crashes, requested, how):
        crashes += 1
    assert crashes > 30


async def _crash_after(
    count: int, requested: list[OutboundRequested], how: AfterLost | None
) -> bool:
    """Lets a process crash after so many steps and another one continue. Returns whether the first
    one came to its end."""
    world = World()
    await world.ask(*requested)
    async with Process(world, Steps(count), after_lost=how) as process:
        if await process.work(lambda: _all_settled(world, requested)):
            return True
    async with Process(world, after_lost=how) as process:
        assert await process.work(lambda: _all_settled(world, requested))
    _require_once_in_order(world, await world.outcomes(), by_echo=how is None)
    return False


async def _all_settled(world: World, requested: list[OutboundRequested]) -> bool:
    return {each.request_id for each in requested} == (await world.outcomes()).keys()


def _require_once_in_order(world: World, outcomes: dict[str, list[str]], *, by_echo: bool) -> None:
    sent = [text for thread, text in world.sent if thread == conversation()]
    assert sent == sorted(set(sent))
    assert len(world.sent) == len(set(world.sent))
    texts = {"req_1": {"1"}, "req_2|3": {"2", "3"}, "req_4": {"4"}, "req_5": {"5"}}
    everything = {text for _, text in world.sent}
    for identity, told in outcomes.items():
        if told[-1] == "done":
            assert texts[identity] <= everything
        else:
            assert (told, by_echo) == (["unknown"], True)


async def test_i6_a_call_under_way_ends_and_is_reported_when_the_process_is_told_to_end(
    world: World,
) -> None:
    world.gate, world.echoes = asyncio.Event(), False
    await world.ask(request("1"))
    async with Process(world):

        async def is_under_way() -> bool:
            return world.under_way == 1

        await until(is_under_way)
        asyncio.get_running_loop().call_later(0.05, world.gate.set)
    assert await world.outcomes() == {"req_1": ["done"]}
    async with Process(world):
        await world.ask(request("2"))
        await wait_for(world, request("2"))
    assert [text for _, text in world.sent] == ["1", "2"]


async def test_i8_an_act_on_a_comment_is_repeated_when_nobody_knows(world: World) -> None:
    world.answers["hide"] = [LOST, CallSucceeded()]
    hide = comment("hide", action=OutboundAction.HIDE)
    await world.ask(hide)
    async with Process(world, after_lost=AfterLost.REPEAT):
        await wait_for(world, hide)
    assert await world.outcomes() == {"req_hide": [OutboundOutcome.DONE]}


async def test_r9_6_one_organization_cannot_have_any_number_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuyen_outbound.domain.open_requests.OUTBOUND_WAITING", 2)
    world.set_token(None)
    requested = [request(str(n)) for n in range(3)]
    await world.ask(*requested)
    async with Process(world):
        await wait_for(world, requested[2])
        (failed,) = await world.settled()
        assert failed.error is not None
        assert (failed.request_id, failed.error.code) == ("req_2", "too_many_waiting")
        world.set_token(TOKEN)
        await wait_for(world, *requested)
    assert [text for _, text in world.sent] == ["0", "1"]


def test_the_shop_of_the_tests_has_the_page() -> None:
    assert (page().organization, page().id) == (SHOP, PAGE)
    assert echo_of(request(), "m", "x").client_id == "key-1"
