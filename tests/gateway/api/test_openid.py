"""Logging in at an OpenID provider, which runs beside the test."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import jwt
import pytest

from gateway.rig import Rig, User, running
from support.openid_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    REDIRECT_URI,
    Provider,
    running_provider,
)
from tuyen_gateway.adapters.openid import HttpOpenIdProvider
from tuyen_gateway.errors import UnavailableError
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running_provider() as one:
        one.users["chu"] = {"preferred_username": "boss", "email": "chu@shop.example"}
        yield one


@pytest.fixture
def clock() -> ManualClock:
    """The provider's clock is the machine's."""
    return ManualClock(datetime.fromtimestamp(int(time.time()), UTC))


def configured(provider: Provider, **changed: Any) -> dict[str, Any]:
    return {
        "openid_issuer": provider.issuer,
        "openid_client_id": CLIENT_ID,
        "openid_client_secret": CLIENT_SECRET,
        "openid_redirect_uris": f"https://other.example/, {REDIRECT_URI}",
        "openid_organization": "shop",
        **changed,
    }


@pytest.fixture
async def rig(provider: Provider, log: InMemoryLog, clock: ManualClock) -> AsyncIterator[Rig]:
    async with running(log, clock, **configured(provider)) as one:
        await one.organization()
        yield one


async def start(rig: Rig) -> dict[str, str]:
    started: dict[str, str] = await rig.anybody.done(
        "POST", "/v1/auth/openid/start", {"redirect_uri": REDIRECT_URI}
    )
    return started


async def visit(authorize_url: str, user: str = "chu") -> dict[str, str]:
    """The user's browser goes to the provider, where they are logged in, and comes back."""
    async with httpx.AsyncClient(trust_env=False) as browser:
        answer = await browser.get(f"{authorize_url}&login_hint={user}")
    assert answer.status_code == 302, answer.text
    back = answer.headers["Location"]
    assert back.startswith(REDIRECT_URI)
    return dict(parse_qsl(urlsplit(back).query))


async def log_in(rig: Rig, user: str = "chu") -> httpx.Response:
    started = await start(rig)
    returned = await visit(started["authorize_url"], user)
    return await complete(rig, started, returned)


async def complete(
    rig: Rig, started: dict[str, str], returned: dict[str, str], **changed: str
) -> httpx.Response:
    body = {"code": returned["code"], "state": returned["state"], "attempt": started["attempt"]}
    return await rig.anybody.post("/v1/auth/openid/callback", {**body, **changed})


async def test_an_agent_logs_in_at_the_provider(rig: Rig) -> None:
    answer = await log_in(rig)
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    me = await User(rig.client, tokens["access_token"]).done("GET", "/v1/me")
    assert (me["agent_id"], me["role"]) == ("admin", "system_admin")
    refresh = {"refresh_token": tokens["refresh_token"]}
    assert (await rig.anybody.post("/v1/auth/refresh", refresh)).status_code == 200
    assert (await rig.anybody.post("/v1/auth/logout", refresh)).status_code == 204
    assert (await User(rig.client, tokens["access_token"]).get("/v1/me")).status_code == 401


async def test_an_agent_without_a_password_logs_in_as_well(rig: Rig, provider: Provider) -> None:
    boss = await rig.login("shop", "boss", "boss-password")
    body = {"name": "Lan", "username": "lan", "role": "agent"}
    await boss.done("PUT", "/v1/agents/lan", body)
    provider.users["lan"] = {"preferred_username": "LAN"}
    lan = User(rig.client, (await log_in(rig, "lan")).json()["access_token"])
    assert (await lan.done("GET", "/v1/me"))["agent_id"] == "lan"
    await boss.done("PUT", "/v1/agents/lan", {**body, "password": "s3cret"})
    assert (await lan.get("/v1/me")).status_code == 401  # a new password ends all logins


async def test_the_provider_creates_no_account_and_no_right(rig: Rig, provider: Provider) -> None:
    provider.users["stranger"] = {"preferred_username": "nobody", "role": "system_admin"}
    provider.users["nameless"] = {}
    for user in ("stranger", "nameless"):
        assert (await log_in(rig, user)).status_code == 403
    boss = await rig.login("shop", "boss", "boss-password")
    gone = {"name": "Gone", "username": "gone", "role": "agent", "disabled": True}
    await boss.done("PUT", "/v1/agents/gone", gone)
    provider.users["gone"] = {"preferred_username": "gone"}
    assert (await log_in(rig, "gone")).status_code == 403
    assert len((await boss.done("GET", "/v1/agents"))["items"]) == 2


