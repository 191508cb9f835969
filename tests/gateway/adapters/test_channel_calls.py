"""Calls to channels: bounded in time, size and number (R9.5), and what their errors mean (P1)."""

import asyncio

import httpx
import pytest

from tuyen_channels.calls import ChannelRefusal, RefusalKind
from tuyen_events.ids import OrganizationId
from tuyen_events.limits import CHANNEL_CALLS_OF_ORGANIZATION
from tuyen_gateway.adapters import channel_calls
from tuyen_gateway.adapters.channel_calls import ChannelCalls, ReachableChannels
from tuyen_gateway.errors import (
    ChannelRefusedError,
    ChannelUnavailableError,
    TooManyAttemptsError,
)

URL = "https://channel.test/x"
SHOP, OTHER = OrganizationId("shop"), OrganizationId("other")


def calls(answer: httpx.Response | None) -> ChannelCalls:
    async def handle(request: httpx.Request) -> httpx.Response:
        if answer is None:
            await asyncio.Event().wait()
            raise AssertionError("nobody answers")
        return answer

    return ChannelCalls(httpx.AsyncClient(transport=httpx.MockTransport(handle)), "Channel")


async def test_an_answer_is_a_json_object_of_any_status_below_500() -> None:
    answer = await calls(httpx.Response(404, json={"a": 1})).call("GET", URL)
    assert (answer.status, answer.body) == (404, {"a": 1})


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500, json={}),
        httpx.Response(200, content=b"\xff"),
        httpx.Response(200, content=b'"text"'),
        httpx.Response(200, content=b"[" * 100_000),
        httpx.Response(200, content=b'{"a": "%s"}' % (b"x" * 3_000_000)),
        httpx.Response(302, headers={"Location": URL}),
    ],
    ids=["500", "no text", "no object", "deep", "long", "redirect"],
)
async def test_any_other_answer_is_none(answer: httpx.Response) -> None:
    with pytest.raises(ChannelUnavailableError, match="Channel does not answer"):
        await calls(answer).call("GET", URL)


@pytest.mark.parametrize(
    ("kind", "ours", "said"),
    [
        (RefusalKind.DEAD_TOKEN, "token_dead", "token_dead"),
        (RefusalKind.PAGE_STOPPED, "no_permission", "no_permission"),
        (RefusalKind.PERMANENT, "gone", "refused"),
        (RefusalKind.TRANSIENT, "channel_unavailable", None),
        (RefusalKind.THROTTLED, "throttled", None),
    ],
)
def test_p1_a_refusal_is_the_pages_problem_or_worth_a_retry(
    kind: RefusalKind, ours: str, said: str | None
) -> None:
    error = calls(None).explain(ChannelRefusal(kind, ours, "Channel 100"))
    if said is None:
        assert isinstance(error, ChannelUnavailableError)
    else:
        assert isinstance(error, ChannelRefusedError)
        assert (error.code, "Channel 100" in error.en, "Channel 100" in error.vi) == (
            said,
            True,
            True,
        )


async def test_r9_5_a_channel_that_is_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_calls, "_CALL_WITHIN_S", 0.01)
    with pytest.raises(ChannelUnavailableError):
        await calls(None).call("GET", URL)


async def test_an_address_that_is_none_is_no_mistake_of_ours() -> None:
    with pytest.raises(ChannelUnavailableError):
        await calls(httpx.Response(200, json={})).call("GET", "https://a.test:port/")


async def test_what_fits_into_no_header_is_no_mistake_of_ours() -> None:
    with pytest.raises(ChannelUnavailableError) as raised:
        await calls(httpx.Response(200, json={})).call("GET", URL, headers={"a": "chủ"})
    assert raised.value.__context__ is None


async def test_r9_5_an_organization_makes_few_calls_at_once_and_holds_back_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(channel_calls, "_TURN_WITHIN_S", 0.01)
    channels = ReachableChannels({}, {})
    end = asyncio.Event()

    async def hold() -> None:
        async with channels.turn(SHOP):
            await end.wait()

    async with asyncio.TaskGroup() as tasks:
        for _ in range(CHANNEL_CALLS_OF_ORGANIZATION):
            tasks.create_task(hold())
        await asyncio.sleep(0)
        with pytest.raises(TooManyAttemptsError):
            async with channels.turn(SHOP):
                pass
        async with channels.turn(OTHER):
            end.set()
    async with channels.turn(SHOP):
        pass
