"""What was carried out and answered with an error is not carried out again."""

import asyncio
from typing import Any

import pytest

from outbound.asking import comment, picture, request
from outbound.crashing import Steps
from outbound.rig import (
    TRANSIENT,
    TRANSIENT_AND_DONE,
    Process,
    World,
    read_records,
    until,
)
from outbound.test_worker import carry_out, has_committed, wait_for
from tuyen_channels.calls import AfterLost, ChannelRefusal, Pause, PauseScope, RefusalKind
from tuyen_events.outbound import OutboundAction, OutboundRequested
from tuyen_events.outbound_topics import OUTBOUND_STATE

pytestmark = pytest.mark.usefixtures("impatient")

THROTTLED = ChannelRefusal(RefusalKind.THROTTLED, "throttled", "", Pause(PauseScope.PAGE, 0.2))
UNREACHABLE = ChannelRefusal(RefusalKind.UNREACHABLE, "channel_unavailable")
DEAD = ChannelRefusal(RefusalKind.DEAD_TOKEN, "token_dead")
EVERY_CALL = 7


@pytest.fixture
def by_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """A channel that returns nothing of ours in its echoes."""
    monkeypatch.setattr("outbound.rig.ScriptedConnector.returns_client_id", False)


def private_reply(name: str) -> OutboundRequested:
    return request(name, action=OutboundAction.PRIVATE_REPLY, target_external_id="333_1")


@pytest.mark.parametrize("asked", [request("1"), private_reply("1"), comment("1")])
async def test_p5_what_was_carried_out_and_answered_with_an_error_is_not_repeated(
    world: World, asked: OutboundRequested
) -> None:
    world.answers["1"] = [TRANSIENT_AND_DONE]
    outcomes = await carry_out(world, asked, request("2"))
    assert [text for _, text in world.sent] == ["1", "2"]
    assert outcomes == {"req_1": ["done"], "req_2": ["done"]}
    assert (await world.settled())[0].external_ids == ("mid_req_1_1",)


@pytest.mark.usefixtures("by_text")
async def test_p5b_an_echo_of_the_same_text_proves_what_was_answered_with_an_error(
    world: World,
) -> None:
    world.answers["1"] = [TRANSIENT_AND_DONE]
    assert await carry_out(world, request("1")) == {"req_1": ["done"]}
    assert len(world.calls) == 1


async def test_p5_every_part_that_was_answered_with_an_error_is_made_once(world: World) -> None:
    file = picture()
    world.files[file.id] = b"png"
    texts = ("a", "b", "upload_png")
    for name, ask in (("1", request), ("2", comment)):
        for text in texts:
            world.answers[text] = [TRANSIENT_AND_DONE]
        asked = ask(name, text="a|b", attachments=(file,))
        await carry_out(world, asked)
        assert [text for _, text in world.sent] == list(texts)
        found = (await world.settled())[-1]
        assert found.external_ids == tuple(f"mid_req_{name}_{text}" for text in texts)
        world.sent.clear()


async def test_i8_a_comment_that_was_not_made_is_made_after_a_look(world: World) -> None:
    world.answers["1"] = [TRANSIENT, TRANSIENT, TRANSIENT_AND_DONE]
    assert await carry_out(world, comment("1")) == {"req_1": ["done"]}
    assert len(world.sent) == 1
    assert len(world.calls) == len(world.looks) == 3
    assert len({each.since for each in world.looks}) == 1


@pytest.mark.parametrize("refusal", [UNREACHABLE, TRANSIENT._replace(certain=True), THROTTLED])
async def test_i8_a_comment_that_was_certainly_not_made_is_not_looked_for(
    world: World, refusal: ChannelRefusal
) -> None:
    world.answers["1"] = [refusal]
    assert await carry_out(world, comment("1")) == {"req_1": ["done"]}
    assert world.looks == []


async def test_i8_an_act_on_a_comment_that_was_answered_with_an_error_is_repeated(
    world: World,
) -> None:
    """Nothing shows that it was done, and a second one changes nothing."""
    world.answers["hide"] = [TRANSIENT_AND_DONE]
    hide = comment("hide", action=OutboundAction.HIDE)
    await world.ask(hide)
    async with Process(world, after_lost=AfterLost.REPEAT):
        await wait_for(world, hide)
    assert (len(world.calls), world.looks) == (2, [])
    assert await world.outcomes() == {"req_hide": ["done"]}


@pytest.mark.parametrize("asked", [request("1"), comment("1")])
async def test_p5_the_last_call_may_have_been_carried_out_as_well(
    world: World, asked: OutboundRequested
) -> None:
    world.answers["1"] = [*[TRANSIENT] * (EVERY_CALL - 1), TRANSIENT_AND_DONE]
    assert await carry_out(world, asked) == {"req_1": ["done"]}
    assert (len(world.sent), len(world.calls)) == (1, EVERY_CALL)


