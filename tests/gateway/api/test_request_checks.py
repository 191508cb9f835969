"""What is refused before any route sees it: texts that no store takes, bodies without end."""

import asyncio
import json
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi.exceptions import RequestValidationError
from starlette.types import Message

from gateway.rig import Rig, User
from tuyen_events.limits import (
    AGENTS,
    BODY_BYTES,
    BODY_ELEMENTS,
    BULK_IDS,
    CAPACITY,
    ID_CHARACTERS,
    LONG_BODY_BYTES,
    LONG_BODY_ELEMENTS,
    PAGES,
    STRANGERS_BODY_BYTES,
)
from tuyen_events.vocabulary import Capability
from tuyen_gateway.api.app import create_app
from tuyen_gateway.api.request_checks import RequestChecks
from tuyen_gateway.api.texts import find_unfit_field

JSON = {"Content-Type": "application/json"}
NUL, HALF = r"\u0000", r"\ud800"


async def send(user: User, method: str, path: str, body: str | bytes) -> httpx.Response:
    bearer = {} if user.token is None else {"Authorization": f"Bearer {user.token}"}
    return await user.client.request(method, path, content=body, headers={**JSON, **bearer})


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/conversations?q=%00", "query.q"),
        ("/v1/conversations/counts?tag=a%00b", "query.tag"),
        ("/v1/contacts?limit=1&q=x%00", "query.q"),
        ("/v1/agents?a%00=1", "query"),
        ("/v1/agents/%00", "path"),
        ("/livechat/%00/departments", "path"),
    ],
)
async def test_r9_5_nul_in_an_address_is_refused_with_its_place(
    boss: User, path: str, field: str
) -> None:
    answer = await boss.get(path)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


@pytest.mark.parametrize("bad", [NUL, HALF, r"\uDFFF", r"a\ud83db", r"\ude00\ud83d"])
@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/v1/conversations/bulk", '{"filter":{"q":"%s"},"set":{}}', "body.filter.q"),
        ("POST", "/v1/auth/refresh", '{"refresh_token":"%s"}', "body.refresh_token"),
        ("POST", "/v1/auth/login", '{"username":"u","password":"%s"}', "body.password"),
        ("PUT", "/v1/rules/r", '{"members":[{"agent_id":"%s"}]}', "body.members.0.agent_id"),
        ("PUT", "/v1/agents/a", '{"%s":1}', "body"),
        ("PUT", "/v1/agents/a", '"%s"', "body"),
    ],
)
async def test_r9_5_what_no_store_takes_is_refused_with_its_field(
    *, boss: User, method: str, path: str, body: str, field: str, bad: str
) -> None:
    answer = await send(boss, method, path, body % bad)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


