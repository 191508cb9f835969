"""Logging in: passwords, tokens, and what ends them."""

import asyncio
import base64
import json
import unicodedata
from datetime import timedelta
from typing import Literal

import httpx
import jwt
import pytest
from argon2 import PasswordHasher
from pydantic import SecretStr

from gateway.rig import QUICK_HASHER, START, Rig, User, records
from support.organizations import agent, directory_record
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.topics import CREDENTIALS, DIRECTORY
from tuyen_gateway.adapters.credentials import CredentialsTable
from tuyen_gateway.api.app import create_app
from tuyen_gateway.domain.login_throttle import FROM_STRANGE_PLACES
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog

Form = Literal["NFC", "NFD"]


def login_body(username: str, password: str, organization: str = "shop") -> dict[str, str]:
    return {"organization": organization, "username": username, "password": password}


async def test_login_gives_tokens_that_name_the_agent(rig: Rig, boss: User) -> None:
    answer = await rig.anybody.post("/v1/auth/login", login_body("BOSS", "boss-password"))
    assert answer.status_code == 200
    tokens = answer.json()
    assert tokens["token_type"] == "bearer"
    assert tokens["expires_in"] == 3600
    me = await User(rig.client, tokens["access_token"]).done("GET", "/v1/me")
    assert me["agent_id"] == "admin"
    assert me["organization"] == "shop"
    assert me["role"] == "system_admin"
    assert me["presence"] == "offline"  # logging in alone makes nobody online