@pytest.mark.parametrize("is_sent", [True, False])
async def test_p5_what_is_refused_for_good_after_an_error_fails_only_if_it_was_not_sent(
    world: World, is_sent: bool
) -> None:
    """A comment is answered privately once: that it was already may be because of the first call,
    whose echo is late."""
    refused = ChannelRefusal(RefusalKind.PERMANENT, "already_replied")
    world.echoes = False
    world.answers["1"] = [TRANSIENT_AND_DONE if is_sent else TRANSIENT, refused]
    await world.ask(private_reply("1"))

    async def are_called() -> bool:
        return len(world.calls) == 2 and not world.under_way

    async with Process(world, settle_within_s=1.0):
        await until(are_called)
        for echo in world.echoed_late:
            await world.echo(echo)
        await wait_for(world, private_reply("1"))
    (settled,) = await world.settled()
    assert settled.outcome == ("done" if is_sent else "failed")
    assert is_sent or (settled.error is not None and settled.error.code == "already_replied")


async def test_p5_a_comment_that_was_never_made_fails_with_the_channels_reason(
    world: World,
) -> None:
    refused = TRANSIENT._replace(detail="Facebook 2")
    world.answers["1"] = [refused for _ in range(50)]
    assert await carry_out(world, comment("1")) == {"req_1": ["failed"]}
    (failed,) = await world.settled()
    assert failed.error is not None
    assert (failed.error.code, failed.error.retry) == ("channel_unavailable", True)
    assert "Facebook 2" in failed.error.vi
    assert len(world.calls) == EVERY_CALL


