"""Zalo is asked who a user is."""

import json
from typing import Any

import pytest

from channels.calling import TOKEN, ScriptedTransport, answer
from tuyen_channels.calls import ChannelRefusal, Pause, PauseScope, RefusalKind
from tuyen_channels.profiles import CustomerProfile
from tuyen_channels.transport import AnswerLostError, HttpAnswer, NotSentError
from tuyen_channels.zalo.profile_source import ZaloProfiles

BASE, ACCOUNT, USER = "https://openapi.example", "388000000000000001", "246000000000000001"
SMALL, LARGE = "https://s120.zadn.vn/a.jpg", "https://s240.zadn.vn/a.jpg"


def connect(*answers: HttpAnswer | Exception) -> tuple[ZaloProfiles, ScriptedTransport]:
    transport = ScriptedTransport(*answers)
    return ZaloProfiles.open({"zalo_api": f"{BASE}/"}, transport), transport


def described(**said: Any) -> HttpAnswer:
    return answer({"data": {"user_id": USER, **said}, "error": 0, "message": "Success"})


async def test_c1_the_name_and_the_larger_picture_are_asked_for() -> None:
    given = described(display_name="Nguyễn A", avatar=SMALL, avatars={"120": SMALL, "240": LARGE})
    source, transport = connect(given)
    assert await source.find(ACCOUNT, TOKEN, USER) == CustomerProfile("Nguyễn A", LARGE)
    (call,) = transport.calls
    assert (call.method, call.url) == ("GET", f"{BASE}/v3.0/oa/user/detail")
    assert json.loads(call.query["data"]) == {"user_id": USER}
    assert call.headers == {"access_token": "page-token"}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"display_name": "A", "avatar": SMALL}, CustomerProfile("A", SMALL)),
        ({"display_name": ""}, CustomerProfile()),
    ],
)
async def test_c1_a_profile_has_what_zalo_gives(
    said: dict[str, Any], expected: CustomerProfile
) -> None:
    source, _ = connect(described(**said))
    assert await source.find(ACCOUNT, TOKEN, USER) == expected


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (answer({"error": -216, "message": "Access token is invalid"}), RefusalKind.DEAD_TOKEN),
        (answer({"error": -32}), RefusalKind.THROTTLED),
        (answer({"error": -213, "message": "User has not followed"}), RefusalKind.PERMANENT),
        (answer({"error": -200}), RefusalKind.TRANSIENT),
        (answer({"error": 0, "data": []}), RefusalKind.PERMANENT),
        (NotSentError(), RefusalKind.UNREACHABLE),
        (AnswerLostError(), RefusalKind.LOST),
    ],
)
async def test_p5_a_refusal_has_its_class(given: HttpAnswer | Exception, kind: RefusalKind) -> None:
    source, _ = connect(given)
    refused = await source.find(ACCOUNT, TOKEN, USER)
    assert isinstance(refused, ChannelRefusal)
    assert refused.kind is kind


async def test_p5_the_last_call_of_a_minute_pauses_the_app() -> None:
    last = answer({"data": {"display_name": "A"}, "error": 0}, x_ratelimit_remain="0")
    source, _ = connect(last)
    assert await source.find(ACCOUNT, TOKEN, USER) == CustomerProfile(
        "A", None, Pause(PauseScope.APP, 60.0)
    )
