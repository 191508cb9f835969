import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from doubles.callers import ACCOUNT, Json, send_zalo, zalo
from support.doubles import ZALO_APP_ID, ZALO_APP_SECRET, RunningDoubles, running_doubles
from tuyen_platform.clock import ManualClock

REDIRECT = "https://console.example/back"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")


async def consent(doubles: RunningDoubles, **changed: str) -> Json:
    """What the page of consent sends the browser back with."""
    query = {
        "app_id": ZALO_APP_ID,
        "redirect_uri": REDIRECT,
        "code_challenge": CHALLENGE.decode(),
        "state": "s1",
        **changed,
    }
    answer = await doubles.client.get(f"{doubles.zalo_oauth}/v4/oa/permission", params=query)
    assert answer.status_code == 302
    found = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: values[0] for name, values in found.items()}


async def ask(doubles: RunningDoubles, *, secret: str = ZALO_APP_SECRET, **form: Any) -> Json:
    """The answer of the OAuth host to a request for tokens."""
    answer = await doubles.client.post(
        f"{doubles.zalo_oauth}/v4/oa/access_token",
        data={"app_id": ZALO_APP_ID, **form},
        headers={"secret_key": secret},
    )
    assert answer.status_code == 200
    return dict(answer.json())


async def redeem(doubles: RunningDoubles, code: str, verifier: str = VERIFIER) -> Json:
    return await ask(doubles, grant_type="authorization_code", code=code, code_verifier=verifier)


async def refresh(doubles: RunningDoubles, token: str, **more: Any) -> Json:
    return await ask(doubles, grant_type="refresh_token", refresh_token=token, **more)


async def test_from_the_consent_to_tokens_of_the_account(doubles: RunningDoubles) -> None:
    back = await consent(doubles)
    assert back["state"] == "s1"
    pair = await redeem(doubles, back["code"])
    assert pair["expires_in"] == "90000"
    account = await zalo(doubles, "GET", "v2.0/oa/getoa", token=pair["access_token"])
    assert account["data"]["oa_id"] == back["oa_id"]
    assert (await consent(doubles))["oa_id"] != back["oa_id"]
    assert (await consent(doubles, account=ACCOUNT))["oa_id"] == ACCOUNT
    assert [call["action"] for call in await doubles.calls()] == ["token"]


async def test_a_code_works_once_with_its_verifier(doubles: RunningDoubles) -> None:
    code = (await consent(doubles))["code"]
    assert (await redeem(doubles, code, "sai"))["error"] == -14020
    assert "access_token" in await redeem(doubles, code)
    assert (await redeem(doubles, code))["error"] == -14019
    assert (await redeem(doubles, "unknown"))["error"] == -14019


async def test_p5_a_refresh_token_works_once(doubles: RunningDoubles) -> None:
    first = await redeem(doubles, (await consent(doubles, account=ACCOUNT))["code"])
    second = await refresh(doubles, first["refresh_token"])
    assert second["refresh_token"] != first["refresh_token"]
    used = await refresh(doubles, first["refresh_token"])
    assert used["error"] == -14014
    assert used["error_name"] == "Invalid refresh token"
    assert used["error_description"] == "Refresh token is invalid or used"
    account = await zalo(doubles, "GET", "v2.0/oa/getoa", token=second["access_token"])
    assert account["data"]["oa_id"] == ACCOUNT
    assert "access_token" in await refresh(doubles, second["refresh_token"])


async def test_a_refresh_token_that_the_caller_chose_works_once_too(
    doubles: RunningDoubles,
) -> None:
    pair = await refresh(doubles, "of-the-test")
    assert (await send_zalo(doubles, token=pair["access_token"]))["error"] == 0
    assert (await refresh(doubles, "of-the-test"))["error"] == -14014


async def test_calls_for_tokens_say_the_account_as_far_as_it_is_known(
    doubles: RunningDoubles,
) -> None:
    back = await consent(doubles)
    pair = await redeem(doubles, back["code"])
    await refresh(doubles, pair["refresh_token"])
    await refresh(doubles, "of-the-test")
    await doubles.say(channel="zalo", account=ACCOUNT, customer="246", text="Xin chào")
    await refresh(doubles, "another-of-the-test")
    calls = await doubles.calls(action="token")
    assert [call["account"] for call in calls] == [back["oa_id"], back["oa_id"], None, ACCOUNT]


async def test_p5_an_access_token_expires_after_25_hours() -> None:
    clock = ManualClock(datetime(2026, 11, 29, tzinfo=UTC))
    async with running_doubles(clock=clock) as doubles:
        pair = await redeem(doubles, (await consent(doubles))["code"])
        clock.advance(timedelta(hours=25))
        assert (await send_zalo(doubles, token=pair["access_token"]))["error"] == -216
        fresh = await refresh(doubles, pair["refresh_token"])
        assert (await send_zalo(doubles, token=fresh["access_token"]))["error"] == 0
        clock.advance(timedelta(days=90))
        assert (await refresh(doubles, fresh["refresh_token"]))["error"] == -14014


async def test_the_app_proves_itself_by_its_secret(doubles: RunningDoubles) -> None:
    assert (await refresh(doubles, "r", secret="sai"))["error"] == -14004
    assert (await refresh(doubles, "r", app_id="1"))["error"] == -14002
    assert (await ask(doubles, grant_type="password"))["error"] == -14005
    assert "access_token" in await refresh(doubles, "r")


async def test_p5_a_lost_answer_uses_the_refresh_token_up(doubles: RunningDoubles) -> None:
    await doubles.fault(channel="zalo", action="token", drop_answer=True)
    with pytest.raises(httpx.TransportError):
        await refresh(doubles, "r")
    assert (await refresh(doubles, "r"))["error"] == -14014


async def test_the_page_of_another_app_or_without_a_target_is_refused(
    doubles: RunningDoubles,
) -> None:
    address = f"{doubles.zalo_oauth}/v4/oa/permission"
    for query in ({"app_id": "1", "redirect_uri": REDIRECT}, {"app_id": ZALO_APP_ID}):
        assert (await doubles.client.get(address, params=query)).status_code == 400
