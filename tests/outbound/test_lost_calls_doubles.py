"""Over real HTTP, against the doubles: a call that a channel carries out and answers with an error
is made once."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from outbound.asking import ACCOUNT, PAGE, SHOP, comment, picture, request
from outbound.rig import Process, World, page
from outbound.test_worker import wait_for
from support.channel_samples import open_channel
from support.doubles import APP_SECRET, RunningDoubles, running_doubles
from tuyen_channels.connectors import open_connectors
from tuyen_channels.live_posts import LivePosts
from tuyen_channels.ports import Page
from tuyen_events.event import Envelope
from tuyen_events.outbound import OutboundAction, OutboundRequested
from tuyen_events.topics import INBOUND
from tuyen_events.vocabulary import Channel
from tuyen_outbound.adapters.http import HttpTransport

OFFICIAL = "388000000000000001"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
PICTURE = picture(size=len(PNG))
UNAVAILABLE = {"status": 503, "body": "<html>Service Unavailable</html>"}
UNKNOWN_ERROR = {"status": 500, "body": {"error": {"code": 1, "message": "An unknown error"}}}
PASSING_ERROR = {"status": 400, "body": {"error": {"code": 2, "message": "Try again"}}}
TRANSIENT_ERROR = {"status": 400, "body": {"error": {"code": 77, "is_transient": True}}}
NOT_SENT = {"status": 200, "body": {"error": -200, "message": "Send message failed"}}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait for an echo is ended by the echo; a comment is listed at once."""
    monkeypatch.setattr("tuyen_outbound.request_settler.SHOWN_WITHIN_S", 2.0)
    monkeypatch.setattr("tuyen_outbound.domain.retrying._WAITS_S", (0.005,) * 6)
    monkeypatch.setattr("tuyen_platform.kafka.memory._POLL_S", 0.005)


class Channels:
    """The doubles, whose webhooks reach the log of `world` as through ingest."""

    def __init__(self, doubles: RunningDoubles, world: World) -> None:
        self.doubles = doubles
        self._world = world

    async def carry_out(
        self, asked: OutboundRequested, action: str, fault: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """The calls that were made for a request, the first of which is answered with `fault`."""
        world, channel = self._world, asked.channel
        await self.doubles.fault(channel=channel, action=action, carry_out=True, **fault)
        transport = HttpTransport(within_s=5.0)
        settings = {
            "facebook_api": self.doubles.facebook_api,
            "facebook_app_secret": APP_SECRET,
            "zalo_api": self.doubles.zalo_api,
            "zalo_oauth": self.doubles.zalo_oauth,
            "zalo_app_id": "",
            "zalo_app_secret": "",
        }
        connectors = open_connectors(settings, transport, transport)
        passing_on = asyncio.create_task(self._pass_on())
        await world.ask(asked)
        async with Process(world, connectors=connectors, settle_within_s=5.0):
            await wait_for(world, asked)
        passing_on.cancel()
        await asyncio.gather(passing_on, return_exceptions=True)
        await transport.aclose()
        return await self.doubles.calls(channel=channel, action=action)

    async def _pass_on(self) -> None:
        pages, passed = {self._world.page.external_id: Page(SHOP, PAGE)}, 0
        channel = open_channel(self._world.page.channel)
        while True:
            for body in self.doubles.ingest.received[passed:]:
                now, passed = datetime.now(UTC), passed + 1
                content = json.dumps(body).encode()
                for each in channel.parse(content, now, pages, LivePosts()).events:
                    envelope = Envelope(
                        id=each.id,
                        source="tuyen/ingest",
                        subject=each.subject,
                        time=now,
                        data=each.event,
                    )
                    await self._world.log.append(INBOUND, each.key, envelope)
            await asyncio.sleep(0.01)


@pytest.fixture
async def channels(world: World) -> AsyncIterator[Channels]:
    world.files[PICTURE.id] = PNG
    async with running_doubles() as doubles:
        yield Channels(doubles, world)


async def say_comment(doubles: RunningDoubles) -> str:
    said = await doubles.say(
        channel="facebook", account=ACCOUNT, customer="670", text="Giá?", post="332029982914750"
    )
    return str(said["id"])


@pytest.mark.parametrize("fault", [UNAVAILABLE, UNKNOWN_ERROR, PASSING_ERROR, TRANSIENT_ERROR])
@pytest.mark.parametrize("action", ["send", "private_reply", "comment"])
async def test_p5_facebook_is_called_once_for_what_it_answers_with_an_error(
    channels: Channels, world: World, action: str, fault: dict[str, Any]
) -> None:
    root = await say_comment(channels.doubles)
    said = {"channel": "facebook", "account": ACCOUNT, "customer": "670", "text": "Alo"}
    await channels.doubles.say(**said)
    given: dict[str, Any] = {"action": OutboundAction(action)}
    if action != "send":
        given["target_external_id"] = root
    asked = request("Dạ 199k ạ", **given)
    (call,) = await channels.carry_out(asked, action, fault)
    assert call["answered"]["carried_out"] is True
    (settled,) = await world.settled()
    assert (settled.outcome, len(settled.external_ids)) == ("done", 1)


@pytest.mark.parametrize("text", [None, "Dạ đây ạ"])
async def test_i8_a_comment_with_a_picture_is_made_once(
    channels: Channels, world: World, text: str | None
) -> None:
    root = await say_comment(channels.doubles)
    asked = comment("1", target_external_id=root, text=text, attachments=(PICTURE,))
    assert len(await channels.carry_out(asked, "comment", UNAVAILABLE)) == 1
    assert await world.outcomes() == {"req_1": ["done"]}


async def test_i8_of_a_comment_of_two_pictures_each_is_made_once(
    channels: Channels, world: World
) -> None:
    """Neither has a text, so the one that was made is not taken for the other."""
    root = await say_comment(channels.doubles)
    asked = comment("1", target_external_id=root, text=None, attachments=(PICTURE, PICTURE))
    calls = await channels.carry_out(asked, "comment", {**UNAVAILABLE, "times": 2})
    assert len(calls) == 2
    (settled,) = await world.settled()
    assert len(set(settled.external_ids)) == 2


@pytest.mark.parametrize("action", ["hide", "unhide", "like", "unlike", "delete"])
async def test_i8_an_act_on_a_comment_is_done_though_it_is_repeated(
    channels: Channels, world: World, action: str
) -> None:
    root = await say_comment(channels.doubles)
    asked = comment("1", action=OutboundAction(action), target_external_id=root)
    assert len(await channels.carry_out(asked, action, UNAVAILABLE)) == 2
    assert await world.outcomes() == {"req_1": ["done"]}


@pytest.mark.parametrize("fault", [UNAVAILABLE, NOT_SENT])
@pytest.mark.parametrize("attachments", [(), (PICTURE,)])
async def test_p5_zalo_is_called_once_for_a_text_that_it_answers_with_an_error(
    channels: Channels, world: World, attachments: tuple[Any, ...], fault: dict[str, Any]
) -> None:
    world.page = page(channel=Channel.ZALO, external_id=OFFICIAL)
    await channels.doubles.say(channel="zalo", account=OFFICIAL, customer="246", text="Alo")
    asked = request("Dạ còn ạ", "246", channel=Channel.ZALO, attachments=attachments)
    (call,) = await channels.carry_out(asked, "send", fault)
    assert call["answered"]["carried_out"] is True
    (settled,) = await world.settled()
    assert (settled.outcome, len(settled.external_ids)) == ("done", 1)