async def test_a_suspended_organizations_agents_do_not_log_in(rig: Rig) -> None:
    await rig.operator.done("PATCH", "/v1/organizations/shop", {"suspended": True})
    assert (await log_in(rig)).status_code == 403


@pytest.mark.parametrize(
    "spoilt",
    [
        {"iss": "https://another.example"},
        {"aud": "another-client"},
        {"aud": [CLIENT_ID, "another"]},
        {"aud": [CLIENT_ID, "another"], "azp": "another"},
        {"azp": "another"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"iat": 4_000_000_000},
        {"iat": "soon"},
        {"sub": None},
    ],
    ids=str,
)
async def test_an_id_token_for_somebody_else_or_from_another_time_is_refused(
    rig: Rig, provider: Provider, spoilt: dict[str, Any]
) -> None:
    provider.spoilt.update(spoilt)
    assert (await log_in(rig)).status_code == 401
    provider.spoilt.clear()
    assert (await log_in(rig)).status_code == 200


async def test_an_id_token_that_another_signed_is_refused(
    rig: Rig, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_provider() as another:
        monkeypatch.setattr(provider, "sign", another.sign)
        assert (await log_in(rig)).status_code == 401


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
async def test_an_id_token_needs_a_signature_by_a_public_key(
    rig: Rig, provider: Provider, monkeypatch: pytest.MonkeyPatch, algorithm: str
) -> None:

    name = provider.keys[-1][0]

    def sign(claims: dict[str, Any]) -> str:
        key = "" if algorithm == "none" else CLIENT_SECRET
        return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": name})

    monkeypatch.setattr(provider, "sign", sign)
    assert (await log_in(rig)).status_code == 401


async def test_the_providers_new_keys_are_read_once_they_are_used(
    rig: Rig, provider: Provider, clock: ManualClock
) -> None:

    assert (await log_in(rig)).status_code == 200
    assert (await log_in(rig)).status_code == 200
    assert provider.asked.count("/keys") == 1
    provider.rotate_keys()
    clock.advance(timedelta(seconds=11))
    assert (await log_in(rig)).status_code == 200
    assert provider.asked.count("/keys") == 2
    assert provider.asked.count("/.well-known/openid-configuration") == 1
    provider.keys.pop(0)
    clock.advance(timedelta(hours=1))
    provider.spoilt["exp"] = int(clock.now().timestamp()) + 60
    assert (await log_in(rig)).status_code == 200
    assert provider.asked.count("/keys") == 3


async def test_r9_5_invented_keys_do_not_make_us_ask_for_all_of_them(
    rig: Rig, provider: Provider
) -> None:
    assert (await log_in(rig)).status_code == 200
    signing = provider.keys[-1][1]
    for number in range(5):
        provider.keys.append((f"invented-{number}", signing))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(provider, "publish_keys", lambda: {"keys": []})
            assert (await log_in(rig)).status_code == 401
    assert provider.asked.count("/keys") == 1


async def test_a_code_works_once_and_only_for_who_began(rig: Rig) -> None:
    started, another = await start(rig), await start(rig)
    returned = await visit(started["authorize_url"])
    for changed in (
        {"attempt": another["attempt"]},  # who only saw the address has another, or none
        {"attempt": "made-up"},
        {"state": another["state"]},
        {"code": "made-up"},
    ):
        assert (await complete(rig, started, returned, **changed)).status_code == 401
    mixed = await complete(
        rig, another, returned, state=another["state"], attempt=another["attempt"]
    )
    assert mixed.status_code == 401  # the provider knows another verifier
    returned = await visit(another["authorize_url"])
    assert (await complete(rig, another, returned)).status_code == 200
    assert (await complete(rig, another, returned)).status_code == 401


async def test_a_login_is_completed_within_ten_minutes(rig: Rig, clock: ManualClock) -> None:

    started = await start(rig)
    returned = await visit(started["authorize_url"])
    clock.advance(timedelta(minutes=10, seconds=1))
    assert (await complete(rig, started, returned)).status_code == 401


async def test_a_browser_is_sent_back_to_known_addresses_alone(rig: Rig) -> None:
    for address in ("https://evil.example/", REDIRECT_URI + "/x", ""):
        answer = await rig.anybody.post("/v1/auth/openid/start", {"redirect_uri": address})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "body.redirect_uri"


async def test_a_client_may_authenticate_in_the_body(rig: Rig, provider: Provider) -> None:
    provider.auth_method = "client_secret_post"
    assert (await log_in(rig)).status_code == 200


async def test_a_public_client_has_no_secret(
    provider: Provider, log: InMemoryLog, clock: ManualClock
) -> None:
    provider.auth_method = "none"
    async with running(log, clock, **configured(provider, openid_client_secret=None)) as rig:
        await rig.organization()
        assert (await log_in(rig)).status_code == 200


async def test_r7_2_the_provider_says_which_organization_one_belongs_to(
    provider: Provider, log: InMemoryLog, clock: ManualClock
) -> None:
    given = configured(provider, openid_organization="", openid_organization_claim="tenant")
    async with running(log, clock, **given) as rig:
        await rig.organization()
        await rig.organization("other")
        assert (await log_in(rig)).status_code == 403
        for organization in ("shop", "other"):
            provider.users["chu"]["tenant"] = organization
            user = User(rig.client, (await log_in(rig)).json()["access_token"])
            assert (await user.done("GET", "/v1/me"))["organization"] == organization
        provider.users["chu"]["tenant"] = "elsewhere"
        assert (await log_in(rig)).status_code == 403


async def test_an_email_counts_once_it_is_verified(
    provider: Provider, log: InMemoryLog, clock: ManualClock
) -> None:
    given = configured(provider, openid_username_claim="email")
    async with running(log, clock, **given) as rig:
        boss = await rig.organization()
        body = {"name": "Chủ", "username": "chu@shop.example", "role": "agent"}
        await boss.done("PUT", "/v1/agents/chu", body)
        for verified, status in ((None, 403), (False, 403), ("true", 403), (True, 200)):
            provider.users["chu"]["email_verified"] = verified
            assert (await log_in(rig)).status_code == status


async def test_a_provider_that_does_not_answer_is_unavailable(
    log: InMemoryLog, clock: ManualClock
) -> None:
    silent = Provider(issuer="http://127.0.0.1:9")
    async with running(log, clock, **configured(silent)) as rig:
        body = {"redirect_uri": REDIRECT_URI}
        assert (await rig.anybody.post("/v1/auth/openid/start", body)).status_code == 503


async def test_r9_5_nobody_waits_for_those_who_waited_for_a_silent_provider_before(
    log: InMemoryLog, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody can begin a login: without an account, and any number of them at the same time."""
    asked: list[object] = []

    async def call(*given: object, **_: object) -> None:
        asked.append(given)
        await asyncio.sleep(0.01)
        raise UnavailableError("it is silent")

    monkeypatch.setattr(HttpOpenIdProvider, "_call", call)
    body = {"redirect_uri": REDIRECT_URI}
    async with running(log, clock, **configured(Provider(issuer="http://127.0.0.1:9"))) as rig:
        begun = [rig.anybody.post("/v1/auth/openid/start", body) for _ in range(20)]
        assert {one.status_code for one in await asyncio.gather(*begun)} == {503}
        assert len(asked) == 1
        clock.advance(timedelta(seconds=6))
        assert (await rig.anybody.post("/v1/auth/openid/start", body)).status_code == 503
        assert len(asked) == 2


@pytest.mark.parametrize(
    "described", [{"issuer": "https://another.example"}, {"token_endpoint": None}]
)
async def test_a_provider_that_describes_itself_wrongly_is_unavailable(
    rig: Rig, provider: Provider, described: dict[str, Any]
) -> None:
    provider.described.update(described)
    body = {"redirect_uri": REDIRECT_URI}
    assert (await rig.anybody.post("/v1/auth/openid/start", body)).status_code == 503
    provider.described.clear()
    assert (await log_in(rig)).status_code == 200


async def test_without_a_provider_there_is_nothing_to_begin(
    log: InMemoryLog, clock: ManualClock
) -> None:
    async with running(log, clock) as rig:
        for path, body in (
            ("start", {"redirect_uri": REDIRECT_URI}),
            ("callback", {"code": "c", "state": "s", "attempt": "a"}),
        ):
            assert (await rig.anybody.post(f"/v1/auth/openid/{path}", body)).status_code == 404


async def test_neither_secrets_nor_codes_are_in_a_log(
    rig: Rig, capsys: pytest.CaptureFixture[str], provider: Provider
) -> None:
    started = await start(rig)
    returned = await visit(started["authorize_url"])
    provider.spoilt["nonce"] = "another"
    assert (await complete(rig, started, returned)).status_code == 401
    captured = capsys.readouterr()
    for secret in (CLIENT_SECRET, returned["code"], started["attempt"]):
        assert secret not in captured.out + captured.err
