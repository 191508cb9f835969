"""Sessions by cookie: the same logins as with bearer tokens, and safe from other sites."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from http.cookies import SimpleCookie

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.feed import Feed
from gateway.listening import listening
from gateway.rig import Rig, User, events, presence_service
from tuyen_events.presence import SessionSignalled
from tuyen_events.topics import PRESENCE_SIGNALS
from tuyen_events.vocabulary import Presence
from tuyen_gateway.api.app import create_app
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog

BODY = {"organization": "shop", "username": "boss", "password": "boss-password"}
SESSION = {"Tuyen-Session": "cookie"}
OURS = {"X-CSRF": "1", "Origin": "https://inbox.example"}
NAMES = ("tuyen_access", "tuyen_refresh")


@pytest.fixture
async def browser(rig: Rig, boss: User) -> AsyncIterator[httpx.AsyncClient]:
    """A browser with a session of `boss`, which has just begun, and without a bearer token."""
    transport = httpx.ASGITransport(create_app(rig.gateway))
    async with httpx.AsyncClient(transport=transport, base_url="https://inbox.example") as client:
        answer = await client.post("/v1/auth/login", json=BODY, headers={**SESSION, **OURS})
        assert answer.status_code == 204
        yield client


def cookies_of(answer: httpx.Response) -> dict[str, dict[str, str]]:
    """The cookies that an answer sets, each with its attributes and its value."""
    found = {}
    for line in answer.headers.get_list("set-cookie"):
        for name, cookie in SimpleCookie(line).items():
            attributes = {key: str(value) for key, value in cookie.items() if value}
            found[name] = {**attributes, "value": cookie.value}
    return found


async def call(
    browser: httpx.AsyncClient,
    method: str,
    path: str,
    headers: dict[str, str] | None = None,
    body: object = None,
) -> httpx.Response:
    """A request of the gateway's own page, unless `headers` say otherwise."""
    return await browser.request(
        method, path, headers=OURS if headers is None else headers, json=body
    )


def hold(browser: httpx.AsyncClient, **cookies: str) -> None:
    """The browser has these cookies, as if they had been set."""
    for name, value in cookies.items():
        path = {"tuyen_access": "/", "tuyen_refresh": "/v1/auth"}[name]
        browser.cookies.set(name, value, domain="inbox.example", path=path)