@pytest.mark.parametrize(
    "wrong",
    [
        login_body("boss", "guess"),
        login_body("nobody", "boss-password"),
        login_body("boss", "boss-password", "elsewhere"),
        login_body("gone", "s3cret"),
        login_body("nopassword", "s3cret"),
    ],
    ids=["password", "username", "organization", "disabled", "without a password"],
)
async def test_a_wrong_login_does_not_say_what_is_wrong(
    rig: Rig, boss: User, wrong: dict[str, str]
) -> None:
    gone = {"name": "Gone", "username": "gone", "role": "agent"}
    await boss.done("PUT", "/v1/agents/gone", {**gone, "password": "s3cret", "disabled": True})
    other = {"name": "N", "username": "nopassword", "role": "agent"}
    await boss.done("PUT", "/v1/agents/nopassword", other)
    expected = await rig.anybody.post("/v1/auth/login", login_body("boss", "another guess"))
    answer = await rig.anybody.post("/v1/auth/login", wrong)
    assert answer.status_code == 401
    assert answer.content == expected.content
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_an_unknown_user_costs_as_much_as_a_wrong_password(
    rig: Rig, boss: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str | bytes] = []
    verify = PasswordHasher.verify

    def counted(hasher: PasswordHasher, hashed: str | bytes, password: str | bytes) -> bool:
        verified.append(hashed)
        return verify(hasher, hashed, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    await rig.anybody.post("/v1/auth/login", login_body("nobody", "x"))
    await rig.anybody.post("/v1/auth/login", login_body("boss", "x", "elsewhere"))
    assert len(verified) == 2


async def test_a_suspended_organization_lets_nobody_in(rig: Rig, boss: User) -> None:
    await rig.operator.done("PATCH", "/v1/organizations/shop", {"suspended": True})
    assert (await boss.get("/v1/me")).status_code == 403
    body = login_body("boss", "boss-password")
    assert (await rig.anybody.post("/v1/auth/login", body)).status_code == 403
    await rig.operator.done("PATCH", "/v1/organizations/shop", {"suspended": False})
    assert (await boss.get("/v1/me")).status_code == 200


@pytest.mark.parametrize("username", ["boss", "nobody"])
async def test_guessing_is_throttled_for_known_and_unknown_users_alike(
    rig: Rig, boss: User, clock: ManualClock, username: str
) -> None:
    for _ in range(5):
        answer = await rig.anybody.post("/v1/auth/login", login_body(username, "guess"))
        assert answer.status_code == 401
    answer = await rig.anybody.post("/v1/auth/login", login_body(username, "boss-password"))
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "1"
    clock.advance(timedelta(seconds=1))
    answer = await rig.anybody.post("/v1/auth/login", login_body(username, "guess"))
    assert answer.status_code == 401
    answer = await rig.anybody.post("/v1/auth/login", login_body(username, "guess"))
    assert answer.headers["Retry-After"] == "2"


async def test_a_right_password_after_the_wait_is_let_in_and_forgets_the_wrong_ones(
    rig: Rig, boss: User, clock: ManualClock
) -> None:
    for _ in range(5):
        await rig.anybody.post("/v1/auth/login", login_body("boss", "guess"))
    clock.advance(timedelta(seconds=1))
    right = login_body("boss", "boss-password")
    assert (await rig.anybody.post("/v1/auth/login", right)).status_code == 200
    for _ in range(5):
        answer = await rig.anybody.post("/v1/auth/login", login_body("boss", "guess"))
        assert answer.status_code == 401


async def test_tokens_end_with_their_time(rig: Rig, boss: User, clock: ManualClock) -> None:
    clock.advance(timedelta(seconds=3599))
    assert (await boss.get("/v1/me")).status_code == 200
    clock.advance(timedelta(seconds=1))
    answer = await boss.get("/v1/me")
    assert answer.status_code == 401
    assert "ended" in answer.json()["detail"]


async def test_a_refresh_token_gives_a_new_one_of_the_same_session(
    rig: Rig, boss: User, clock: ManualClock
) -> None:
    body = login_body("boss", "boss-password")
    tokens = await rig.anybody.done("POST", "/v1/auth/login", body)
    clock.advance(timedelta(days=1))
    refresh = {"refresh_token": tokens["refresh_token"]}
    renewed = await rig.anybody.done("POST", "/v1/auth/refresh", refresh)
    user = User(rig.client, renewed["access_token"])
    assert (await user.get("/v1/me")).status_code == 200
    before, after = claims(tokens["access_token"]), claims(renewed["access_token"])
    assert before["sid"] == after["sid"]
    assert before["jti"] != after["jti"]


async def test_access_and_refresh_tokens_do_not_replace_one_another(rig: Rig, boss: User) -> None:
    body = login_body("boss", "boss-password")
    tokens = await rig.anybody.done("POST", "/v1/auth/login", body)
    assert (await User(rig.client, tokens["refresh_token"]).get("/v1/me")).status_code == 401
    refresh = {"refresh_token": tokens["access_token"]}
    assert (await rig.anybody.post("/v1/auth/refresh", refresh)).status_code == 401


async def test_a_token_that_we_did_not_sign_is_refused(rig: Rig, boss: User) -> None:
    assert boss.token is not None
    own = claims(boss.token)
    header, payload, signature = boss.token.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    forged = base64.urlsafe_b64encode(json.dumps({**own, "sub": "lan"}).encode()).decode()
    for token in (
        jwt.encode(own, "another key of thirty-two bytes.", algorithm="HS256"),
        f"{none}.{payload}.",
        f"{header}.{forged.rstrip('=')}.{signature}",
        jwt.encode({"sub": "admin", "org": "shop"}, "k" * 32, algorithm="HS256"),
        "nonsense",
    ):
        assert (await User(rig.client, token).get("/v1/me")).status_code == 401
    assert (await rig.anybody.get("/v1/me")).status_code == 401


async def test_a_new_password_ends_all_tokens(rig: Rig, boss: User) -> None:
    lan = await rig.staff(boss, "lan")
    body = {"name": "Lan", "username": "lan", "role": "agent"}
    await boss.done("PUT", "/v1/agents/lan", body)
    assert (await lan.get("/v1/me")).status_code == 200  # left out, the password stays
    await boss.done("PUT", "/v1/agents/lan", {**body, "password": "s3cret"})
    assert (await lan.get("/v1/me")).status_code == 200  # the same again is no new one
    await boss.done("PUT", "/v1/agents/lan", {**body, "password": "another"})
    assert (await lan.get("/v1/me")).status_code == 401
    await rig.login("shop", "lan", "another")
    answer = await rig.anybody.post("/v1/auth/login", login_body("lan", "s3cret"))
    assert answer.status_code == 401


async def test_r7_4_a_role_and_a_disabling_count_from_the_next_request(
    rig: Rig, boss: User
) -> None:
    lan = await rig.staff(boss, "lan")
    body = {"name": "Lan", "username": "lan", "role": "chain_manager"}
    assert (await lan.get("/v1/rules")).status_code == 403
    await boss.done("PUT", "/v1/agents/lan", body)
    assert (await lan.get("/v1/rules")).status_code == 200
    await boss.done("PUT", "/v1/agents/lan", {**body, "disabled": True})
    assert (await lan.get("/v1/rules")).status_code == 401
    await boss.done("PUT", "/v1/agents/lan", body)
    assert (await lan.get("/v1/rules")).status_code == 200
    await boss.done("DELETE", "/v1/agents/lan")
    assert (await lan.get("/v1/rules")).status_code == 401


async def test_a_token_of_one_organization_is_nobody_in_another(rig: Rig, boss: User) -> None:
    other = await rig.organization("other")
    await rig.staff(boss, "lan")
    assert (await other.get("/v1/agents/lan")).status_code == 404
    answer = await rig.anybody.post("/v1/auth/login", login_body("lan", "s3cret", "other"))
    assert answer.status_code == 401


async def test_passwords_are_hashed_in_their_own_topic_and_nowhere_else(
    rig: Rig, boss: User, log: InMemoryLog, capsys: pytest.CaptureFixture[str]
) -> None:
    body = {"name": "Lan", "username": "lan", "role": "agent", "password": "pässword-of-lan"}
    answers = [await boss.put("/v1/agents/lan", body), await boss.get("/v1/agents/lan")]
    answers.append(await boss.put("/v1/agents/lan", {**body, "role": "wrong"}))
    assert answers[-1].status_code == 422
    secret = "pässword-of-lan"
    assert all(secret not in answer.text for answer in answers)
    stored = await records(log, DIRECTORY)
    assert all(secret not in str(record.value) for record in stored)
    assert all(b"argon2" not in (record.value or b"") for record in stored)
    kept = [record for record in await records(log, CREDENTIALS) if record.key == b"shop/lan"]
    assert b"$argon2id$" in (kept[0].value or b"")
    assert secret.encode() not in (kept[0].value or b"")
    captured = capsys.readouterr()
    assert secret not in captured.out + captured.err


def claims(token: str) -> dict[str, object]:
    return jwt.decode(token, options={"verify_signature": False})


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("typed", ["NFC", "NFD"])
async def test_a_login_does_not_depend_on_how_letters_are_composed(
    rig: Rig, boss: User, form: Form, typed: Form
) -> None:
    body = {
        "name": "Chủ",
        "username": unicodedata.normalize(form, "chủ"),
        "password": unicodedata.normalize(form, "mật khẩu"),
        "role": "agent",
    }
    await boss.done("PUT", "/v1/agents/chu", body)
    await rig.login(
        "shop", unicodedata.normalize(typed, "Chủ"), unicodedata.normalize(typed, "mật khẩu")
    )
    clash = {"name": "Other", "username": unicodedata.normalize(typed, "CHỦ"), "role": "agent"}
    assert (await boss.put("/v1/agents/other", clash)).status_code == 409


@pytest.mark.parametrize("hashed", ["NFC", "NFD"])
@pytest.mark.parametrize("typed", ["NFC", "NFD"])
async def test_a_password_of_earlier_days_stays_right_however_it_was_composed(
    rig: Rig, boss: User, log: InMemoryLog, hashed: Form, typed: Form
) -> None:
    password = unicodedata.normalize(hashed, "mật khẩu")
    value = json.dumps({"hash": QUICK_HASHER.hash(password), "stamp": "s"}).encode()
    at = await log.append_bytes(CREDENTIALS, "shop/admin", value)
    await rig.gateway.credentials.table.wait_until_folded(at)
    await rig.login("shop", "boss", unicodedata.normalize(typed, "mật khẩu"))


async def test_two_agents_of_earlier_days_whose_names_differ_in_spelling_both_log_in(
    rig: Rig, boss: User, log: InMemoryLog
) -> None:
    names = {"a": "chủ", "b": unicodedata.normalize("NFD", "chủ")}
    for name, username in names.items():
        change = agent(name, username=username)
        at = await log.append(DIRECTORY, *directory_record(change))
        await rig.gateway.directory.table.wait_until_folded(at)
        await rig.gateway.credentials.set(
            change.organization, change.id, SecretStr("s3cret"), by=None, at=START
        )
    for name, username in names.items():
        user = await rig.login("shop", username, "s3cret")
        assert (await user.done("GET", "/v1/me"))["agent_id"] == name


async def test_r9_5_guesses_from_elsewhere_do_not_lock_the_owner_out(rig: Rig, boss: User) -> None:
    app = create_app(rig.gateway)
    for place in range(FROM_STRANGE_PLACES.free):
        transport = httpx.ASGITransport(app, client=(f"203.0.113.{place}", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as stranger:
            body = login_body("boss", "guess")
            await stranger.post("/v1/auth/login", json=body)
            await stranger.post(
                "/v1/auth/login", json=body, headers={"X-Forwarded-For": "127.0.0.1"}
            )
    await rig.login("shop", "boss", "boss-password")


class SlowHasher(PasswordHasher):
    """Knows no password, and remembers in which order it hashed."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.hashed: list[str | bytes] = []

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.hashed.append(password)
        return super().hash(password, salt=salt)


async def test_r9_5_an_organization_that_sets_many_passwords_holds_up_no_other(
    log: InMemoryLog,
) -> None:
    hasher = SlowHasher()
    credentials = CredentialsTable(log, hasher)
    running = asyncio.create_task(credentials.table.run())
    hasher.hashed.clear()
    many = [
        asyncio.create_task(
            credentials.set(OrganizationId("a"), AgentId(str(n)), SecretStr("a"), by=None, at=START)
        )
        for n in range(30)
    ]
    await asyncio.sleep(0)
    await credentials.set(OrganizationId("b"), AgentId("one"), SecretStr("b"), by=None, at=START)
    assert hasher.hashed.index("b") < 10
    await asyncio.gather(*many)
    running.cancel()
