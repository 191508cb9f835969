"""P1: logging in at a channel, and connecting what one may use there."""

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from gateway.channels_twin import DEAD_TOKEN, FACEBOOK_APP, SECRET, TOO_MANY
from gateway.rig import Rig, User, running
from tuyen_events.limits import CONNECTION_ACCOUNTS, CONNECTION_LASTS_S, CONNECTIONS
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog

BACK = {"redirect_uri": "https://inbox.example/back?step=2"}
CODE = f"{SECRET}-code"


async def begin(user: User, channel: str = "facebook") -> dict[str, str]:
    begun: dict[str, str] = await user.done("POST", f"/v1/pages/connect/{channel}", BACK)
    return begun


async def finish(user: User, state: str, code: str = CODE) -> httpx.Response:
    return await user.post("/v1/pages/connect/callback", {"code": code, "state": state})


def query_of(url: str) -> Mapping[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


async def test_p1_facebook_is_logged_in_at_and_its_page_is_connected(rig: Rig, boss: User) -> None:
    begun = await begin(boss)
    assert begun["authorize_url"].startswith("https://facebook.test/v24.0/dialog/oauth?")
    query = query_of(begun["authorize_url"])
    assert (query["client_id"], query["state"]) == (FACEBOOK_APP, begun["state"])
    assert (query["redirect_uri"], query["response_type"]) == (BACK["redirect_uri"], "code")
    assert {"pages_messaging", "pages_manage_metadata"} <= set(query["scope"].split(","))

    answer = await finish(boss, begun["state"])
    assert answer.json() == {
        "accounts": [
            {"external_id": "1001", "name": "Giày Việt"},
            {"external_id": "1002", "name": "Túi"},
        ]
    }
    page = {"channel": "facebook", "external_id": "1001", "name": "Shop"}
    put = await boss.done("PUT", "/v1/pages/main", {**page, "connection": begun["state"]})
    assert (put["connected"], put["until"], "problem" in put) == (True, None, False)
    assert rig.channels.calls[-1].token == f"{SECRET}-page-1001"
    assert "messages" in rig.channels.subscribed["1001"].split(",")
    second = {**page, "external_id": "1002", "connection": begun["state"]}
    assert (await boss.done("PUT", "/v1/pages/second", second))["connected"]


async def test_p1_zalo_gives_its_consent_with_a_challenge(
    rig: Rig, boss: User, clock: ManualClock
) -> None:
    begun = await begin(boss, "zalo")
    assert begun["authorize_url"].startswith("https://oauth.zalo.test/v4/oa/permission?")
    query = query_of(begun["authorize_url"])
    answer = await boss.post(
        "/v1/pages/connect/zalo/callback", {"code": CODE, "state": begun["state"]}
    )
    assert answer.json() == {"accounts": [{"external_id": "2000", "name": "Hoa Sen"}]}
    verifier = rig.channels.calls[0].form["code_verifier"]
    digest = sha256(verifier.encode()).digest()
    assert query["code_challenge"] == urlsafe_b64encode(digest).decode().rstrip("=")
    page = {"channel": "zalo", "external_id": "2000", "name": "OA", "connection": begun["state"]}
    put = await boss.done("PUT", "/v1/pages/oa", page)
    assert put["connected"] is True
    assert put["until"] == (clock.now() + timedelta(hours=25)).isoformat().replace("+00:00", "Z")
    # Repeated, it must not bring back a token that was used since.
    assert await boss.done("PUT", "/v1/pages/oa", page) == put


async def test_p1_a_login_is_finished_at_the_channel_at_which_it_was_begun(
    rig: Rig, boss: User
) -> None:
    state = (await begin(boss, "zalo"))["state"]
    body = {"code": CODE, "state": state}
    answer = await boss.post("/v1/pages/connect/facebook/callback", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body.state"
    assert not rig.channels.calls
    assert (await boss.post("/v1/pages/connect/zalo/callback", body)).is_success


async def test_p1_a_login_is_finished_by_any_gateway_and_again(
    log: InMemoryLog, clock: ManualClock
) -> None:
    async with running(log, clock) as one, running(log, clock) as two:
        boss = await one.organization()
        await two.gateway.directory.table.require_current()
        await two.gateway.credentials.table.require_current()
        there = await two.login("shop", "boss", "boss-password")
        state = (await begin(boss))["state"]
        first = await finish(there, state)
        assert first.is_success
        again = await finish(boss, state, "another code")
        assert again.json() == first.json()
        page = {"channel": "facebook", "external_id": "1001", "name": "Shop", "connection": state}
        assert (await boss.done("PUT", "/v1/pages/main", page))["connected"]


async def test_p1_two_callbacks_at_once_use_the_code_once(rig: Rig, boss: User) -> None:
    state = (await begin(boss))["state"]
    one, two = await asyncio.gather(finish(boss, state), finish(boss, state))
    assert one.json() == two.json()
    assert one.is_success
    assert rig.channels.paths().count("/me/accounts") == 1


async def test_p1_a_login_belongs_to_the_agent_who_began_it(rig: Rig, boss: User) -> None:
    state = (await begin(boss))["state"]
    other = await rig.staff(boss, "second", "system_admin")
    stranger = await rig.organization("other")
    for user in (other, stranger):
        answer = await finish(user, state)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "body.state"
    assert not rig.channels.calls
    await finish(boss, state)
    page = {"channel": "facebook", "external_id": "1001", "name": "Shop", "connection": state}
    answer = await other.put("/v1/pages/main", page)
    assert answer.json()["errors"][0]["field"] == "body.connection"
    assert (await boss.get("/v1/pages/main")).status_code == 404


@pytest.mark.parametrize("role", ["chain_manager", "sales_manager", "agent"])
async def test_p1_only_a_system_admin_connects_pages(rig: Rig, boss: User, role: str) -> None:
    state = (await begin(boss))["state"]
    user = await rig.staff(boss, "user", role)
    assert (await user.post("/v1/pages/connect/facebook", BACK)).status_code == 403
    assert (await finish(user, state)).status_code == 403
    page = {"channel": "facebook", "external_id": "1001", "name": "S", "connection": state}
    assert (await user.put("/v1/pages/main", page)).status_code == 403


async def test_p1_a_login_ends_after_an_hour(rig: Rig, boss: User, clock: ManualClock) -> None:
    state = (await begin(boss))["state"]
    assert (await finish(boss, state)).is_success
    clock.advance(timedelta(seconds=CONNECTION_LASTS_S))
    boss = await rig.login("shop", "boss", "boss-password")
    page = {"channel": "facebook", "external_id": "1001", "name": "Shop", "connection": state}
    assert (await boss.put("/v1/pages/main", page)).status_code == 422
    assert (await finish(boss, state)).status_code == 422


async def test_r9_6_an_organization_has_a_limited_number_of_logins(rig: Rig, boss: User) -> None:
    states = [(await begin(boss))["state"] for _ in range(CONNECTIONS + 1)]
    assert (await finish(boss, states[0])).status_code == 422
    assert (await finish(boss, states[1])).is_success


async def test_p1_a_connection_is_for_its_own_accounts(rig: Rig, boss: User) -> None:
    state = (await begin(boss))["state"]
    page = {"channel": "facebook", "external_id": "1001", "name": "Shop", "connection": state}
    answer = await boss.put("/v1/pages/main", page)
    assert answer.json()["errors"][0]["field"] == "body.connection"  # it is not finished
    await finish(boss, state)
    for wrong in ({"external_id": "1003"}, {"channel": "zalo"}):
        answer = await boss.put("/v1/pages/main", {**page, **wrong})
        assert answer.json()["errors"][0]["field"] == "body.external_id"
    both = {**page, "credentials": {"access_token": "x"}}
    assert (await boss.put("/v1/pages/main", both)).status_code == 422


FAULTS: dict[str, tuple[Any, int]] = {
    "refused": (httpx.Response(400, json=DEAD_TOKEN), 422),
    "throttled": (httpx.Response(400, json=TOO_MANY), 502),
    "down": (httpx.Response(503, text="down"), 502),
    "cut": (httpx.ReadError(f"cut {SECRET}"), 502),
    "no json": (httpx.Response(200, text=f"<p>{SECRET}"), 502),
    "no object": (httpx.Response(200, json=[SECRET]), 502),
    "empty": (httpx.Response(200, json={}), 502),
    "odd": (httpx.Response(400, json={"error": {"code": [SECRET]}}), 422),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_p1_an_error_of_the_channel_is_said_without_its_words(
    rig: Rig, boss: User, fault: str
) -> None:
    answer, status = FAULTS[fault]
    state = (await begin(boss))["state"]
    rig.channels.faults.append(("/oauth/access_token", answer))
    refused = await finish(boss, state)
    assert refused.status_code == status
    assert SECRET not in refused.text
    assert (await finish(boss, state)).is_success  # the login is still there


async def test_p1_zalos_refusal_is_said_without_its_words(rig: Rig, boss: User) -> None:
    state = (await begin(boss, "zalo"))["state"]
    refused = await finish(boss, state, f"{SECRET}-other")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "body.code"
    assert SECRET not in refused.text


async def test_r9_6_the_accounts_of_a_login_are_limited(rig: Rig, boss: User) -> None:
    rig.channels.pages = {str(5_000 + n): f"Page {n}" for n in range(CONNECTION_ACCOUNTS + 50)}
    found = (await finish(boss, (await begin(boss))["state"])).json()["accounts"]
    assert len({one["external_id"] for one in found}) == len(found) == CONNECTION_ACCOUNTS


async def test_p1_without_an_app_nobody_logs_in_there(log: InMemoryLog, clock: ManualClock) -> None:
    async with running(log, clock, facebook_app_id=None) as rig:
        boss = await rig.organization()
        for channel in ("facebook", "livechat"):
            answer = await boss.post(f"/v1/pages/connect/{channel}", BACK)
            assert answer.status_code == 409


@pytest.mark.parametrize(
    "address",
    [
        "http://inbox.example/back",
        "https://user@inbox.example/back",
        "https://inbox.example/back#part",
        "https:///back",
        "https://inbox.example:70000/back",
        "javascript:alert(1)",
        "/back",
        "https://inbox.example/a b",
    ],
)
async def test_p1_one_comes_back_to_a_safe_address(rig: Rig, boss: User, address: str) -> None:
    answer = await boss.post("/v1/pages/connect/facebook", {"redirect_uri": address})
    assert answer.status_code == 422


@pytest.mark.parametrize("address", ["http://localhost:3000/back", "HTTPS://Inbox.Example/"])
async def test_p1_ones_own_machine_needs_no_encryption(rig: Rig, boss: User, address: str) -> None:
    begun = await boss.done("POST", "/v1/pages/connect/facebook", {"redirect_uri": address})
    assert query_of(begun["authorize_url"])["redirect_uri"] == address
