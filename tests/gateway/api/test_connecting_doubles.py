"""P1: pages are connected over real HTTP, at the doubles of Facebook and Zalo."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from gateway.rig import Rig, User, running
from support.doubles import (
    APP_ID,
    APP_SECRET,
    ZALO_APP_ID,
    ZALO_APP_SECRET,
    RunningDoubles,
    running_doubles,
)
from tuyen_gateway.jobs.subscription_check import check_subscriptions
from tuyen_platform.clock import SystemClock
from tuyen_platform.kafka.memory import InMemoryLog

BACK = "https://inbox.example/back?step=2"


@pytest.fixture
async def doubles() -> AsyncIterator[RunningDoubles]:
    async with running_doubles() as found:
        yield found


@pytest.fixture
async def calling(doubles: RunningDoubles) -> AsyncIterator[Rig]:
    """A gateway that calls the doubles."""
    clock = SystemClock()
    addresses: dict[str, Any] = {
        "facebook_api": f"{doubles.facebook_api}/v24.0",
        "facebook_dialog": f"{doubles.facebook_dialog}/v24.0",
        "facebook_app_id": APP_ID,
        "facebook_app_secret": APP_SECRET,
        "zalo_api": doubles.zalo_api,
        "zalo_oauth": doubles.zalo_oauth,
        "zalo_app_id": ZALO_APP_ID,
        "zalo_app_secret": ZALO_APP_SECRET,
    }
    async with (
        httpx.AsyncClient(trust_env=False) as http,
        running(InMemoryLog(clock), clock, http=http, **addresses) as rig,
    ):
        yield rig


@pytest.fixture
async def boss(calling: Rig) -> User:
    return await calling.organization()


async def log_in(boss: User, doubles: RunningDoubles, channel: str) -> tuple[str, list[Any]]:
    """The state of a login at the channel, by the browser of somebody who agrees, and what may be
    connected."""
    begun = await boss.done("POST", f"/v1/pages/connect/{channel}", {"redirect_uri": BACK})
    answer = await doubles.client.get(begun["authorize_url"])
    assert answer.status_code == 302, answer.text
    back = answer.headers["location"]
    assert back.startswith(BACK)
    query = parse_qs(urlsplit(back).query)
    assert query["state"] == [begun["state"]]
    code = {"code": query["code"][0], "state": begun["state"]}
    found = await boss.done("POST", "/v1/pages/connect/callback", code)
    return begun["state"], found["accounts"]


async def test_p1_a_facebook_page_is_connected_and_kept_subscribed(
    calling: Rig, boss: User, doubles: RunningDoubles
) -> None:
    state, accounts = await log_in(boss, doubles, "facebook")
    assert len(accounts) == 2
    page = {"channel": "facebook", **accounts[0]}
    put = await boss.done("PUT", "/v1/pages/main", {**page, "connection": state})
    assert (put["connected"], "problem" in put) == (True, False)
    (call,) = await doubles.calls(action="subscribe")
    assert (call["channel"], call["account"]) == ("facebook", page["external_id"])

    async def check() -> None:
        organizations = calling.gateway.directory.organizations()
        await check_subscriptions(calling.gateway, organizations)

    await check()
    assert len(await doubles.calls(action="subscribe")) == 1
    token = calling.gateway.page_access.credentials(f"shop/facebook/{page['external_id']}")
    assert token is not None
    cut = await doubles.client.delete(
        f"{doubles.facebook_api}/v24.0/{page['external_id']}/subscribed_apps",
        params={"access_token": token.access_token.get_secret_value()},
    )
    assert cut.is_success
    await check()
    assert len(await doubles.calls(action="subscribe")) == 2
    await boss.done("PUT", "/v1/pages/main", {**page, "status": "inactive"})
    assert len(await doubles.calls(action="unsubscribe")) == 2


async def test_p1_a_zalo_account_is_connected_with_its_consent(
    calling: Rig, boss: User, doubles: RunningDoubles
) -> None:
    state, accounts = await log_in(boss, doubles, "zalo")
    (account,) = accounts
    body = {"channel": "zalo", **account, "connection": state}
    put = await boss.done("PUT", "/v1/pages/oa", body)
    assert put["connected"] is True
    assert put["until"] is not None


async def test_p1_a_token_of_ones_own_subscribes_a_page(
    calling: Rig, boss: User, doubles: RunningDoubles
) -> None:
    page = {"channel": "facebook", "external_id": "105391551234567", "name": "Shop"}
    body = {**page, "credentials": {"access_token": "a-token-of-the-operator"}}
    assert "problem" not in await boss.done("PUT", "/v1/pages/main", body)
    await doubles.fault(
        channel="facebook",
        action="subscribe",
        status=400,
        body={"error": {"message": "expired", "code": 190}},
        times=1,
    )
    other = {**page, "credentials": {"access_token": "another"}}
    assert (await boss.done("PUT", "/v1/pages/main", other))["problem"]["code"] == "token_dead"


async def test_p1_a_code_that_was_used_is_refused(
    calling: Rig, boss: User, doubles: RunningDoubles
) -> None:
    for channel in ("facebook", "zalo"):
        begun = await boss.done("POST", f"/v1/pages/connect/{channel}", {"redirect_uri": BACK})
        code = {"code": "made-up", "state": begun["state"]}
        answer = await boss.post("/v1/pages/connect/callback", code)
        assert answer.status_code == 422, channel