@pytest.mark.parametrize(
    "body",
    [
        b'{"refresh_token":"\xed\xa0\x80"}',
        b'{"refresh_token":"\xed\xbf\xbf"}',
        '{"refresh_token":"\\u0000"}'.encode("utf-16"),
        '{"refresh_token":"\\ud800"}'.encode("utf-16-le"),
        '{"refresh_token":"\\u0000"}'.encode("utf-32"),
        '{"refresh_token":"\ud800"}'.encode("utf-16", "surrogatepass"),
    ],
)
async def test_r9_5_what_no_store_takes_is_found_however_it_is_written(
    boss: User, body: bytes
) -> None:
    """JSON's own reader takes half a surrogate pair that is not escaped, and UTF-16 and UTF-32."""
    answer = await send(boss, "POST", "/v1/auth/refresh", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body.refresh_token"


@pytest.mark.parametrize("name", ["Lan 😀", "Chủ", "\\u0000 as it is written", "\t"])
def test_every_text_that_can_be_stored_passes(name: str) -> None:
    for whole in (True, False):
        assert find_unfit_field(json.dumps({"name": name}, ensure_ascii=whole).encode()) is None


def test_what_is_no_json_is_left_to_whoever_reads_it() -> None:
    assert find_unfit_field(b"\\u0000") is None
    assert find_unfit_field(b"[" * 100_000 + b'"\\u0000"') is None
    assert find_unfit_field(b"\xff\\ud800") is None


def test_r9_5_a_body_is_searched_in_the_room_that_it_takes_itself() -> None:
    """The places of its fields, each written out, are thousands of times as long."""
    half = STRANGERS_BODY_BYTES // 2
    body = b'{"x":"\\ud83d\\ude00","%b":[0%b]}' % (b"a" * half, b",0" * (half // 2 - 20))
    assert len(body) <= STRANGERS_BODY_BYTES
    tracemalloc.start()
    assert find_unfit_field(body) is None
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100 * STRANGERS_BODY_BYTES


async def test_r9_5_what_a_caller_named_is_shortened_in_the_answer(boss: User) -> None:
    long = "b" * 8_000
    for method, path, body in (
        ("PUT", "/v1/settings", f'{{"{long}":"{NUL}"}}'),
        ("PUT", "/v1/settings", f'{{"😀{long}":["{NUL}"]}}'),
        ("PUT", "/v1/settings", f'{{"{long}":1}}'),
        ("GET", f"/v1/agents?{long}=%00", ""),
        ("GET", f"/v1/{long}", ""),
    ):
        answer = await send(boss, method, path, body)
        assert answer.status_code in {404, 422}
        assert len(answer.content) < 1_500
        assert all(len(one["field"]) <= 200 for one in answer.json().get("errors", ()))
    answer = await send(boss, "PUT", "/v1/settings", f'{{"c":{{"a":["{NUL}"]}}}}')
    assert answer.json()["errors"][0]["field"] == "body.c.a.0"


async def test_r9_5_a_stranger_sends_no_more_than_a_login_takes(rig: Rig, boss: User) -> None:
    long = json.dumps({"note": "x" * STRANGERS_BODY_BYTES})
    for path in ("/v1/auth/login", "/v1/auth/refresh"):
        assert (await send(rig.anybody, "POST", path, long)).status_code == 413
        assert (await send(boss, "POST", path, long)).status_code == 422
    for stranger in (rig.anybody, User(rig.client, "made.up.token")):
        answer = await send(stranger, "PUT", "/v1/agents/lan", long)
        assert answer.status_code == 401
        assert answer.headers["Connection"] == "close"


async def test_r9_5_whose_login_has_ended_is_a_stranger(rig: Rig, boss: User) -> None:
    lan = await rig.staff(boss, "lan")
    long = json.dumps({"note": "x" * STRANGERS_BODY_BYTES})
    assert (await send(lan, "PUT", "/v1/presence", long)).status_code == 422
    await boss.delete("/v1/agents/lan")
    assert (await send(lan, "PUT", "/v1/presence", long)).status_code == 401
    await rig.operator.done("PATCH", "/v1/organizations/shop", {"suspended": True})
    assert (await send(boss, "PUT", "/v1/settings", long)).status_code == 401
    assert (await send(rig.operator, "POST", "/v1/organizations", long)).status_code == 422


async def test_r9_5_a_body_is_as_long_as_its_route_may_need(boss: User) -> None:
    over = json.dumps({"x": "x" * BODY_BYTES})
    assert (await send(boss, "PUT", "/v1/settings", over)).status_code == 413
    ids = [f"{n:064}" for n in range(BULK_IDS)]
    body = json.dumps({"ids": ids, "set": {}})
    assert BODY_BYTES < len(body) < LONG_BODY_BYTES
    answer = await send(boss, "POST", "/v1/conversations/bulk", body)
    assert answer.json()["errors"][0]["field"] == "body.set"
    over = json.dumps({"x": "x" * LONG_BODY_BYTES})
    assert (await send(boss, "PUT", "/v1/rules/r", over)).status_code == 413


async def test_r9_5_a_body_names_as_much_as_its_route_may_need(boss: User) -> None:
    for body in ("[1" + ",1" * BODY_ELEMENTS, '{"a":' * (BODY_ELEMENTS + 1)):
        answer = await send(boss, "PUT", "/v1/settings", body)
        assert answer.status_code == 422
        assert str(BODY_ELEMENTS) in answer.json()["detail"]
    ids = [f"{number:0{ID_CHARACTERS}}" for number in range(PAGES)]
    member = {"capabilities": [each.value for each in Capability], "capacity": CAPACITY}
    members = [{"agent_id": one, **member} for one in ids[:AGENTS]]
    whole = {"name": "R", "enabled": True, "pages": ids, "members": members}
    answer = await boss.put("/v1/rules/r", whole)
    assert "There is no agent" in answer.json()["detail"]
    answer = await send(boss, "PUT", "/v1/rules/r", "{}," * LONG_BODY_ELEMENTS)
    assert str(LONG_BODY_ELEMENTS) in answer.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {f"{n:05}": 1 for n in range(LONG_BODY_ELEMENTS - 10)},
        {"name": "R", "members": [{str(n): 1 for n in range(20)}] * 1_400},
        {"name": "R", "pages": [1] * PAGES, "members": [{"agent_id": 1}] * AGENTS},
        {"set": {f"{n:05}": 1 for n in range(15_000)}, "ids": [1] * BULK_IDS},
    ],
)
async def test_r9_5_a_body_in_which_all_is_wrong_is_judged_by_its_beginning(
    boss: User, body: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each error is a dictionary or two, made on the loop that all callers share."""
    told: list[int] = []
    errors = RequestValidationError.errors

    def count(self: RequestValidationError) -> Any:
        found = errors(self)
        told.append(len(found))
        return found

    monkeypatch.setattr(RequestValidationError, "errors", count)
    path = "/v1/conversations/bulk" if "set" in body else "/v1/rules/r"
    answer = await send(boss, "PUT" if "rules" in path else "POST", path, json.dumps(body))
    assert answer.status_code == 422
    assert max(told) <= 100


async def test_r9_5_an_endless_body_is_read_no_further_than_its_bound(rig: Rig) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1024
            yield b"x" * 1024

    answer = await rig.client.put("/v1/agents/lan", content=endless(), headers=JSON)
    assert answer.status_code == 401
    assert taken <= STRANGERS_BODY_BYTES + 2048


async def test_r9_5_a_body_that_does_not_come_ends_with_408(rig: Rig) -> None:
    door = RequestChecks(create_app(rig.gateway), rig.gateway, within_s=0.05)
    answers: list[Message] = []

    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    async def note_sent(message: Message) -> None:
        answers.append(message)

    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/v1/auth/login",
        "query_string": b"",
        "headers": [(b"content-length", b"10")],
    }
    await door(scope, never, note_sent)
    assert answers[0]["status"] == 408


async def test_a_body_in_which_all_is_wrong_gets_a_short_answer(boss: User) -> None:
    body = {f"{n:05}" + "x" * 500: 1 for n in range(400)}
    answer = await boss.put("/v1/settings", body)
    assert answer.status_code == 422
    assert len(answer.content) < 20_000
