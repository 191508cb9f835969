"""Every error is a problem that says what to do (RFC 9457)."""

import httpx
import pytest
from pymongo.errors import ExecutionTimeout, ServerSelectionTimeoutError

from gateway.rig import Rig, User
from tuyen_gateway.adapters.views import MongoViews
from tuyen_gateway.api import problems
from tuyen_gateway.api.app import create_app
from tuyen_gateway.api.problems import MEDIA_TYPE
from tuyen_gateway.errors import GatewayError, MergedError
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import LogUnavailableError, RecordTooLargeError


def problem(answer: httpx.Response, status: int) -> dict[str, object]:
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    body: dict[str, object] = answer.json()
    assert body["status"] == status
    assert body["type"] == "about:blank"
    assert isinstance(body["title"], str)
    assert isinstance(body["detail"], str)
    return body


async def test_errors_of_the_frame_are_problems_too(rig: Rig, boss: User) -> None:
    problem(await boss.get("/v1/nothing"), 404)
    problem(await boss.get("/nothing"), 404)
    wrong_method = await boss.post("/v1/me")
    problem(wrong_method, 405)
    assert wrong_method.headers["Allow"] == "GET"
    problem(await rig.anybody.get("/v1/me"), 401)


async def test_a_body_that_is_no_json_is_refused_with_its_reason(rig: Rig) -> None:
    answer = await rig.client.post(
        "/v1/auth/login", content=b"{", headers={"Content-Type": "application/json"}
    )
    assert problem(answer, 400)["detail"] == "The body is no JSON."


async def test_a_wrong_field_is_named_and_its_value_is_not_repeated(rig: Rig) -> None:
    body = {"organization": "shop", "username": "lan", "password": {"s3cret": 1}, "extra": "s3cret"}
    answer = await rig.anybody.post("/v1/auth/login", body)
    fields = problem(answer, 422)["errors"]
    assert isinstance(fields, list)
    assert [one["field"] for one in fields] == ["body.password", "body.extra"]
    assert "s3cret" not in answer.text


@pytest.mark.parametrize(
    ("path", "body", "place"),
    [
        ("/v1/agents/boss/handover", {"to": "nobody"}, "body.to"),
        ("/v1/conversations/bulk", {"set": {"done": True}}, "body"),
        ("/v1/conversations/bulk", {"ids": ["a"], "set": {}}, "body.set"),
        (
            "/v1/conversations/bulk",
            {"ids": ["a"], "set": {"assignee": "nobody"}},
            "body.set.assignee",
        ),
    ],
)
async def test_a_field_that_the_domain_refuses_is_named_by_its_place_in_the_request(
    boss: User, path: str, body: object, place: str
) -> None:
    await boss.done("PUT", "/v1/settings", {"assignment": True})
    (error,) = (await boss.post(path, body)).json()["errors"]
    assert error["field"] == place


async def test_a_version_that_cannot_be_read_is_named_by_its_header(boss: User) -> None:
    path = "/v1/conversations/msg_a/assignee"
    answer = await boss.put(path, {"agent_id": None}, {"If-Match": "3"})
    (error,) = answer.json()["errors"]
    assert error["field"] == "header.if-match"


@pytest.mark.parametrize("path", ["/v1/agents/a%20b", f"/v1/agents/{'x' * 65}", "/v1/pages/%C3%A9"])
async def test_ids_are_what_callers_may_choose(boss: User, path: str) -> None:
    problem(await boss.get(path), 422)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "cursor=*", "cursor=%FF", "after=-1", "after=x"]
)
async def test_wrong_queries_are_refused(boss: User, query: str) -> None:
    fields = problem(await boss.get(f"/v1/agents?{query}"), 422)["errors"]
    assert isinstance(fields, list)
    assert fields[0]["field"] == f"query.{query.partition('=')[0]}"


@pytest.mark.parametrize(
    "error", [LogUnavailableError("gone"), ServerSelectionTimeoutError("gone at 10.1.1.1")]
)
async def test_a_server_that_is_unavailable_is_503_without_its_address(
    rig: Rig, boss: User, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(log, "append_all", fail)
    answer = await boss.put("/v1/settings", {"assignment": True})
    problem(answer, 503)
    assert "gone" not in answer.text


async def test_r9_5_a_question_that_takes_too_long_is_503_and_says_what_to_do(
    rig: Rig, boss: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise ExecutionTimeout("operation exceeded time limit", 50)

    monkeypatch.setattr(MongoViews, "head", fail)
    answer = await boss.get("/v1/conversations?q=a")
    assert "ask for less" in str(problem(answer, 503)["detail"])


async def test_r9_5_what_the_log_does_not_take_is_422(
    rig: Rig, boss: User, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RecordTooLargeError("directory: a record of 2000000 bytes")

    monkeypatch.setattr(log, "append_all", fail)
    problem(await boss.put("/v1/settings", {"assignment": True}), 422)


async def test_a_mistake_of_ours_is_a_problem_without_its_inside(
    rig: Rig, boss: User, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("inside")

    monkeypatch.setattr(log, "append_all", fail)
    transport = httpx.ASGITransport(create_app(rig.gateway), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        answer = await User(client, boss.token).put("/v1/settings", {"assignment": True})
    problem(answer, 500)
    assert "inside" not in answer.text


async def test_a_version_that_was_never_written_is_503(
    rig: Rig, boss: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = rig.gateway.directory.table
    folded = table.wait_until_folded
    monkeypatch.setattr(table, "wait_until_folded", lambda at: folded(at, 0.01))
    answer = await boss.get("/v1/agents?after=9000000000000000")
    assert "9000000000000000" in str(problem(answer, 503)["detail"])


def test_every_error_of_ours_has_a_status() -> None:
    def leaves(error: type[GatewayError]) -> set[type[GatewayError]]:
        children = error.__subclasses__()
        return set().union(*(leaves(child) for child in children)) if children else {error}

    # A contact that was merged is answered by a redirect.
    assert leaves(GatewayError) == {*problems._STATUS, MergedError}
