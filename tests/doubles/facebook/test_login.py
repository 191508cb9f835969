from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx

from doubles.callers import PAGE, error_of, graph
from support.doubles import APP_ID, APP_SECRET, RunningDoubles, running_doubles
from tuyen_platform.clock import ManualClock

REDIRECT = "https://console.example/back?tab=pages"
APP = {"client_id": APP_ID, "client_secret": APP_SECRET}


async def agree(doubles: RunningDoubles, **changed: str) -> dict[str, str]:
    """What the dialog sends the browser back with."""
    query = {"client_id": APP_ID, "redirect_uri": REDIRECT, "state": "s 1", **changed}
    answer = await doubles.client.get(f"{doubles.facebook_dialog}/v24.0/dialog/oauth", params=query)
    assert answer.status_code == 302
    location = answer.headers["location"]
    assert location.startswith(f"{REDIRECT}&")
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


async def redeem(doubles: RunningDoubles, code: str, **changed: str) -> httpx.Response:
    query = {**APP, "redirect_uri": REDIRECT, "code": code, **changed}
    return await doubles.client.get(
        f"{doubles.facebook_api}/v24.0/oauth/access_token", params=query
    )


async def test_from_the_dialog_to_tokens_of_pages(doubles: RunningDoubles) -> None:
    back = await agree(doubles)
    assert (back["state"], back["tab"]) == ("s 1", "pages")
    short = (await redeem(doubles, back["code"])).json()
    exchange = {"grant_type": "fb_exchange_token", "fb_exchange_token": short["access_token"]}
    answer = await doubles.client.post(
        f"{doubles.facebook_api}/oauth/access_token", data={**APP, **exchange}
    )
    long = answer.json()
    assert long["expires_in"] > short["expires_in"]
    accounts = (await graph(doubles, "GET", "me/accounts", token=long["access_token"])).json()
    first, second = accounts["data"]
    assert first["id"] != second["id"]
    assert first["name"]
    me = await graph(doubles, "GET", "me", token=first["access_token"])
    assert me.json() == {"id": first["id"], "name": first["name"]}
    debugged = await graph(
        doubles, "GET", "debug_token", params={"input_token": first["access_token"]}
    )
    assert debugged.json()["data"]["profile_id"] == first["id"]
    assert [call["action"] for call in await doubles.calls()] == ["token", "token"]


async def test_each_login_has_pages_of_its_own_unless_one_is_named(
    doubles: RunningDoubles,
) -> None:
    found = []
    for named in ({}, {}, {"account": PAGE}):
        token = (await redeem(doubles, (await agree(doubles, **named))["code"])).json()
        data = await graph(doubles, "GET", "me/accounts", token=token["access_token"])
        found.append({page["id"] for page in data.json()["data"]})
    assert not found[0] & found[1]
    assert found[2] == {PAGE}


async def test_a_code_works_once_for_its_redirect_and_the_apps_secret(
    doubles: RunningDoubles,
) -> None:
    code = (await agree(doubles))["code"]
    assert error_of(await redeem(doubles, code, client_secret="sai"))[0] == 1
    assert error_of(await redeem(doubles, code, client_id="1"))[0] == 101
    assert error_of(await redeem(doubles, code, redirect_uri="https://a.example")) == (100, 36008)
    assert (await redeem(doubles, code)).is_success
    assert error_of(await redeem(doubles, code)) == (100, 36009)


async def test_codes_and_tokens_of_users_expire() -> None:
    clock = ManualClock(datetime(2026, 11, 29, tzinfo=UTC))
    async with running_doubles(clock=clock) as doubles:
        first, second = (await agree(doubles))["code"], (await agree(doubles))["code"]
        token = (await redeem(doubles, first)).json()["access_token"]
        clock.advance(timedelta(hours=3))
        assert error_of(await redeem(doubles, second)) == (100, 36009)
        assert error_of(await graph(doubles, "GET", "me/accounts", token=token)) == (190, 463)


async def test_who_does_not_agree_comes_back_with_an_error(doubles: RunningDoubles) -> None:
    back = await agree(doubles, deny="1")
    assert back["error"] == "access_denied"
    assert "code" not in back


async def test_the_dialog_of_another_app_or_without_a_target_is_refused(
    doubles: RunningDoubles,
) -> None:
    address = f"{doubles.facebook_dialog}/dialog/oauth"
    for query in ({"client_id": "1", "redirect_uri": REDIRECT}, {"client_id": APP_ID}):
        assert (await doubles.client.get(address, params=query)).status_code == 400
