"""What echoes prove of requests of several parts, and of words that were written twice."""

import pytest

from outbound.asking import request
from outbound.rig import (
    LOST,
    LOST_AND_NOT_DONE,
    TRANSIENT,
    Process,
    World,
    echo_of,
    until,
)
from outbound.test_worker import wait_for

pytestmark = pytest.mark.usefixtures("impatient")


async def test_p5b_an_echo_of_one_part_does_not_settle_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The channel answered an error, and had sent the first part."""
    monkeypatch.setattr("tuyen_outbound.domain.retrying._WAITS_S", (30.0,) * 6)
    asked = request("a|b")
    world.answers["a"] = [TRANSIENT]
    await world.ask(asked)
    async with Process(world):

        async def is_called() -> bool:
            return len(world.calls) == 1 and not world.under_way

        await until(is_called)
        await world.echo(echo_of(asked, "mid_a", "a"))
        await wait_for(world, asked)
    assert [text for _, text in world.sent] == ["b"]
    (settled,) = await world.settled()
    assert (settled.outcome, settled.external_ids) == ("done", ("mid_a", "mid_req_a|b_b"))


async def test_p5b_of_an_unknown_message_the_rest_is_sent_when_somebody_asks_for_it(
    world: World,
) -> None:
    world.echoes, world.answers["a"] = False, [LOST]
    asked = request("a|b")
    await world.ask(asked)
    async with Process(world):
        await wait_for(world, asked)
        await world.echo(world.echoed_late[0])

        async def is_proved() -> bool:
            return (await world.outcomes())["req_a|b"] == ["unknown", "failed"]

        await until(is_proved)
        sent = (await world.settled())[-1].external_ids
        assert sent == ("mid_req_a|b_a",)
        again = request(
            "again",
            text="a|b",
            client_id=asked.client_id,
            retries="req_a|b",
            sent_external_ids=sent,
        )
        await world.ask(again)
        await wait_for(world, again)
    assert [text for _, text in world.sent] == ["a", "b"]
    assert (await world.settled())[-1].external_ids == (*sent, "mid_req_again_b")


async def test_p5b_the_echo_of_an_earlier_message_proves_no_later_one_with_its_text(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A channel that returns nothing of ours, and an agent who writes the same word twice."""
    monkeypatch.setattr("outbound.rig.ScriptedConnector.returns_client_id", False)
    world.echoes, world.answers["dạ"] = False, [None, LOST_AND_NOT_DONE]
    first, second = request("1", text="dạ"), request("2", text="dạ")
    async with Process(world, settle_within_s=1.0):
        await world.ask(first)
        await wait_for(world, first)
        await world.ask(second)

        async def is_called() -> bool:
            return len(world.calls) == 2 and not world.under_way

        await until(is_called)
        await world.echo(world.echoed_late[0])
        await wait_for(world, second)
    assert await world.outcomes() == {"req_1": ["done"], "req_2": ["unknown"]}


async def test_r9_5_an_echo_that_cannot_be_handled_stops_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raise_error(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("outbound.rig.ScriptedConnector.returns_client_id", False)
    monkeypatch.setattr("tuyen_outbound.worker.find_part", raise_error)
    world.answers["1"] = [LOST]
    await world.ask(request("1"), request("2", customer="9"))
    async with Process(world):
        await wait_for(world, request("1"), request("2"))
    assert await world.outcomes() == {"req_1": ["unknown"], "req_2": ["done"]}