async def test_a_login_by_cookie_has_no_token_in_its_body_and_none_that_a_script_reads(
    rig: Rig, boss: User
) -> None:
    headers = {**SESSION, **OURS}
    url = "https://inbox.example/v1/auth/login"
    transport = httpx.ASGITransport(create_app(rig.gateway))
    async with httpx.AsyncClient(transport=transport) as client:
        answer = await client.post(url, json=BODY, headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Cache-Control"] == "no-store"
    cookies = cookies_of(answer)
    assert cookies.keys() == set(NAMES)
    for name, path in (("tuyen_access", "/"), ("tuyen_refresh", "/v1/auth")):
        cookie = cookies[name]
        assert (cookie["path"], cookie["samesite"]) == (path, "strict")
        assert cookie["max-age"] == "1209600"
        assert cookie["httponly"] == cookie["secure"] == "True"
        assert "domain" not in cookie


@pytest.mark.parametrize(
    ("url", "origin", "secure"),
    [
        ("http://localhost:8000", "http://localhost:8000", False),
        ("https://inbox.example", "https://inbox.example", True),
        ("http://inbox.example", "https://inbox.example", True),  # a proxy that is not trusted
    ],
)
async def test_cookies_are_for_https_alone_wherever_the_browser_uses_it(
    rig: Rig, boss: User, url: str, origin: str, secure: bool
) -> None:
    transport = httpx.ASGITransport(create_app(rig.gateway))
    async with httpx.AsyncClient(transport=transport, base_url=url) as client:
        headers = {**SESSION, **OURS, "Origin": origin}
        answer = await client.post("/v1/auth/login", json=BODY, headers=headers)
    assert [("secure" in one) for one in cookies_of(answer).values()] == [secure, secure]


async def test_a_session_is_the_login_that_a_bearer_token_would_be(
    browser: httpx.AsyncClient,
) -> None:
    answer = await call(browser, "GET", "/v1/me", headers={})
    assert answer.json()["agent_id"] == "admin"
    page = {"channel": "livechat", "name": "Chat"}
    assert (await call(browser, "PUT", "/v1/pages/chat", body=page)).status_code == 200
    many = {"name": "N" * 5_000}  # a stranger's body is no longer than that of a login
    assert (await call(browser, "PUT", "/v1/pages/chat", body=many)).status_code == 422


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://inbox.example"},
        {"Sec-Fetch-Site": "same-origin"},
        {"X-CSRF": "1"},
        {"X-CSRF": "0", "Origin": "https://inbox.example"},
        {"X-CSRF": "1", "Origin": "https://evil.example"},
        {"X-CSRF": "1", "Origin": "https://inbox.example.evil.example"},
        {"X-CSRF": "1", "Origin": "https://other.inbox.example"},
        {"X-CSRF": "1", "Origin": "https://inbox.example:444"},
        {"X-CSRF": "1", "Origin": "null"},
        {"X-CSRF": "1", "Origin": "https://inbox.example", "Sec-Fetch-Site": "cross-site"},
        {"X-CSRF": "1", "Origin": "https://inbox.example", "Sec-Fetch-Site": "same-site"},
        {"X-CSRF": "1", "Sec-Fetch-Site": "none"},
        {"X-CSRF": "1", "Origin": "http://["},
    ],
)
async def test_what_another_site_makes_a_browser_send_changes_nothing(
    browser: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    page = {"channel": "livechat", "name": "Chat"}
    for method, path, body in (
        ("PUT", "/v1/pages/chat", page),
        ("DELETE", "/v1/agents/lan", None),
        ("POST", "/v1/auth/refresh", None),
        ("POST", "/v1/auth/logout", None),
    ):
        answer = await call(browser, method, path, headers=headers, body=body)
        assert answer.status_code == 403, (method, path)
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert "`X-CSRF: 1`" in answer.json()["detail"]
        assert not cookies_of(answer)
    assert (await call(browser, "GET", "/v1/pages/chat", headers={})).status_code == 404


async def test_a_form_of_another_site_logs_nobody_in_or_out(browser: httpx.AsyncClient) -> None:
    form = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    answer = await browser.post("/v1/auth/logout", headers=form, data={"refresh_token": "x"})
    assert answer.status_code == 403
    browser.cookies.clear()
    answer = await browser.post("/v1/auth/login", headers={**form, **SESSION}, json=BODY)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"X-CSRF": "1", "Sec-Fetch-Site": "same-origin"},
        {"X-CSRF": "1", "Sec-Fetch-Site": "same-origin", "Origin": "https://behind.a.proxy"},
        {"X-CSRF": "1", "Origin": "https://INBOX.example"},
    ],
)
async def test_the_gateways_own_page_may_change_what_the_agent_may(
    browser: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    page = {"channel": "livechat", "name": "Chat"}
    answer = await call(browser, "PUT", "/v1/pages/chat", headers=headers, body=page)
    assert answer.status_code == 200


async def test_a_bearer_token_counts_and_not_the_session_beside_it(
    rig: Rig, boss: User, browser: httpx.AsyncClient
) -> None:
    lan = await rig.staff(boss, "lan")
    bearer = {"Authorization": f"Bearer {lan.token}"}
    assert (await browser.get("/v1/me", headers=bearer)).json()["agent_id"] == "lan"
    tag = await browser.put("/v1/me/preferences", headers=bearer, json={"theme": "dark"})
    assert tag.status_code == 200  # programs need no X-CSRF
    assert (await browser.get("/v1/me", headers={"Authorization": "Bearer x"})).status_code == 401
    assert (await browser.post("/v1/auth/refresh", headers=bearer)).status_code == 401
    assert (await browser.post("/v1/auth/logout", headers=bearer)).status_code == 204
    assert (await browser.get("/v1/me")).json()["agent_id"] == "admin"


async def test_no_cache_keeps_what_a_session_reads(boss: User, browser: httpx.AsyncClient) -> None:
    """Caches share no answer to a request with `Authorization`, and do not know our cookies."""
    for path in ("/v1/me", "/v1/agents", "/v1/nothing"):
        answer = await call(browser, "GET", path)
        assert answer.headers["Cache-Control"] == "no-store"
        bearer = {"Authorization": f"Bearer {boss.token}"}
        assert "Cache-Control" not in (await browser.get(path, headers=bearer)).headers


async def test_cookies_of_others_are_no_session(rig: Rig, boss: User) -> None:
    headers = {"Cookie": "theme=dark; tuyen_access=; sid"}
    answer = await rig.client.put("/v1/me/preferences", headers=headers, json={})
    assert answer.status_code == 401


async def test_a_session_is_renewed_by_its_refresh_token_once(
    browser: httpx.AsyncClient, clock: ManualClock
) -> None:
    first = browser.cookies["tuyen_refresh"]
    answer = await call(browser, "POST", "/v1/auth/refresh")
    assert (answer.status_code, answer.content) == (204, b"")
    second = browser.cookies["tuyen_refresh"]
    assert second != first
    assert cookies_of(answer).keys() == set(NAMES)
    assert (await call(browser, "GET", "/v1/me")).status_code == 200
    hold(browser, tuyen_refresh=first)
    clock.advance(timedelta(seconds=1))
    assert (await call(browser, "POST", "/v1/auth/refresh")).status_code == 401
    for path in ("/v1/me", "/v1/pages"):
        assert (await call(browser, "GET", path)).status_code == 401
    hold(browser, tuyen_refresh=second)
    assert (await call(browser, "POST", "/v1/auth/refresh")).status_code == 401


async def test_a_session_outlives_its_access_token(
    browser: httpx.AsyncClient,
) -> None:
    browser.cookies.delete("tuyen_access")
    assert (await call(browser, "GET", "/v1/me")).status_code == 401
    assert (await call(browser, "POST", "/v1/auth/refresh")).status_code == 204
    assert (await call(browser, "GET", "/v1/me")).status_code == 200


async def test_a_refresh_token_in_a_cookie_is_answered_in_cookies_alone(
    browser: httpx.AsyncClient,
) -> None:
    for headers in (OURS, {**OURS, **SESSION}):
        answer = await call(browser, "POST", "/v1/auth/refresh", headers=headers)
        assert (answer.status_code, answer.content) == (204, b"")
    given = {"refresh_token": "made.up.token"}
    assert (await call(browser, "POST", "/v1/auth/refresh", body=given)).status_code == 401


@pytest.mark.parametrize("without", [None, "tuyen_access", "tuyen_refresh"])
async def test_r8_1_logging_out_ends_the_session_its_presence_and_its_cookies(
    browser: httpx.AsyncClient, log: InMemoryLog, without: str | None
) -> None:
    async with presence_service(log):
        online = await call(browser, "PUT", "/v1/presence", body={"status": "online"})
        assert online.status_code == 200
        kept = dict(browser.cookies)
        if without is not None:
            browser.cookies.delete(without)
        answer = await call(browser, "POST", "/v1/auth/logout", headers={**OURS, **SESSION})
    assert answer.status_code == 204
    assert {name: one["value"] for name, one in cookies_of(answer).items()} == dict.fromkeys(
        NAMES, ""
    )
    assert not dict(browser.cookies)
    hold(browser, **kept)
    assert (await call(browser, "GET", "/v1/me")).status_code == 401
    assert (await call(browser, "POST", "/v1/auth/refresh")).status_code == 401
    signals = await events(log, PRESENCE_SIGNALS)
    statuses = [one.status for one in signals if isinstance(one, SessionSignalled)]
    assert statuses == [Presence.ONLINE, Presence.OFFLINE]


async def test_a_session_that_is_worth_nothing_any_more_can_be_left(
    browser: httpx.AsyncClient,
) -> None:
    hold(browser, **dict.fromkeys(NAMES, "made.up.token"))
    assert (await call(browser, "POST", "/v1/auth/logout")).status_code == 204
    assert not dict(browser.cookies)


@pytest.mark.parametrize("damaged", NAMES)
async def test_a_session_of_which_one_cookie_is_damaged_ends_all_the_same(
    browser: httpx.AsyncClient, damaged: str
) -> None:
    kept = dict(browser.cookies)
    hold(browser, **{**kept, damaged: "made.up.token"})
    assert (await call(browser, "POST", "/v1/auth/logout")).status_code == 204
    hold(browser, **kept)
    assert (await call(browser, "GET", "/v1/me")).status_code == 401
    assert (await call(browser, "POST", "/v1/auth/refresh")).status_code == 401


async def test_an_unknown_kind_of_session_is_refused(rig: Rig, boss: User) -> None:
    headers = {**OURS, "Origin": "http://gateway", "Tuyen-Session": "local-storage"}
    answer = await rig.client.post("/v1/auth/login", headers=headers, json=BODY)
    assert answer.status_code == 422
    assert not answer.cookies


async def test_no_token_of_a_session_is_in_a_log_or_a_problem(
    browser: httpx.AsyncClient, rig: Rig, log: InMemoryLog
) -> None:
    secrets = list(browser.cookies.values())
    with capture_logs() as logged:
        answers = [
            await call(browser, "GET", "/v1/nothing"),
            await call(browser, "POST", "/v1/organizations", body={}),
            await call(browser, "PUT", "/v1/pages/x", headers={}, body={}),
            await call(browser, "PUT", "/v1/pages/x", body={"channel": "carrier-pigeon"}),
        ]
    shown = json.dumps(logged, default=repr) + "".join(one.text for one in answers)
    assert {one.status_code for one in answers} <= {401, 403, 404, 422}
    for secret in secrets:
        assert secret not in shown


async def test_i11_a_session_reads_the_live_stream(desk: Rig, owner: User, feed: Feed) -> None:
    async with listening(desk, owner, by_cookie=True) as stream:
        thread = await feed.message("c", "Chào shop")
        await stream.until("message.upserted", lambda data: data["conversation_id"] == thread)