async def test_i8_a_comment_that_the_channel_does_not_list_at_the_moment_is_not_repeated(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuyen_outbound.lost_calls._LOOK_AGAIN_S", 0.005)
    world.answers["1"] = [TRANSIENT_AND_DONE]
    world.look_answers = [TRANSIENT, UNREACHABLE, THROTTLED]
    assert await carry_out(world, comment("1")) == {"req_1": ["done"]}
    assert (len(world.calls), len(world.looks)) == (1, 4)


async def test_i8_a_comment_of_which_the_channel_cannot_be_asked_is_unknown(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuyen_outbound.lost_calls._LOOK_AGAIN_S", 0.005)
    world.answers["1"] = [TRANSIENT_AND_DONE]
    world.look_answers = [UNREACHABLE] * 50
    outcomes = await carry_out(world, comment("1"), comment("2"))
    assert outcomes == {"req_1": ["unknown"], "req_2": ["done"]}
    assert [text for _, text in world.sent] == ["1", "2"]


@pytest.mark.usefixtures("by_text")
@pytest.mark.parametrize("between", [THROTTLED, UNREACHABLE])
async def test_p5b_an_echo_proves_a_doubtful_call_also_after_one_that_was_not_made(
    world: World, between: ChannelRefusal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuyen_outbound.domain.retrying._WAITS_S", (0.005, *(1.0,) * 5))
    world.echoes, world.answers["1"] = False, [TRANSIENT_AND_DONE, between]
    asked = request("1")
    await world.ask(asked)

    async def are_called() -> bool:
        return len(world.calls) == 2 and not world.under_way

    async with Process(world):
        await until(are_called)
        await world.echo(world.echoed_late[0])
        await wait_for(world, asked)
    assert await world.outcomes() == {"req_1": ["done"]}
    assert (len(world.calls), len(world.sent)) == (2, 1)


async def is_refused(world: World) -> bool:
    states = await read_records(world.log, OUTBOUND_STATE)
    return any(b'"refusals":1' in (record.value or b"") for record in states)


async def test_i8_a_comment_is_looked_for_with_the_next_token(world: World) -> None:
    world.answers["1"], world.look_answers = [TRANSIENT_AND_DONE], [DEAD]
    await world.ask(comment("1"))

    async def is_stopped() -> bool:
        return bool(world.stops)

    async with Process(world):
        await until(is_stopped)
        world.set_token(world.calls[0].token)
        await wait_for(world, comment("1"))
    assert await world.outcomes() == {"req_1": ["done"]}
    assert len(world.calls) == 1


@pytest.mark.parametrize("returns_client_id", [True, False])
async def test_p5b_the_next_process_reads_the_echoes_before_it_repeats_a_call(
    world: World, returns_client_id: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The echo came while no process ran."""
    connector = "outbound.rig.ScriptedConnector.returns_client_id"
    monkeypatch.setattr(connector, returns_client_id)
    monkeypatch.setattr("tuyen_outbound.request_settler.SHOWN_WITHIN_S", 30.0)
    world.echoes, world.answers["1"] = False, [TRANSIENT_AND_DONE]
    await world.ask(request("1"))
    async with Process(world):
        await until(lambda: is_refused(world))
    await world.echo(world.echoed_late[0])
    monkeypatch.setattr("tuyen_outbound.request_runner.LONGEST_WAIT_S", 0.0)
    async with Process(world):
        await wait_for(world, request("1"))
    assert await world.outcomes() == {"req_1": ["done"]}
    assert len(world.calls) == 1


@pytest.mark.parametrize("returns_client_id", [True, False])
async def test_p5b_a_message_that_may_have_been_sent_waits_for_its_echo(
    world: World, returns_client_id: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then it is not repeated, although other errors are repeated sooner."""
    connector = "outbound.rig.ScriptedConnector.returns_client_id"
    monkeypatch.setattr(connector, returns_client_id)
    monkeypatch.setattr("tuyen_outbound.request_settler.SHOWN_WITHIN_S", 10.0)
    world.echoes, world.answers["1"] = False, [TRANSIENT_AND_DONE]
    await world.ask(request("1"))
    async with Process(world):
        await until(lambda: is_refused(world))
        await world.echo(world.echoed_late[0])
        await wait_for(world, request("1"))
    assert len(world.calls) == 1


@pytest.mark.parametrize("how", [AfterLost.ECHO, AfterLost.LOOK])
@pytest.mark.parametrize("returns_client_id", [True, False])
async def test_i6_wherever_the_process_ends_what_was_answered_with_an_error_is_made_once(
    how: AfterLost, returns_client_id: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every append, commit, call and look is a step, and so is the way back from each."""
    connector = "outbound.rig.ScriptedConnector.returns_client_id"
    monkeypatch.setattr(connector, returns_client_id)
    crashes = 0
    while not await _crash_after(crashes, how):
        crashes += 1
    assert crashes > 20


async def _crash_after(count: int, how: AfterLost) -> bool:
    """Lets a process crash after so many steps and another one continue. Returns whether the first
    one came to its end."""
    world = World()
    requested = [request("1"), request("2|3")]
    for text in ("1", "2", "3"):
        world.answers[text] = [TRANSIENT_AND_DONE]
    await world.ask(*requested)

    async def are_settled() -> bool:
        return len(await world.outcomes()) == len(requested)

    given: dict[str, Any] = {"after_lost": how, "settle_within_s": 0.5}
    async with Process(world, Steps(count), **given) as process:
        ended = await process.work(are_settled)
    async with Process(world, **given) as process:
        assert await process.work(are_settled)
    made, outcomes = [text for _, text in world.sent], await world.outcomes()
    assert made == sorted(set(made))
    for identity, texts in (("req_1", {"1"}), ("req_2|3", {"2", "3"})):
        if how is AfterLost.LOOK or outcomes[identity] != ["unknown"]:
            assert (outcomes[identity], texts <= set(made)) == (["done"], True)
    return ended


@pytest.mark.parametrize(
    ("asked", "answer", "outcome"),
    [
        (request("1"), TRANSIENT_AND_DONE, "done"),
        (request("1"), TRANSIENT, "cancelled"),
        (comment("1"), TRANSIENT_AND_DONE, "done"),
        (comment("1"), TRANSIENT, "cancelled"),
    ],
)
@pytest.mark.parametrize("is_under_way", [True, False])
async def test_i6_what_is_cancelled_after_an_error_is_cancelled_unless_it_was_carried_out(
    world: World,
    asked: OutboundRequested,
    answer: ChannelRefusal,
    outcome: str,
    *,
    is_under_way: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Cancelled during the call, or while its repetition waits."""
    monkeypatch.setattr("tuyen_outbound.domain.retrying._WAITS_S", (1.0,) * 6)
    world.gate, world.echoes, world.answers["1"] = asyncio.Event(), False, [answer]
    await world.ask(asked)

    async def is_called() -> bool:
        return bool(world.under_way)

    async with Process(world):
        await until(is_called)
        if is_under_way:
            await world.cancel(asked)
            await until(lambda: has_committed(world))
        world.gate.set()
        await until(lambda: is_refused(world))
        if not is_under_way:
            await world.cancel(asked)
        for echo in world.echoed_late:
            await world.echo(echo)
        await wait_for(world, asked)
    assert await world.outcomes() == {"req_1": [outcome]}
    assert len(world.calls) == 1


async def test_i6_a_stopped_page_holds_up_no_cancellation(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can be asked what became of the call."""
    monkeypatch.setattr("tuyen_outbound.request_settler.SHOWN_WITHIN_S", 0.5)
    world.answers["1"] = [TRANSIENT]
    await world.ask(request("1"))
    async with Process(world):
        await until(lambda: is_refused(world))
        world.set_token(None)
        await asyncio.sleep(0.8)
        await world.cancel(request("1"))
        await wait_for(world, request("1"))
    assert await world.outcomes() == {"req_1": ["cancelled"]}
