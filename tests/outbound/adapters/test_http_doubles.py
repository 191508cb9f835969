"""The connectors over real HTTP, against the channels' doubles."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels.calling import order
from outbound.asking import ACCOUNT, comment, picture, request
from support.doubles import (
    APP_SECRET,
    ZALO_APP_ID,
    ZALO_APP_SECRET,
    RunningDoubles,
    running_doubles,
)
from tuyen_channels.calls import (
    BegunCall,
    CallSucceeded,
    ChannelRefusal,
    ExchangedTokens,
    HiddenToken,
    RefusalKind,
)
from tuyen_channels.connectors import open_connectors
from tuyen_channels.facebook.connector import FacebookConnector
from tuyen_channels.ports import Connector
from tuyen_channels.posts import PostDetails
from tuyen_channels.profile_sources import open_profile_sources
from tuyen_channels.profiles import CustomerProfile
from tuyen_channels.zalo.connector import ZaloConnector
from tuyen_events.outbound import OutboundAction
from tuyen_events.vocabulary import Channel
from tuyen_outbound.adapters.http import HttpTransport

OFFICIAL = "388000000000000001"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


@dataclass(frozen=True)
class Called:
    """The doubles, and the connectors that call them."""

    doubles: RunningDoubles
    connectors: Mapping[Channel, Connector]

    @property
    def facebook(self) -> FacebookConnector:
        found = self.connectors[Channel.FACEBOOK]
        assert isinstance(found, FacebookConnector)
        return found

    @property
    def zalo(self) -> ZaloConnector:
        found = self.connectors[Channel.ZALO]
        assert isinstance(found, ZaloConnector)
        return found


@pytest.fixture
async def called() -> AsyncIterator[Called]:
    transport = HttpTransport(within_s=2.0)
    async with running_doubles() as doubles:
        settings = {
            "facebook_api": doubles.facebook_api,
            "facebook_app_secret": APP_SECRET,
            "zalo_api": doubles.zalo_api,
            "zalo_oauth": doubles.zalo_oauth,
            "zalo_app_id": ZALO_APP_ID,
            "zalo_app_secret": ZALO_APP_SECRET,
        }
        yield Called(doubles, open_connectors(settings, transport, transport))
    await transport.aclose()


async def test_i6_facebook_takes_a_text_and_a_file(called: Called) -> None:
    sent = await called.facebook.call(order(called.facebook, request("Dạ còn ạ")))
    file = request("x", text=None, attachments=(picture(size=len(PNG)),))
    uploaded = await called.facebook.upload(order(called.facebook, file), PNG)
    assert isinstance(sent, CallSucceeded)
    assert isinstance(uploaded, CallSucceeded)
    shown = await called.facebook.call(order(called.facebook, file, handle=uploaded.external_id))
    assert isinstance(shown, CallSucceeded)
    assert sent.external_id != shown.external_id
    first, second = (await called.doubles.ingest.events(2))[:2]
    assert echo_of(first)["metadata"] == "key-Dạ còn ạ"
    assert echo_of(second)["attachments"][0]["type"] == "image"


def echo_of(body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = body["entry"][0]["messaging"][0]["message"]
    return found


async def say_comment(called: Called) -> str:
    said = await called.doubles.say(
        channel="facebook", account=ACCOUNT, customer="670", text="Giá?", post="332029982914750"
    )
    return str(said["id"])


async def test_i8_facebook_takes_every_act_on_a_comment(called: Called) -> None:
    facebook, root = called.facebook, await say_comment(called)
    begun = datetime.now(UTC)
    reply = comment("Dạ 199k ạ", target_external_id=root, attachments=(picture(size=len(PNG)),))
    uploaded = await facebook.upload(order(facebook, reply), PNG)
    assert isinstance(uploaded, CallSucceeded)
    made = await facebook.call(order(facebook, reply, handle=uploaded.external_id))
    assert isinstance(made, CallSucceeded)
    assert await facebook.look(BegunCall(order(facebook, reply), begun)) == made
    late = BegunCall(order(facebook, reply), begun + timedelta(minutes=10))
    assert await facebook.look(late) is None
    for action in (
        OutboundAction.HIDE,
        OutboundAction.UNHIDE,
        OutboundAction.LIKE,
        OutboundAction.UNLIKE,
    ):
        asked = comment("x", action=action, target_external_id=root)
        assert await facebook.call(order(facebook, asked)) == CallSucceeded()
    private = request("Dạ em nhắn", action=OutboundAction.PRIVATE_REPLY, target_external_id=root)
    assert isinstance(await facebook.call(order(facebook, private)), CallSucceeded)
    again = await facebook.call(order(facebook, private))
    assert isinstance(again, ChannelRefusal)
    assert again.code == "already_replied"
    delete = comment("x", action=OutboundAction.DELETE, target_external_id=made.external_id)
    assert await facebook.call(order(facebook, delete)) == CallSucceeded()
    assert await facebook.call(order(facebook, delete)) == CallSucceeded()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"status": 500, "body": {"error": {"code": 2}}}, RefusalKind.TRANSIENT),
        ({"status": 503, "body": "<html>"}, RefusalKind.TRANSIENT),
        ({"status": 400, "body": {"error": {"code": 190}}}, RefusalKind.DEAD_TOKEN),
        ({"status": 400, "body": {"error": {"code": 32}}}, RefusalKind.THROTTLED),
        ({"drop_answer": True}, RefusalKind.LOST),
        ({"delay_ms": 4000}, RefusalKind.LOST),
    ],
)
async def test_p5_faults_of_facebook_have_their_classes(
    called: Called, fault: dict[str, Any], kind: RefusalKind
) -> None:
    await called.doubles.fault(channel="facebook", action="send", times=1, **fault)
    refused = await called.facebook.call(order(called.facebook))
    assert isinstance(refused, ChannelRefusal)
    assert refused.kind is kind
    assert isinstance(await called.facebook.call(order(called.facebook)), CallSucceeded)


async def test_i6_zalo_takes_a_text_and_an_image(called: Called) -> None:
    zalo = called.zalo
    asked = request("Dạ còn ạ", customer="246", attachments=(picture(size=len(PNG)),))
    uploaded = await zalo.upload(order(zalo, asked, account=OFFICIAL), PNG)
    assert isinstance(uploaded, CallSucceeded)
    sent = await zalo.call(order(zalo, asked, account=OFFICIAL, handle=uploaded.external_id))
    assert isinstance(sent, CallSucceeded)
    assert sent.external_id


async def test_p5_faults_of_zalo_have_their_classes(called: Called) -> None:
    for body, kind in (
        ({"error": -32}, RefusalKind.THROTTLED),
        ({"error": -230}, RefusalKind.PERMANENT),
        ({"error": -216, "message": "Access token is invalid"}, RefusalKind.DEAD_TOKEN),
    ):
        await called.doubles.fault(channel="zalo", action="send", status=200, body=body, times=1)
        refused = await called.zalo.call(order(called.zalo, account=OFFICIAL))
        assert isinstance(refused, ChannelRefusal)
        assert refused.kind is kind


async def test_p5_a_refresh_token_of_zalo_works_once(called: Called) -> None:
    await called.doubles.token(
        channel="zalo", token="a-refresh-token", kind="refresh", account=OFFICIAL
    )
    pair = await called.zalo.refresh(HiddenToken("a-refresh-token"))
    assert isinstance(pair, ExchangedTokens)
    assert pair.lasts_s == 90_000
    again = await called.zalo.refresh(HiddenToken("a-refresh-token"))
    assert isinstance(again, ChannelRefusal)
    assert again.kind is RefusalKind.DEAD_TOKEN
    sent = await called.zalo.call(order(called.zalo, account=OFFICIAL, token=pair.access_token))
    assert isinstance(sent, CallSucceeded)


async def test_p5a_facebook_says_that_a_post_is_live(called: Called) -> None:
    transport = HttpTransport(within_s=2.0)
    settings = {
        "facebook_api": called.doubles.facebook_api,
        "facebook_app_secret": APP_SECRET,
        "zalo_api": called.doubles.zalo_api,
    }
    source = open_profile_sources(settings, transport)[Channel.FACEBOOK]
    post = f"{ACCOUNT}_332"
    told: dict[str, Any] = {"account": ACCOUNT, "post": "332", "text": "Sale"}
    for status, live in ((None, False), ("NONE", False), ("LIVE", True)):
        if status is not None:
            told["live_status"] = status
        await called.doubles.client.put("/_double/posts", json=told)
        found = await source.find_post(ACCOUNT, HiddenToken("any"), post)
        assert isinstance(found, PostDetails)
        assert (found.text, found.shows_video, found.livestream) == ("Sale", bool(status), live)
        assert found.published_at is not None
    await transport.aclose()


async def test_c1_both_channels_say_who_wrote(called: Called) -> None:
    transport = HttpTransport(within_s=2.0)
    settings = {
        "facebook_api": called.doubles.facebook_api,
        "facebook_app_secret": APP_SECRET,
        "zalo_api": called.doubles.zalo_api,
    }
    sources = open_profile_sources(settings, transport)
    for channel, account in ((Channel.FACEBOOK, ACCOUNT), (Channel.ZALO, OFFICIAL)):
        await called.doubles.say(
            channel=channel, account=account, customer="670", name="Nguyễn Thị Lan", text="Alo"
        )
        token = HiddenToken(f"token-of-{channel}")
        await called.doubles.token(channel=channel, token=token.reveal(), account=account)
        found = await sources[channel].find(account, token, "670")
        assert isinstance(found, CustomerProfile)
        assert found.name == "Nguyễn Thị Lan"
        assert str(found.picture).startswith("http://127.0.0.1")
        unknown = await sources[channel].find(account, token, "671")
        assert isinstance(unknown, ChannelRefusal)
        assert unknown.kind is RefusalKind.PERMANENT
        (first, _) = await called.doubles.calls(channel=channel, action="profile")
        assert (first["account"], first["to"]) == (account, "670")
    await transport.aclose()
