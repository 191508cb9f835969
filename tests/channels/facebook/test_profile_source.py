"""Facebook is asked who a customer is."""

import hmac
from typing import Any

import pytest

from channels.calling import TOKEN, ScriptedTransport, answer
from tuyen_channels.calls import ChannelRefusal, Pause, PauseScope, RefusalKind
from tuyen_channels.facebook.profile_source import FacebookProfiles
from tuyen_channels.profiles import CustomerProfile
from tuyen_channels.transport import AnswerLostError, HttpAnswer, NotSentError

BASE, PAGE, LAN = "https://graph.example/v24.0", "104000000000001", "6700000000000001"
PICTURE = "https://scontent.xx.fbcdn.net/lan.jpg"


def connect(*answers: HttpAnswer | Exception) -> tuple[FacebookProfiles, ScriptedTransport]:
    transport = ScriptedTransport(*answers)
    settings = {"facebook_api": f"{BASE}/", "facebook_app_secret": "s3cret"}
    return FacebookProfiles.open(settings, transport), transport


async def test_c1_the_name_and_the_picture_are_asked_for_as_the_page() -> None:
    source, transport = connect(answer({"id": LAN, "name": "Nguyễn Lan", "profile_pic": PICTURE}))
    assert await source.find(PAGE, TOKEN, LAN) == CustomerProfile("Nguyễn Lan", PICTURE)
    (call,) = transport.calls
    assert (call.method, call.url) == ("GET", f"{BASE}/{LAN}")
    proof = hmac.new(b"s3cret", b"page-token", "sha256").hexdigest()
    assert call.query == {
        "fields": "name,first_name,last_name,profile_pic",
        "appsecret_proof": proof,
    }
    assert call.headers == {"Authorization": "Bearer page-token"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"first_name": "Lan", "last_name": "Nguyễn"}, CustomerProfile("Nguyễn Lan")),
        ({"first_name": "Lan"}, CustomerProfile("Lan")),
        ({"id": LAN}, CustomerProfile()),
    ],
)
async def test_c1_a_profile_has_what_facebook_gives(
    body: dict[str, Any], expected: CustomerProfile
) -> None:
    source, _ = connect(answer(body))
    assert await source.find(PAGE, TOKEN, LAN) == expected


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (answer({"error": {"code": 190}}, 400), RefusalKind.DEAD_TOKEN),
        (answer({"error": {"code": 10}}, 400), RefusalKind.PAGE_STOPPED),
        (answer({"error": {"code": 32}}, 400), RefusalKind.THROTTLED),
        (answer({"error": {"code": 100, "error_subcode": 33}}, 400), RefusalKind.PERMANENT),
        (answer({"name": 7}), RefusalKind.PERMANENT),
        (answer(b"<html>", 503), RefusalKind.TRANSIENT),
        (NotSentError(), RefusalKind.UNREACHABLE),
        (AnswerLostError(), RefusalKind.LOST),
    ],
)
async def test_p5_a_refusal_has_its_class(given: HttpAnswer | Exception, kind: RefusalKind) -> None:
    source, _ = connect(given)
    refused = await source.find(PAGE, TOKEN, LAN)
    assert isinstance(refused, ChannelRefusal)
    assert refused.kind is kind


async def test_p5_usage_headers_pause_the_app() -> None:
    source, _ = connect(answer({"name": "Lan"}, x_app_usage='{"call_count": 95}'))
    found = await source.find(PAGE, TOKEN, LAN)
    assert found == CustomerProfile("Lan", None, Pause(PauseScope.APP, 10.0))


async def test_an_id_is_one_part_of_the_address() -> None:
    source, transport = connect(answer({}))
    await source.find(PAGE, TOKEN, "../me?x=1")
    assert transport.calls[0].url == f"{BASE}/..%2Fme%3Fx%3D1"
